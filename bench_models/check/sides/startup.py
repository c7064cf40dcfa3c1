"""Starts the sides of a check: each commit with its own suite, and BASE with HEAD's suite where that is needed."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench_models.check.sides.changes import ChangedFiles
from bench_models.check.sides.commits import LENT, Commit, lent_suite, tree_hash
from bench_models.check.sides.isolation import forget_old, own_folder
from bench_models.check.sides.side import Side, Tree
from bench_models.check.sides.suite import Discovery
from bench_models.checkout import Checkout
from bench_models.errors import BenchModelsError
from bench_models.storage import FIGURES
from bench_models.verdict.measurements import SideName


@dataclass(frozen=True, slots=True, kw_only=True)
class Lent:
    """BASE with HEAD's suite, and what it finds there; there is no side where BASE cannot import the suite."""

    side: Side | None
    found: Discovery


@dataclass(frozen=True, slots=True, kw_only=True)
class Starter:
    """Starts sides with what all sides of a check have in common."""

    checkout: Checkout
    commits: Mapping[SideName, Commit]
    trees: Mapping[SideName, Path]
    changed: ChangedFiles
    scratch: Path
    environment: Mapping[str, str]
    spawn: bool

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

        Where nothing but comments and documentation differ, HEAD has BASE's: scoring takes minutes.
        """
        names: tuple[SideName, ...] = ("base", "head") if tree.place == LENT else (tree.name,)
        place = tree.name if tree.observed else tree.place
        if place == "head" and self.changed.runs_alike:
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
