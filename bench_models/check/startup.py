"""Starts the sides of a check: each commit with its own suite, and BASE with HEAD's where that is needed."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench_models.check.commits import LENT, Commit, lent_suite, tree_hash
from bench_models.check.process import SideName
from bench_models.check.side_stores import forget_old, own_folder
from bench_models.check.sides import Side, Tree
from bench_models.check.worker.protocol import Message
from bench_models.checkout import Checkout
from bench_models.errors import BenchModelsError
from bench_models.storage import FIGURES


@dataclass(frozen=True, slots=True, kw_only=True)
class Lent:
    """BASE with HEAD's suite, and the benchmarks that it finds there; no side where the suite cannot be had there."""

    side: Side | None
    found: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Starter:
    """What the sides of a check have in common, and what each is told of its own."""

    checkout: Checkout
    commits: Mapping[SideName, Commit]
    trees: Mapping[SideName, Path]
    scratch: Path
    environment: Mapping[str, str]
    spawn: bool

    @contextmanager
    def started(self, *trees: Tree) -> Iterator[list[Side]]:
        """Start sides at once, and end them and all that they started."""
        forget_old()
        sides = [Side(tree, self.scratch, {**self.environment, FIGURES: str(self._figures(tree))}) for tree in trees]
        try:
            for side in sides:
                side.start()
                if self.spawn:
                    side.spawn_only()
            yield sides
        finally:
            for side in sides:
                side.end()

    @contextmanager
    def lent(self, furnished: Mapping[SideName, Tree]) -> Iterator[Lent]:
        """Start BASE with HEAD's suite; that it cannot be imported there is BASE's trouble, and ends no check."""
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
        """Return a folder that the same files alone write to, run in the same way on the same side."""
        names: tuple[SideName, ...] = ("base", "head") if tree.place == LENT else (tree.name,)
        hashes = [tree_hash(self.checkout, self.commits[name]) for name in names]
        return own_folder(tree.place, *hashes, str(tree.python), self.environment.get("OMP_NUM_THREADS", ""))


def _broken(suite: Path, error: str) -> Lent:
    return Lent(side=None, found={"benchmarks": [], "broken": {suite.name: error}})
