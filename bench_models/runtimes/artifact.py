"""Runtimes that ship a file: they write a model into a folder, and load that folder."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, ClassVar

from bench_models.runtimes.kernels import Kernel
from bench_models.runtimes.session import Session
from bench_models.text import installing, listed
from bench_models.tokenizer import Batch

if TYPE_CHECKING:
    from torch import nn

    from bench_models.recipes.step import Format


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """How differently a runtime may answer than eager PyTorch does with the same model.

    ``logit_difference`` is the largest difference of a logit, and ``other_answers_pct`` the largest share of the test
    split that may get another label, in percent.
    """

    logit_difference: float
    other_answers_pct: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactRuntime(ABC):
    """A runtime whose artifact is shipped: the folder that it writes; its fields are part of the artifact's key.

    A new runtime is one subclass: a frozen dataclass with ``libraries``, ``tolerance``, ``write``, ``load`` and
    ``kernels``. ``format`` is the format of exports that it loads, and ``made_of`` the one that its steps are asked
    about, whether it can carry them. ``extra`` brings its libraries. ``takes_minutes`` says that writing does.
    """

    name: ClassVar[str]
    format: ClassVar[str]
    made_of: ClassVar["Format"]
    extra: ClassVar[str]
    takes_minutes: ClassVar[bool] = False

    @property
    @abstractmethod
    def libraries(self) -> tuple[str, ...]:
        """What it needs, besides what every row does; their versions are part of the artifact's key."""

    @property
    @abstractmethod
    def tolerance(self) -> Tolerance:
        """How differently it may answer than eager PyTorch; a model that it answers otherwise has failed."""

    @property
    def of_machine(self) -> tuple[str, ...]:
        """What of this machine decides what it writes, besides libraries: perhaps the CPU's flags."""
        return ()

    @property
    def calibrated(self) -> bool:
        """Whether what it writes depends on sentences that the model answers while it is written."""
        return False

    @abstractmethod
    def write(self, model: "nn.Module", folder: Path) -> None:
        """Write all that is shipped into an empty folder; the model is as before afterwards."""

    def write_calibrated(self, model: "nn.Module", folder: Path, calibration: Sequence[Batch]) -> None:
        """Write as ``write`` does, after the model has answered batches; a runtime that is ``calibrated`` has this."""
        raise NotImplementedError

    @abstractmethod
    def load(self, folder: Path, *, threads: int) -> Session:
        """Return a session of what was written that computes with ``threads`` threads."""

    @abstractmethod
    def kernels(self, folder: Path, batch: Batch) -> tuple[Kernel, ...]:
        """Return the kernels that one call runs, always the same of the same file on the same CPU."""

    def open(self, model: "nn.Module", *, threads: int) -> Session:
        """Return a session of a model, whose artifact is not kept."""
        with TemporaryDirectory() as folder:
            self.write(model, Path(folder))
            return self.load(Path(folder), threads=threads)

    def unavailable_reason(self) -> str | None:
        """Return why nothing can be opened here, or None where all libraries are installed."""
        missing = [name for name in self.libraries if not _is_installed(name)]
        if not missing:
            return None
        are = "is" if len(missing) == 1 else "are"
        return f"{self.name} needs {listed(missing)}, which {are} not installed: run {installing(self.extra)}"


def _is_installed(library: str) -> bool:
    """Say whether a library can be imported, and is a package of that name, whose version is part of content keys."""
    try:
        distribution(library)
    except PackageNotFoundError:
        return False
    return find_spec(library) is not None
