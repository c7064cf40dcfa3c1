"""Labelled sentences in three splits; a hash of its words decides the split of a sentence."""

import csv
import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from bench_models.errors import BenchModelsError
from bench_models.sources.archives import PinnedArchive, read_member

if TYPE_CHECKING:
    from datasets import Dataset

SPLITS = ("train", "validation", "test")

# Shares that give about 7,072 / 1,000 / 2,000 of the 10,072 Rotten Tomatoes sentences. Every budget is judged by the
# test split, and what 1,000 sentences can tell is coarser than what a compressed model usually loses.
TEST_SHARE = 2000 / 10072
VALIDATION_SHARE = 1000 / 10072


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A text and the index of its label."""

    text: str
    label: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """Sentences in three splits; no sentence stands in two of them.

    ``unlabelled`` are texts of other domains, in no split: whether two models answer them alike needs no labels.
    """

    labels: tuple[str, ...]
    train: tuple[Sentence, ...]
    validation: tuple[Sentence, ...]
    test: tuple[Sentence, ...]
    unlabelled: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """The SHA-256 of every split, sentence and label: all that training may see."""
        content = [self.labels, *([(s.text, s.label) for s in getattr(self, split)] for split in SPLITS)]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()

    @property
    def unlabelled_digest(self) -> str:
        """The SHA-256 of the texts without labels, apart from the other one: no weights depend on them."""
        return hashlib.sha256(json.dumps(self.unlabelled).encode()).hexdigest()

    def dataset(self, split: str) -> "Dataset":
        """Return a split as a Hugging Face dataset with the columns ``text`` and ``label``."""
        from datasets import ClassLabel, Dataset, Features, Value

        sentences: tuple[Sentence, ...] = getattr(self, split)
        features = Features({"text": Value("string"), "label": ClassLabel(names=list(self.labels))})
        columns = {"text": [s.text for s in sentences], "label": [s.label for s in sentences]}
        return Dataset.from_dict(columns, features=features)


class CorpusSource(Protocol):
    """A place that sentences come from."""

    def load(self, home: Path) -> Corpus:
        """Read the corpus; downloads what is not below ``home`` yet."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedCorpus:
    """A corpus that was read before, once for all processes: from its archives it takes as long as a model does."""

    corpus: Corpus

    def load(self, home: Path) -> Corpus:  # noqa: ARG002  # as every source of sentences
        """Return it."""
        return self.corpus


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedRatings:
    """Rated sentences in an archive: a table of id, mean rating and text, separated by tabs.

    The label is the rating's sign. Sentences rated nearer to zero than ``neutral_below`` are left
    out: people did not agree on what they say.

    ``other_domains`` are tables beside that one whose sentences serve without their ratings: ``unlabelled`` of them,
    chosen by hash.
    """

    archive: PinnedArchive
    members: tuple[str, ...]
    encoding: str
    neutral_below: float
    other_domains: tuple[str, ...] = ()
    unlabelled: int = 0

    def load(self, home: Path) -> Corpus:
        """Read the tables straight out of the archive."""
        archive = self.archive.fetch(home)
        *_, table = self.members
        sentences = (
            Sentence(text=snippet, label=int(rating > 0))
            for rating, snippet in self._rated(archive, table)
            if abs(rating) >= self.neutral_below
        )
        corpus = split_corpus(("negative", "positive"), sentences, name=self.archive.requirement)
        others = [text for other in self.other_domains for _, text in self._rated(archive, other)]
        return replace(corpus, unlabelled=sampled(others, self.unlabelled, apart_from=corpus))

    def _rated(self, archive: Path, table: str) -> list[tuple[float, str]]:
        text = read_member(archive, *self.members[:-1], table).decode(self.encoding)
        rows = (line.split("\t", 2) for line in text.split("\n") if line)
        return [(float(rating), snippet.strip()) for _, rating, snippet in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalSentences:
    """A CSV file of this machine with the columns ``text`` and ``label``."""

    path: Path

    def __post_init__(self) -> None:
        """Take a path as text, too."""
        object.__setattr__(self, "path", Path(self.path))

    def __str__(self) -> str:
        """Return the file."""
        return str(self.path)

    def load(self, home: Path) -> Corpus:  # noqa: ARG002  # the protocol's signature; a local file needs no cache
        """Read the file; labels are numbered in alphabetical order."""
        if not self.path.is_file():
            raise BenchModelsError(f"there is no file {self.path}: give a CSV file with the columns text and label")
        rows = self._rows()
        for number, (text, label) in enumerate(rows, start=1):
            if not text.strip() or not label.strip():
                raise BenchModelsError(
                    f"{self.path}, row {number} has no {'label' if text.strip() else 'text'}: fill it in"
                )
        labels = tuple(sorted({label for _, label in rows}))
        if len(labels) < 2:  # noqa: PLR2004  # a choice needs two labels
            raise BenchModelsError(f"{self.path}: {_one_label(rows)}; give sentences of another label too")
        sentences = (Sentence(text=text, label=labels.index(label)) for text, label in rows)
        return split_corpus(labels, sentences, name=str(self.path))

    def _rows(self) -> list[tuple[str, str]]:
        try:
            # Spreadsheets put a mark in front of UTF-8, which would be a part of the first column's name.
            with self.path.open(encoding="utf-8-sig", newline="") as file:
                reader = csv.DictReader(file, restval="")
                columns = reader.fieldnames or ()
                rows = list(reader) if {"text", "label"} <= set(columns) else []
        except (OSError, ValueError, csv.Error) as error:
            raise BenchModelsError(
                f"{self.path} cannot be read as a CSV file in UTF-8 with the columns text and label: {error}"
            ) from error
        if not columns:
            raise BenchModelsError(f"{self.path} is empty: give a CSV file with the columns text and label")
        missing = [name for name in ("text", "label") if name not in columns]
        if missing:
            raise BenchModelsError(
                f"{self.path} has no column {' and '.join(missing)}: it has {', '.join(columns)}, and its first line "
                "must name the columns text and label"
            )
        if not rows:
            raise BenchModelsError(f"{self.path} has no rows below the names of its columns: give sentences")
        return [(row["text"], row["label"]) for row in rows]


def _one_label(rows: Sequence[tuple[str, str]]) -> str:
    number, label = len(rows), rows[0][1]
    return f"all {number:,} have the label {label!r}" if number > 1 else f"its only row has the label {label!r}"


def split_corpus(labels: tuple[str, ...], sentences: Iterable[Sentence], *, name: str) -> Corpus:
    """Drop repeated sentences (the first one stays) and put each of the others in its split."""
    splits: dict[str, list[Sentence]] = {split: [] for split in SPLITS}
    for text, sentence in _unique(sentences).items():
        splits[split_of(text)].append(sentence)
    return _corpus(labels, splits, name)


def given_split(labels: tuple[str, ...], train: Iterable[Sentence], test: Sequence[Sentence], *, name: str) -> Corpus:
    """Keep a test split that is given, and cut validation out of the rest; the same words stand in one split only."""
    held_out = {normalised(sentence.text) for sentence in test}
    splits: dict[str, list[Sentence]] = {"train": [], "validation": [], "test": list(test)}
    for text, sentence in _unique(train).items():
        if text not in held_out:
            splits["validation" if split_of(text) == "validation" else "train"].append(sentence)
    return _corpus(labels, splits, name)


def _unique(sentences: Iterable[Sentence]) -> dict[str, Sentence]:
    """Return the first sentence of each wording, under what it is without case, spacing and punctuation."""
    unique: dict[str, Sentence] = {}
    for sentence in sentences:
        unique.setdefault(normalised(sentence.text), sentence)
    return unique


def _corpus(labels: tuple[str, ...], splits: dict[str, list[Sentence]], name: str) -> Corpus:
    for split, members in splits.items():
        if len({member.label for member in members}) < 2:  # noqa: PLR2004  # a choice needs two labels
            raise BenchModelsError(
                f"the {split} split of {name} has {len(members)} sentences that do not cover two labels: accuracy "
                "would mean nothing; give more sentences of each label"
            )
    train, validation, test = (tuple(splits[split]) for split in SPLITS)
    return Corpus(labels=labels, train=train, validation=validation, test=test)


def sampled(texts: Iterable[str], count: int, *, apart_from: Corpus) -> tuple[str, ...]:
    """Return ``count`` texts, chosen by the hash of their words, none of which stands in a split."""
    known = {normalised(sentence.text) for split in SPLITS for sentence in getattr(apart_from, split)}
    unique = {normalised(text): text for text in texts}
    chosen = sorted(unique.keys() - known, key=lambda words: hashlib.sha256(words.encode()).digest())[:count]
    return tuple(unique[words] for words in chosen)


def normalised(text: str) -> str:
    """Return the words of a text alone, so that case, spacing and punctuation do not matter.

    A text without words, such as an emoticon, is kept as it is.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.findall(r"\w+", folded)) or folded.strip()


def split_of(normalised_text: str) -> str:
    """Assign a split by hash: adding or removing other sentences never moves this one."""
    digest = hashlib.sha256(normalised_text.encode()).digest()
    position = int.from_bytes(digest[:8], "big") / 2**64
    if position < TEST_SHARE:
        return "test"
    return "validation" if position < TEST_SHARE + VALIDATION_SHARE else "train"
