"""Compares an exported file with its variant: its answers, and its latency in pairs of fresh processes.

Where activations are rounded, no tolerance of digits says what is right. An activation near the middle of two steps is
rounded up by one kernel and down by another, whose sums end in other digits; the step between them moves what comes
after it, and more is rounded otherwise there. The variant itself shows how far that goes: with its floating-point
weights nudged by far less than a step, the same ties fall otherwise. A correct file is as far away as that, whichever
kernels run it, and a wrong one, whose weights or operators differ by more than rounding does, is further away.
"""

import importlib
import importlib.util
import pickle  # what is read was written by the same program a moment ago
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

import bench_models
from bench_models.build import Builder
from bench_models.check.variant_speeds import Asked, compare
from bench_models.errors import BenchModelsError
from bench_models.export.formats import FORMATS
from bench_models.metrics.predictions import right_answers
from bench_models.outcomes import Measured, reason_of
from bench_models.report.speeds import PRELOAD, tree_of
from bench_models.runtimes.session import THREADS, Session
from bench_models.serving import open_session
from bench_models.sources.corpora import Sentence
from bench_models.stats.estimate import Estimate
from bench_models.stats.proportions import paired_drop
from bench_models.stats.timing import of_processes
from bench_models.storage import Store
from bench_models.suites.suite import Suite
from bench_models.tokenizer import Batch, Encoder

# Every pair of these is tried, and of the longest sentences that the model takes: an exporter that takes a size for a
# constant is found out by the second, and one that leaves positions out by the longest.
BATCHES = (1, 4)
LENGTHS = (7, 24)

# Between two logits, of a few units each: other kernels round differently, in 16 bits more than in 32.
MOST_APART = 0.05
MOST_LOST_POINTS = 0.2

# Relative: a hundred times the last digit of fp32, a thousandth of a step of INT8. The distance hardly depends on it,
# as one tie that falls otherwise brings on the others: MiniLM in two bits is usually 0.061 from itself, 0.057 with a
# tenth of the nudge and 0.065 with ten times of it, and its file 0.041 from it.
_NUDGE = 1e-5
_SEED = 0

# Enough sentences for a distance, in batches of so many.
_SENTENCES, _TOGETHER = 256, 8

# Of the variant's own distance: so much do the root mean square and the largest of as many sentences vary by chance.
_MOST_USUAL = 1.25
_MOST_LARGEST = 2.0

# The asv suite that times both, and its benchmark.
_SUITE = Path(__file__).with_name("served")
_BENCHMARK = "latency.Served.time_single_stream"

_REFUSED = "it is not handed over; choose another format"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How far a file's logits are from the variant's, and which test sentences it answers right.

    ``lengths`` are the sentences' that were compared, in tokens, the last one the model's longest. ``own_apart`` is
    how far the variant is from itself where rounded activations make that more than ``MOST_APART``, or None.
    """

    most_apart: float
    own_apart: float | None
    lengths: tuple[int, ...]
    correct: tuple[bool, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Distance:
    """How far logits are from others: usually, as a root mean square, and at most."""

    usual: float
    largest: float


def require_agreement(
    builder: Builder, variant: str, session: Session, loaded: Session, right: Sequence[bool]
) -> Agreement:
    """Return how well ``loaded`` agrees with ``session``, whose right answers on the test split are ``right``.

    Raises ``BenchModelsError`` when the file cannot answer sentences of some size, when logits are further apart than
    ``MOST_APART``, or than rounded activations put the variant from itself, and when more than
    ``MOST_LOST_POINTS`` of accuracy are lost: as measured, or, where ties are rounded by chance, as is certain.
    """
    encoder, test = builder.encoder, builder.corpus.test
    longest = encoder.max_tokens
    lengths = (*(length for length in LENGTHS if length < longest), longest)
    batches = [_batch(encoder, test, sentences, tokens) for sentences in BATCHES for tokens in lengths]
    found, own = _distance(session, loaded, batches), None
    if not found.largest <= MOST_APART:
        found, own = _require_rounding(builder, variant, session, loaded, batches)
    correct = right_answers(loaded, encoder, test, variant=f"the file of {variant}")
    lost = paired_drop(right, correct)
    points = 100 * (lost.low if own else lost.value)
    if points > MOST_LOST_POINTS:
        raise BenchModelsError(
            f"the file of {variant} loses {points:.2f} points of accuracy on the test split, more than "
            f"{MOST_LOST_POINTS}: {_REFUSED}"
        )
    return Agreement(most_apart=found.largest, own_apart=own.largest if own else None, lengths=lengths, correct=correct)


def _require_rounding(
    builder: Builder, variant: str, session: Session, loaded: Session, batches: list[Batch]
) -> tuple[_Distance, _Distance]:
    """Return how far the file and the nudged variant are from the variant, if rounding explains the former."""
    if not any(step.rounds_activations for row in builder.suite.lineage(variant) for step in row.steps):
        raise BenchModelsError(
            f"the file of {variant} answers logits that are {_distance(session, loaded, batches).largest:.3g} away "
            f"from the variant's, more than {MOST_APART}: {_REFUSED}"
        )
    more = [*batches, *_sample(builder.encoder, builder.corpus.test)]
    found, own = _distance(session, loaded, more), _distance(session, _nudged(builder, variant), more)
    # Not turned around, as NaN is not near to anything.
    if not (found.usual <= _MOST_USUAL * own.usual and found.largest <= _MOST_LARGEST * own.largest):
        raise BenchModelsError(
            f"the file of {variant} answers logits that are usually {found.usual:.3g} and at most {found.largest:.3g} "
            f"away from the variant's, and rounding puts the variant no more than {own.usual:.3g} and "
            f"{own.largest:.3g} from itself: {_REFUSED}"
        )
    return found, own


def _distance(one: Session, other: Session, batches: Sequence[Batch]) -> _Distance:
    apart = np.concatenate([one(batch) - other(batch) for batch in batches])
    return _Distance(usual=float(np.sqrt((apart**2).mean())), largest=float(np.abs(apart).max()))


def _batch(encoder: Encoder, test: Sequence[Sentence], sentences: int, tokens: int) -> Batch:
    """Return real words, cut or repeated to some tokens; in a batch, each sentence is one shorter than the last."""
    rows = encoder.encode([sentence.text for sentence in test[:sentences]])
    long = [(row[:-1] * tokens)[: tokens - 1 - place] + row[-1:] for place, row in enumerate(rows)]
    return encoder.batch(long)


def _sample(encoder: Encoder, test: Sequence[Sentence]) -> list[Batch]:
    rows = encoder.encode([sentence.text for sentence in test[:_SENTENCES]])
    return [encoder.batch(rows[start : start + _TOGETHER]) for start in range(0, len(rows), _TOGETHER)]


def _nudged(builder: Builder, variant: str) -> Session:
    """Return the variant with each weight that is not quantized a little larger or smaller."""
    import torch
    from torch import nn

    model = builder.build(variant)
    random = torch.Generator().manual_seed(_SEED)
    with torch.no_grad():
        for parameter in model.parameters():
            if type(parameter) is nn.Parameter:  # quantized weights are of their libraries' own kinds
                parameter.mul_(1 + _NUDGE * torch.randn(parameter.shape, generator=random))
    return builder.suite[variant].runtime.open(model, threads=torch.get_num_threads())


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """All that another process needs to open file and variant.

    ``files`` are the modules of a user's own suite; other modules are found on ``path``, Python's own.
    """

    path: list[str]
    files: dict[str, str]
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A file, the variant that it was made of, and the batch that both answer."""

    suite: Suite
    store: Store
    variant: str
    target: str
    file: Path
    batch: Batch

    def opened(self, session: str) -> tuple[Session, Batch]:
        """Return the session called ``variant`` or ``file``, and the batch."""
        if session == "file":
            return FORMATS[self.target].open(self.file, THREADS), self.batch
        builder = Builder(suite=self.suite, store=self.store)
        return open_session(builder, self.suite[self.variant]), self.batch

    def latencies(self) -> tuple[Estimate, Estimate]:
        """Return the times of the file and of the variant, with intervals that cover other processes."""
        with TemporaryDirectory() as scratch:
            (Path(scratch) / "cache.pickle").write_bytes(pickle.dumps(_packed(self)))
            asked = Asked(
                benchmarks=(_BENCHMARK,),
                baseline="variant",
                others=("file",),
                cache=Path(scratch),
                pairs=self.suite.pairs,
                preload=(PRELOAD,),
            )
            found = compare(tree_of(_SUITE), asked)["file"]
        if not isinstance(found, Measured):
            raise BenchModelsError(f"{self.variant}: its latency could not be measured: {reason_of(found)}")
        pairs = found.value[_BENCHMARK]
        return of_processes([median(pair.head) for pair in pairs]), of_processes([median(pair.base) for pair in pairs])


def unpacked(packed: Packed) -> Served:
    """Unpack in another process."""
    sys.path += [each for each in packed.path if each not in sys.path]
    for name, file in packed.files.items():
        try:
            importlib.import_module(name)
        except ImportError:
            _load(name, file)
    served: Served = pickle.loads(packed.content)  # noqa: S301  # see above
    return served


def _packed(served: Served) -> Packed:
    files = {name: sys.modules[name].__file__ for name in _modules(served)}
    return Packed(
        path=list(sys.path),
        files={name: file for name, file in files.items() if file is not None},
        content=pickle.dumps(served),
    )


def _modules(served: Served) -> Iterator[str]:
    """Yield the modules outside this package that a suite's objects are defined in."""
    rows = served.suite.variants
    own = (served.suite.checkpoint, served.suite.corpus, *(row.runtime for row in rows))
    for each in (*own, *(step for row in rows for step in row.steps)):
        if not type(each).__module__.startswith(f"{bench_models.__name__}."):
            yield type(each).__module__


def _load(name: str, file: str) -> None:
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise BenchModelsError(f"{file} cannot be imported in another process")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
