"""Sorts the files that a change touches: by whether a benchmark can depend on them without being seen to.

Documentation, tests and settings of other tools are inert where nothing installs them and the suite does not mention
them. Python code is seen when it runs. Everything else may be read in ways that cannot be seen.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path, PurePosixPath

from bench_models.check.sides.side import Tree
from bench_models.check.worker.digests import of_file
from bench_models.verdict.measurements import SideName

# Names of files and modules, and the way up.
_WORD = re.compile(r"[\w-]+(?:\.[\w-]+)*|\.\.")

_INERT = (
    "docs/*",
    "doc/*",
    "tests/*",
    "test/*",
    ".github/*",
    ".gitlab/*",
    ".circleci/*",
    ".ci/*",
    "newsfragments/*",
    "changelog.d/*",
    "*.md",
    "*.rst",
    "AUTHORS*",
    "CHANGE*",
    "CITATION.cff",
    "CONTRIBUTING*",
    "COPYING*",
    "LICENSE*",
    "NEWS*",
    ".editorconfig",
    ".gitignore",
    ".pre-commit-config.yaml",
    ".readthedocs.y*ml",
    "mkdocs.yml",
    "noxfile.py",
    "tox.ini",
)


# By these a suite can learn where it lies, list folders, and import what it does not name.
_KNOW_PLACES = frozenset(
    {
        *("__file__", "__path__", "__spec__", "__cached__", "getfile", "getsourcefile", "getcwd", "cwd", "argv"),
        *("glob", "iglob", "iterdir", "listdir", "rglob", "scandir", "walk", "resources", "find_spec", "path"),
        *("import_module", "__import__", "exec", "eval", "runpy", ".."),
    }
)


@dataclass(frozen=True, kw_only=True)
class ChangedFiles:
    """The files that differ between two commits, by their names in git, and the trees that have them."""

    names: tuple[str, ...]
    furnished: Mapping[SideName, Tree]
    trees: Mapping[SideName, Path]

    @cached_property
    def of_benchmarks(self) -> tuple[str, ...]:
        """The files that are not inert."""
        return tuple(name for name in self.names if not self._inert(name))

    @cached_property
    def gone(self) -> tuple[str, ...]:
        """Those of them, except for Python code, that only one side has: native code may look for them unseen."""
        roots = self.trees.values()
        others = (name for name in self.of_benchmarks if not name.endswith(".py"))
        return tuple(name for name in others if not all((root / name).is_file() for root in roots))

    def data(self, side: SideName) -> dict[str, Path]:
        """Return a side's files that differ from the other's and are not Python code: in the tree, and as installed.

        They are compared on the disk, as builds, ``setup_cache`` and git's attributes make files, too.
        """
        folders = {"tree": self.trees, "code": {each: tree.code for each, tree in self.furnished.items()}}
        return {
            f"{place}/{name}": of[side] / name
            for place, of in folders.items()
            for name in unlike(*(_sources(folder, place) for folder in of.values()))
            if not name.endswith(".py")
        }

    @cached_property
    def runs_alike(self) -> bool:
        """Whether nothing but comments, docstrings and inert files differ."""
        roots = list(self.trees.values())
        return all(
            name.endswith(".py")
            and len({of_file(str(root / name), as_syntax=True) for root in roots}) == 1
            and all((root / name).is_file() for root in roots)
            for name in self.of_benchmarks
        )

    @cached_property
    def installed_alike(self) -> bool:
        """Whether both sides' own packages are the same to the byte, but for the long description."""
        base, head = (_installed(tree) if tree.apart else None for tree in self.furnished.values())
        return base == head

    def _inert(self, name: str) -> bool:
        return _is_inert(name) and self._are_apart and not self._shipped(name) and not self._mentioned(name)

    @cached_property
    def _are_apart(self) -> bool:
        """Whether the suites cannot know where the other files are, and the packages lie elsewhere."""
        for side, tree in self.furnished.items():
            root, suite = self.trees[side].resolve(), tree.suite.resolve()
            if (
                not tree.apart
                or not suite.is_relative_to(root)
                or suite != root / tree.suite.relative_to(self.trees[side])
            ):
                return False
            if suite == root or _is_inert(f"{suite.relative_to(root).as_posix()}/x.py"):
                return False
        return self._words.isdisjoint(_KNOW_PLACES)

    def _shipped(self, name: str) -> bool:
        """Say whether a file is part of what is installed, or lies in the suite."""
        return any(
            (self.trees[side] / name).is_relative_to(tree.suite)
            or any((tree.code / each).exists() for each in _ends(name))
            for side, tree in self.furnished.items()
        )

    def _mentioned(self, name: str) -> bool:
        """Say whether the suite names a file, its folder or its kind."""
        path = PurePosixPath(name)
        return not self._words.isdisjoint({path.name, path.stem, *path.parts, path.suffix, path.suffix[1:]} - {""})

    @cached_property
    def _words(self) -> frozenset[str]:
        """All names in the suites' Python files, and the words in all texts of theirs, but for docstrings."""
        return frozenset(word for tree in self.furnished.values() for word in _words_in(tree.suite))


def _ends(name: str) -> list[str]:
    """Return a path without its first folders: any of them may be where a package begins."""
    parts = PurePosixPath(name).parts
    return ["/".join(parts[start:]) for start in range(len(parts))]


def _is_inert(name: str) -> bool:
    return any(fnmatch(name, pattern) for pattern in _INERT)


def _installed(tree: Tree) -> dict[str, str]:
    """Return the digest of each installed file.

    Compiled code and records of the installation hold times and paths, so they are left out.
    """
    found = _sources(tree.code, "code").items()
    return {name: each for name, each in found if PurePosixPath(name).name not in {"RECORD", "direct_url.json"}}


def contents(folder: Path, place: str = "") -> dict[str, str]:
    """Return the digest of each file in a folder, which both sides call ``place``, by its path in there."""
    names = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*") if file.is_file()}
    return {name: of_file(str(file), name=f"{place}/{name}") for name, file in names.items()}


def _sources(folder: Path, place: str) -> dict[str, str]:
    """Return the digest of each file in a folder, but for git's and compiled code."""
    found = contents(folder, place).items()
    return {name: each for name, each in found if not name.endswith(".pyc") and name.partition("/")[0] != ".git"}


def unlike(base: Mapping[str, str | None], head: Mapping[str, str | None]) -> list[str]:
    """Return the names whose digests or versions differ, or that only one side has."""
    return sorted(name for name in base.keys() | head.keys() if base.get(name) != head.get(name))


def _words_in(suite: Path) -> Iterator[str]:
    for file in sorted(each for each in suite.rglob("*") if each.is_file() and each.suffix != ".pyc"):
        texts = [file.read_text(encoding="utf-8", errors="replace")]
        if file.suffix == ".py":
            try:
                tree = ast.parse(file.read_bytes())
            except (SyntaxError, ValueError):  # then all its text is words
                pass
            else:
                texts = list(_texts(tree))
        for text in texts:
            for word in _WORD.findall(text):
                yield from (word, *word.split("."))


def _texts(tree: ast.AST) -> Iterator[str]:
    """Yield all names and texts of a module, but for docstrings."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value
        for name in ("id", "attr", "name", "module", "arg"):
            value = getattr(node, name, None)
            if isinstance(value, str):
                yield value
