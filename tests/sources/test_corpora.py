"""Splits depend on the sentence alone."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench_models.errors import BenchModelsError
from bench_models.sources.corpora import LocalSentences, Sentence, normalised, sampled, split_corpus, split_of

LABELS = ("bad", "good")


def _sentences(count: int) -> list[Sentence]:
    return [Sentence(text=f"Sentence number {number}", label=number // 2 % 2) for number in range(count)]


def test_splits_have_about_the_shares_asked_for() -> None:
    """10,072 sentences give about 7,072 / 1,000 / 2,000."""
    corpus = split_corpus(LABELS, _sentences(10_072), name="numbers")

    assert len(corpus.train) == pytest.approx(7072, abs=120)
    assert len(corpus.validation) == pytest.approx(1000, abs=90)
    assert len(corpus.test) == pytest.approx(2000, abs=120)


def test_no_sentence_stands_in_two_splits() -> None:
    """Not even one that differs in case, spacing and punctuation."""
    twins = [Sentence(text=f"  {s.text.upper()} !", label=s.label) for s in _sentences(500)]
    corpus = split_corpus(LABELS, [*_sentences(500), *twins], name="numbers")

    texts = [normalised(s.text) for split in (corpus.train, corpus.validation, corpus.test) for s in split]
    assert len(texts) == len(set(texts)) == 500


@given(st.lists(st.from_regex(r"[a-z]{1,8}", fullmatch=True), min_size=1, max_size=9))
def test_layout_never_moves_a_sentence(words: list[str]) -> None:
    """Case, spacing and punctuation do not decide the split."""
    plain, decorated = " ".join(words), f"  {',  '.join(words).upper()} !"

    assert split_of(normalised(plain)) == split_of(normalised(decorated))


def test_texts_without_words_are_different_texts() -> None:
    """Two emoticons are not one sentence."""
    assert normalised(":)") != normalised(":(")


def test_other_sentences_never_move_a_sentence() -> None:
    """A corpus that grows keeps its test sentences."""
    small = split_corpus(LABELS, _sentences(300), name="numbers")
    large = split_corpus(LABELS, _sentences(3000), name="numbers")

    assert set(small.test) <= set(large.test)
    assert set(small.validation) <= set(large.validation)


def test_digest_changes_with_a_label() -> None:
    """One other label is another corpus."""
    sentences = _sentences(300)
    changed = [Sentence(text=sentences[0].text, label=1), *sentences[1:]]

    first, again, other = (split_corpus(LABELS, each, name="n").digest for each in (sentences, sentences, changed))
    assert first == again
    assert first != other


def test_corpus_becomes_a_dataset() -> None:
    """A split is a Hugging Face dataset with text, label and the labels' names."""
    corpus = split_corpus(LABELS, _sentences(300), name="numbers")
    dataset = corpus.dataset("test")

    assert [s.text for s in corpus.test] == dataset["text"][:]
    assert dataset.features["label"].names == ["bad", "good"]


def test_split_without_two_labels_is_refused() -> None:
    """Accuracy on one label means nothing."""
    with pytest.raises(BenchModelsError, match=r"split of numbers has .* do not cover two labels"):
        split_corpus(LABELS, [Sentence(text=str(number), label=0) for number in range(100)], name="numbers")


@pytest.mark.parametrize(("row", "what"), [("fine,", "label"), ("fine", "label"), (" ,good", "text")])
def test_row_with_a_gap_is_named(tmp_path: Path, row: str, what: str) -> None:
    """A missing label is no label of its own."""
    file = tmp_path / "reviews.csv"
    file.write_text(f"text,label\nbad film,bad\n{row}\n", encoding="utf-8")
    with pytest.raises(BenchModelsError, match=rf"reviews\.csv, row 2 has no {what}"):
        LocalSentences(path=file).load(tmp_path)


def test_missing_file_is_named(tmp_path: Path) -> None:
    """It does not exist, rather than being no CSV file."""
    with pytest.raises(BenchModelsError, match=r"there is no file .*absent\.csv"):
        LocalSentences(path=tmp_path / "absent.csv").load(tmp_path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("review,stars\nfine,4\n", "has no column text and label: it has review, stars, and its first line"),
        ("text,stars\nfine,4\n", "has no column label: it has text, stars, and its first line"),
        ("", "is empty: give a CSV file"),
        ("text,label\n", "has no rows below the names of its columns"),
        ("text,label\n" + "".join(f"film {number},positive\n" for number in range(241)), "all 241 have the label 'pos"),
        ("text,label\nfine,good\n", "its only row has the label 'good'"),
        ("text,label\n" + "x" * 140_000 + ",good\n", "cannot be read as a CSV file in UTF-8"),
    ],
    ids=["other-columns", "no-label", "empty", "header", "one-label", "one-row", "field-too-long"],
)
def test_file_that_is_no_corpus_is_refused_for_what_it_is(tmp_path: Path, content: str, said: str) -> None:
    """The sentence names the file, and what was found in it."""
    file = tmp_path / "reviews.csv"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(BenchModelsError, match=rf"reviews\.csv:? {said}"):
        LocalSentences(path=file).load(tmp_path)


def test_file_in_other_letters_is_refused(tmp_path: Path) -> None:
    """Latin-1 is not guessed."""
    file = tmp_path / "reviews.csv"
    file.write_bytes("text,label\ncaf\u00e9,good\n".encode("latin-1"))
    with pytest.raises(BenchModelsError, match=r"cannot be read as a CSV file in UTF-8 .*can't decode byte"):
        LocalSentences(path=file).load(tmp_path)


def test_spreadsheets_mark_in_front_is_no_part_of_a_name(tmp_path: Path) -> None:
    """Excel's "CSV UTF-8" begins with a byte-order mark; and a path may be given as text."""
    file = tmp_path / "reviews.csv"
    rows = "".join(f"film {number},{'good' if number % 2 else 'bad'}\n" for number in range(200))
    file.write_text(f"text,label\n{rows}", encoding="utf-8")
    plain = LocalSentences(path=file).load(tmp_path)
    file.write_text(f"text,label\n{rows}", encoding="utf-8-sig")
    marked = LocalSentences(path=str(file))  # type: ignore[arg-type]  # what a user may well write
    assert marked.load(tmp_path) == plain
    assert str(marked) == str(file)


def test_unlabelled_texts_are_chosen_by_their_words_and_stand_in_no_split() -> None:
    """In whatever order they come, and however they are spelt; more of them keep those that were chosen."""
    corpus = split_corpus(LABELS, _sentences(300), name="numbers")
    others = [f"A tweet about {number}" for number in range(500)]
    chosen = sampled([*others, "SENTENCE  number 7!"], 40, apart_from=corpus)

    assert len(set(chosen)) == 40
    assert set(chosen) <= set(others)
    assert chosen == sampled(reversed(others), 40, apart_from=corpus)
    assert chosen == sampled(others, 60, apart_from=corpus)[:40]
    assert sampled(["sentence NUMBER 7"], 40, apart_from=corpus) == ()


def test_unlabelled_texts_change_no_key_of_weights() -> None:
    """Nothing is trained on them: their digest is their own."""
    corpus = split_corpus(LABELS, _sentences(300), name="numbers")
    more = replace(corpus, unlabelled=("A tweet",))

    assert more.digest == corpus.digest
    assert more.unlabelled_digest != corpus.unlabelled_digest
