"""Made-up sentences: how much of them is masked, and what they are put together from."""

from collections.abc import Sequence

import pytest

from bench_models.recipes.distill import augment

FIRST, LAST, MASK = 1, 2, 3
COPIES = 500

# Twelve sentences of 5 to 16 words, none of which has a word of another.
SENTENCES = [[1000 * number + place for place in range(4 + number)] for number in range(1, 13)]


@pytest.fixture(scope="module")
def made() -> list[tuple[list[int], list[int]]]:
    """Return each made-up sentence behind the one that it was made of, both without special tokens."""
    rows = augment([[FIRST, *words, LAST] for words in SENTENCES], COPIES, mask_id=MASK, seed=0, max_tokens=128)
    assert all((row[0], row[-1]) == (FIRST, LAST) for row in rows)
    return list(zip(SENTENCES * COPIES, [row[1:-1] for row in rows], strict=True))


def test_a_tenth_of_the_words_is_masked(made: list[tuple[list[int], list[int]]]) -> None:
    """Over thousands of words: the first of a sentence, the last, and those between."""
    firsts, lasts = [words[0] for _, words in made], [words[-1] for _, words in made]
    between = [word for _, words in made for word in words[1:-1]]
    assert [part.count(MASK) / len(part) for part in (firsts, lasts, between)] == pytest.approx([0.1] * 3, abs=0.02)


def test_made_up_sentence_begins_as_its_own_and_ends_as_any(made: list[tuple[list[int], list[int]]]) -> None:
    """But for masks, it is a prefix of the sentence it was made of and then a suffix of one of them."""
    for own, words in made:
        assert any(_alike(words[:cut], own[:cut]) and _is_an_end(words[cut:]) for cut in range(len(words) + 1)), words


def test_pieces_of_unlike_sentences_are_put_together(made: list[tuple[list[int], list[int]]]) -> None:
    """In most made-up sentences, and with every other sentence."""
    pairs = [_numbers(words) for _, words in made]
    unlike = [pair for pair in pairs if len(pair) == 2]
    assert len(unlike) > len(made) / 2
    assert len(set(unlike)) == len(SENTENCES) * (len(SENTENCES) - 1)


def test_pieces_are_of_any_length(made: list[tuple[list[int], list[int]]]) -> None:
    """At each word of a sentence, some beginning stops and some end starts, each regardless of the other."""
    longest = SENTENCES[-1]
    stops = {max(set(words) & set(longest), default=None) for own, words in made if own == longest}
    starts = {min(set(words) & set(longest), default=None) for own, words in made if own != longest}
    assert stops - {None} == starts - {None} == set(longest)
    assert len({len(words) for _, words in made if _numbers(words) == (11, 12)}) > len(longest) / 2


def _alike(words: Sequence[int], others: Sequence[int]) -> bool:
    """Return whether words are others, but for masks."""
    return len(words) == len(others) and all(word in {MASK, other} for word, other in zip(words, others, strict=True))


def _is_an_end(words: Sequence[int]) -> bool:
    return not words or any(_alike(words, sentence[-len(words) :]) for sentence in SENTENCES)


def _numbers(words: Sequence[int]) -> tuple[int, ...]:
    """Return which sentences words are from, in order."""
    return tuple(dict.fromkeys(word // 1000 for word in words if word != MASK))
