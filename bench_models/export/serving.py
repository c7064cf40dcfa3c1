"""Measures the latency of an exported file beside its variant, in pairs of fresh processes."""

import importlib
import importlib.util
import pickle  # what is read was written by the same program a moment ago
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import bench_models
from bench_models.build import Builder
from bench_models.check.variant_speeds import Asked, compare
from bench_models.errors import BenchModelsError
from bench_models.export.formats import FORMATS
from bench_models.outcomes import Measured, reason_of
from bench_models.report.speeds import tree_of
from bench_models.runtimes.session import THREADS, Session
from bench_models.stats.estimate import Estimate
from bench_models.stats.timing import of_processes
from bench_models.storage import Store
from bench_models.suites.suite import Suite
from bench_models.tokenizer import Batch

_SUITE = Path(__file__).with_name("served")
_BENCHMARK = "latency.Served.time_single_stream"


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
        model = Builder(suite=self.suite, store=self.store).build(self.variant)
        return self.suite[self.variant].runtime.open(model, threads=THREADS), self.batch

    def latencies(self) -> tuple[Estimate, Estimate]:
        """Return the times of the file and of the variant, with intervals that cover other processes."""
        with TemporaryDirectory() as scratch:
            (Path(scratch) / "cache.pickle").write_bytes(pickle.dumps(_packed(self)))
            asked = Asked(benchmarks=(_BENCHMARK,), baseline="variant", others=("file",), cache=Path(scratch))
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
