"""A side of a check: one commit with a suite, and the processes that run it; starts all sides of a check."""

import contextlib
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from bench_models.check.sides.commits import LENT, Commit, lent_suite, tree_hash
from bench_models.check.sides.isolation import forget_old, own_folder
from bench_models.check.sides.process import JOIN_S, BenchmarkFailedError, Launcher, Process
from bench_models.check.sides.suite import Discovery, discovery_of
from bench_models.check.worker.protocol import Message
from bench_models.checkout import Checkout
from bench_models.errors import BenchModelsError
from bench_models.storage import FIGURES
from bench_models.verdict.measurements import SIDES, SideName

# Importing a suite and all that it needs may take so long.
_IMPORT_S = 600.0
# How many foreign imports a message names.
_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """What a side consists of: an interpreter, the folder with its code, and its suite.

    ``place`` names its folder, as a side may run with two suites. ``timeout_s`` is for benchmarks that state none.
    ``apart`` says that the code was installed into a folder of its own. The ``modules`` that either commit has may be
    imported from nowhere else, and nothing at all from ``root``, where another commit is checked out. ``observed`` are
    folders by a name: what its processes run and read of them is noted, which makes them slow.
    """

    name: SideName
    place: str
    python: Path
    code: Path
    suite: Path
    timeout_s: float
    apart: bool
    modules: tuple[str, ...] = ()
    root: Path | None = None
    observed: Mapping[str, Path] = field(default_factory=dict)


class Side:
    """One commit with a suite, ready to fork or spawn workers."""

    def __init__(self, tree: Tree, scratch: Path, environment: dict[str, str]) -> None:
        """Take a folder below ``scratch``; ``start`` begins."""
        self.name = tree.name
        self.tree = tree
        self._folder = scratch / tree.place
        environment = environment | {"PYTHONPATH": str(tree.code)}
        self._launcher = Launcher(tree.name, tree.python, self._folder, environment)
        self._caches = 0
        self._parent: Process | None = None
        self._found: Discovery | None = None
        self._modules: list[str] = []
        # Whether workers are forked from a parent, or spawned.
        self.forks = hasattr(os, "fork")

    def start(self) -> None:
        """Start the parent and let it import the suite; ``discovered`` waits for the outcome."""
        self._found = None
        self._parent = self._launcher.spawn()
        self._parent.post(**self._discovery(self._modules))

    def discovered(self) -> Discovery:
        """Return the benchmarks of the suite and the modules that are broken.

        From then on workers are forked, unless importing started threads, which do not survive a fork.
        """
        if self._found is None:
            self._found = self._imported()
            self.forks = self.forks and self._found.threads == 1
            _require_own(self.name, self._found.foreign_imports)
        return self._found

    def warm(self, modules: list[str]) -> None:
        """Let all parents to come import these modules, which workers need."""
        self._modules = modules

    def renew(self) -> None:
        """Replace the parent by a new one, where workers are forked from it; ``discovered`` waits for it."""
        if self.forks and self._parent is not None:
            self._parent.end()
            self.start()

    def cache(self, benchmark: str, timeout_s: float) -> Path:
        """Run a benchmark's ``setup_cache`` in a worker and return the folder that it ran in."""
        self._caches += 1
        folder = self._folder / f"cache-{self._caches:06d}"  # as long on both sides
        folder.mkdir()
        with self.worker() as worker:
            reply = worker.ask(timeout_s, do="cache", benchmark=benchmark, folder=str(folder))
            _require_own(self.name, reply["foreign_imports"])
        return folder

    def spawn_only(self) -> None:
        """Spawn workers instead of forking them, as CUDA and some systems need."""
        self.forks = False

    @contextlib.contextmanager
    def worker(self, *, from_nothing: bool = False) -> Iterator[Process]:
        """Yield a fresh worker, and end it afterwards; raises ``BenchModelsError`` where none can be started.

        As with asv, it begins in an empty folder of its own.
        """
        with TemporaryDirectory(dir=self._folder, prefix="cwd-", ignore_cleanup_errors=True) as folder:
            try:
                process = self._fork() if self.forks and not from_nothing else self._spawn_worker()
                process.ask(JOIN_S, do="enter", folder=folder)
            except BenchmarkFailedError as error:
                raise BenchModelsError(f"{self.name.upper()} has no worker left: {error}") from error
            try:
                yield process
            finally:
                process.end()

    def end(self) -> None:
        """End everything that this side started."""
        if self._parent is not None:
            self._parent.end()
        self._launcher.end()

    def _imported(self) -> Discovery:
        if self._parent is None:
            raise RuntimeError("the side has not been started")
        try:
            return discovery_of(self._parent.reply(_IMPORT_S))
        except BenchmarkFailedError as error:
            raise BenchModelsError(f"{self.name.upper()} cannot import the suite: {error}") from error

    def _fork(self) -> Process:
        if self._parent is None:
            raise RuntimeError("the side has not been started")
        name = self._launcher.next_name()
        self._parent.ask(JOIN_S, do="fork", name=name)
        return self._launcher.joined(name)

    def _spawn_worker(self) -> Process:
        worker = self._launcher.spawn()
        worker.ask(_IMPORT_S, **self._discovery([]))
        return worker

    def _discovery(self, warm: list[str]) -> Message:
        root = None if self.tree.root is None else str(self.tree.root)
        own = {"code": str(self.tree.code), "modules": list(self.tree.modules), "root": root}
        observed = {name: str(folder) for name, folder in self.tree.observed.items()}
        return {"do": "discover", "suite": str(self.tree.suite), "own": own, "warm": warm, "observed": observed}


def elsewhere(name: SideName, foreign_imports: Mapping[str, str]) -> str:
    """Return in words what a process of a side imported from elsewhere than its commit, or nothing."""
    if not foreign_imports:
        return ""
    imports = " and ".join(f"{module} from {file}" for module, file in list(foreign_imports.items())[:_NAMED])
    return (
        f"{name.upper()} imports {imports} and not from its own commit: uninstall what is installed there (an editable "
        "install?), or use another environment with --python"
    )


def _require_own(name: SideName, foreign_imports: Mapping[str, str]) -> None:
    said = elsewhere(name, foreign_imports)
    if said:
        raise BenchModelsError(said)


def discovered(sides: Mapping[SideName, Side]) -> dict[SideName, Discovery]:
    """Wait for both sides' parents, and return what they found."""
    found: dict[SideName, Discovery] = {side: sides[side].discovered() for side in SIDES}
    make_alike(sides.values())
    return found


def make_alike(sides: Collection[Side]) -> None:
    """Spawn all workers where one of the parents cannot be forked: workers that are compared start alike."""
    if not all(side.forks for side in sides):
        for side in sides:
            side.spawn_only()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lent:
    """BASE with HEAD's suite, and what it finds there; there is no side where BASE cannot import the suite."""

    side: Side | None
    found: Discovery


@dataclass(frozen=True, slots=True, kw_only=True)
class Starter:
    """Starts sides with what all sides of a check have in common.

    ``alike`` says that nothing but comments, docstrings and inert files differ between the commits.
    """

    checkout: Checkout
    commits: Mapping[SideName, Commit]
    trees: Mapping[SideName, Path]
    scratch: Path
    environment: Mapping[str, str]
    spawn: bool
    alike: bool = False

    @contextmanager
    def started(self, *trees: Tree) -> Iterator[list[Side]]:
        """Start sides at once, and end them and all that they started."""
        forget_old()
        sides = [Side(tree, self.scratch, {**self.environment, FIGURES: str(self._figures(tree))}) for tree in trees]
        with started(sides):
            for side in sides if self.spawn else ():
                side.spawn_only()
            yield sides

    @contextmanager
    def observing(self, furnished: Mapping[SideName, Tree]) -> Iterator[dict[SideName, Side]]:
        """Start both sides once more, under observation."""
        trees = [
            replace(tree, place=f"seen-{name}", observed={"code": tree.code, "tree": self.trees[name]})
            for name, tree in furnished.items()
        ]
        with self.started(*trees) as sides:
            yield dict(zip(furnished, sides, strict=True))

    @contextmanager
    def lent(self, furnished: Mapping[SideName, Tree]) -> Iterator[Lent]:
        """Start BASE with HEAD's suite; where BASE cannot import it, the check goes on without."""
        suite = furnished["head"].suite.resolve().relative_to(self.trees["head"].resolve())
        if not suite.parts:
            yield _broken(suite, "the suite is the whole repository, so that HEAD's cannot be put into BASE")
            return
        with (
            lent_suite(self.checkout, self.commits, self.trees, suite) as tree,
            self.started(self._tree(furnished["base"], tree, suite)) as (side,),
        ):
            try:
                lent = Lent(side=side, found=side.discovered())
            except BenchModelsError as error:
                lent = _broken(suite, str(error))
            yield lent

    def _tree(self, base: Tree, tree: Path, suite: Path) -> Tree:
        code = base.code if base.apart else tree / base.code.relative_to(self.trees["base"])
        return replace(base, place=LENT, code=code, suite=tree / suite)

    def _figures(self, tree: Tree) -> Path:
        """Return the scorecards' folder that only the same files write to, run in the same way on the same side.

        Where the commits are alike, HEAD has BASE's: scoring takes minutes.
        """
        names: tuple[SideName, ...] = ("base", "head") if tree.place == LENT else (tree.name,)
        place = tree.name if tree.observed else tree.place
        if self.alike and place == "head":
            names, place = ("base",), "base"
        hashes = [tree_hash(self.checkout, self.commits[name]) for name in names]
        return own_folder(place, *hashes, str(tree.python), self.environment.get("OMP_NUM_THREADS", ""))


@contextmanager
def started(sides: Collection[Side]) -> Iterator[None]:
    """Start sides at once, and end them and all that they started."""
    try:
        for side in sides:
            side.start()
        yield
    finally:
        for side in sides:
            side.end()


def _broken(suite: Path, error: str) -> Lent:
    return Lent(side=None, found=Discovery(broken={suite.name: error}))
