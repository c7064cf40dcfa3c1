"""Sorts the files that a change touches: by whether a benchmark can depend on them without being seen to.

Documentation, tests and settings of other tools are inert where nothing installs them and the suite does not mention
them. Python code is seen when it runs. Everything else may be read in ways that cannot be seen.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path, PurePosixPath

from bench_models.check.sides.side import Tree
from bench_models.check.worker.digests import of_file
from bench_models.verdict.measurements import SideName

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


# Who lists folders may read any file.
_WALKS = frozenset({"glob", "iglob", "iterdir", "listdir", "rglob", "scandir", "walk"})


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
        """Those of them, except for Python code, that only one side has: whether a file is there is not seen."""
        return tuple(
            name for name in self._not_code if not all((root / name).is_file() for root in self.trees.values())
        )

    def data(self, side: SideName) -> dict[str, Path]:
        """Return those of them that are not Python code, by the name of their place: in the tree, and installed."""
        tree, root = self.furnished[side], self.trees[side]
        found = {f"tree/{name}": root / name for name in self._not_code}
        for name in self._not_code if tree.apart else ():
            found |= {f"code/{each}": tree.code / each for each in _ends(name) if (tree.code / each).is_file()}
        return found

    @cached_property
    def _not_code(self) -> tuple[str, ...]:
        return tuple(name for name in self.of_benchmarks if not name.endswith(".py"))

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
        known = any(fnmatch(name, pattern) for pattern in _INERT)
        return known and not self._shipped(name) and not self._mentioned(name)

    def _shipped(self, name: str) -> bool:
        """Say whether a file is part of what is installed, or lies in the suite."""
        path = PurePosixPath(name)
        for side, tree in self.furnished.items():
            root = self.trees[side]
            if (root / name).is_relative_to(tree.suite):
                return True
            if tree.apart:
                if any((tree.code / each).exists() for each in _ends(name)):
                    return True
            elif len(path.parts) > 1 and (root / path.parts[0] / "__init__.py").is_file():
                return True
        return False

    def _mentioned(self, name: str) -> bool:
        """Say whether the suite, or code that runs in its tree, names a file, its folder or kind, or lists folders."""
        if not self._words.isdisjoint(_WALKS):
            return True
        path = PurePosixPath(name)
        words = {path.name, *path.parts[:-1], f"*{path.suffix}", path.suffix or path.name}
        return any(
            word in self._words or any(each.endswith(f"/{word}") or each.startswith(f"{word}/") for each in self._words)
            for word in words
        )

    @cached_property
    def _words(self) -> frozenset[str]:
        """All that the suites' Python files import, call as an attribute and hold as text, but for docstrings."""
        folders = [tree.suite for tree in self.furnished.values()]
        folders += [tree.code for tree in self.furnished.values() if not tree.apart]
        files = {file for folder in folders for file in folder.rglob("*.py")}
        return frozenset(word for file in sorted(files) if not self._is_test(file) for word in _words_of(file))

    def _is_test(self, file: Path) -> bool:
        """Say whether a file is an inert one by its name, which may well mention others of its kind."""
        roots = [root for root in self.trees.values() if file.is_relative_to(root)]
        return any(fnmatch(file.relative_to(root).as_posix(), pattern) for root in roots for pattern in _INERT)


def _ends(name: str) -> list[str]:
    """Return a path without its first folders: any of them may be where a package begins."""
    parts = PurePosixPath(name).parts
    return ["/".join(parts[start:]) for start in range(len(parts))]


def _installed(tree: Tree) -> dict[str, str]:
    """Return the digest of each installed file; compiled code and records hold times and paths."""
    files = (file for file in tree.code.rglob("*") if file.is_file() and file.suffix != ".pyc")
    return {
        file.relative_to(tree.code).as_posix(): of_file(str(file))
        for file in files
        if file.name not in {"RECORD", "direct_url.json"}
    }


def _words_of(file: Path) -> Iterator[str]:
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield from alias.name.split(".")
        elif isinstance(node, ast.ImportFrom):
            yield from (node.module or "").split(".")
            yield from (alias.name for alias in node.names)
