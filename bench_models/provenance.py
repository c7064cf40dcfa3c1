"""Content keys: a digest of everything that decides what a stored thing is.

The source of a step counts without its comments, docstrings and layout, and together with every module that it imports,
this package's and the user's: a fix in the shared training loop trains weights again, a better comment does not.

Imports are followed by path. Nothing is imported to find them, and what happens to be imported does not count. The
standard library and what is installed in site-packages are left out: their versions stand for them. So is what only
compiled code holds, and what is imported under a name that is computed when the code runs.
"""

import ast
import hashlib
import json
import site
import sys
import sysconfig
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from bench_models.machine import library_versions

if TYPE_CHECKING:
    from bench_models.recipes.step import Step

PACKAGE = Path(__file__).parent.name

# Comments and docstrings of the files that are read here make no difference (check/worker/observer.py asks).
__reads_syntax__ = True

_KINDS = ("stdlib", "platstdlib", "purelib", "platlib")
_FOLDERS_OF_LIBRARIES = frozenset({"site-packages", "dist-packages"})
_IMPORTERS = frozenset({"import_module", "__import__"})

Source = tuple[str, Path]

_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def key_of(*parts: object) -> str:
    """Return a short digest of JSON-able parts, for use as a file name."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:24]


def step_key(parent: str, step: "Step", corpus_digest: str) -> str:
    """Return the key of what ``step`` makes of the outcome with the key ``parent``."""
    kind = type(step)
    return key_of(
        parent,
        kind.__qualname__,
        step.recipe(),
        source_digest(kind.__module__),
        corpus_digest,
        library_versions(kind.libraries),
    )


@cache
def source_digest(*modules: str) -> str:
    """Return the digest of the code in ``modules`` and of all that they import outside installed libraries."""
    return key_of(*sorted({(name, _code(file)) for name, file in sources(*modules)}))


@cache
def own_digest(module: str) -> str:
    """Return the digest of the code in one module of this package, without what it imports."""
    return key_of(_code(Path(__file__).parent.joinpath(*module.split(".")[1:]).with_suffix(".py")))


def _code(file: Path) -> str:
    """Return a module's syntax tree as text, without what does not run."""
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):  # what does not run here either
        return file.read_bytes().decode(errors="replace")
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return ast.dump(tree)


def sources(*modules: str) -> frozenset[Source]:
    """Return name and file of modules, and of all Python modules that they import at run time, anywhere in their code.

    A package's ``__init__.py`` counts for what lies in it. A name that lies both beside the importing module and
    elsewhere on Python's path counts twice: which of them is meant can depend on how Python was started.
    """
    own = frozenset(name.partition(".")[0] for name in modules)
    found: set[Source] = set()
    pending = [each for name in modules for each in _entry(name)]
    while pending:
        name, file = pending.pop()
        if (name, file) not in found:
            found.add((name, file))
            package = name if file.name == "__init__.py" else name.rpartition(".")[0]
            for imported in sorted(set(_imported(_parsed(file), package))):
                pending.extend(_located(imported, _root(name, file), own))
    return frozenset(found)


def _entry(name: str) -> Iterator[Source]:
    """Yield the files of a module: the one that it was loaded from, and the one that its name leads to."""
    loaded = None if name.partition(".")[0] == PACKAGE else getattr(sys.modules.get(name), "__file__", None)
    if loaded is None:
        yield from _located(name, None, frozenset())
    else:
        yield name, Path(loaded)
        yield from _located(name, _root(name, Path(loaded)), frozenset({name.partition(".")[0]}))


def _located(name: str, root: Path | None, own: frozenset[str]) -> Iterator[Source]:
    """Yield the files of a module and of the packages on the way to it; fewer where it is not a module.

    ``from x import y`` asks for a module ``x.y``, too, which may be a name in ``x``.
    """
    top, *below = name.split(".")
    for place in _places(top, root, own):
        folder, known = place, ""
        for part in (top, *below):
            known = f"{known}.{part}" if known else part
            package, module = folder / part / "__init__.py", folder / f"{part}.py"
            file = package if package.is_file() else module
            if file.is_file():
                yield known, file
            folder /= part


def _places(top: str, root: Path | None, own: frozenset[str]) -> Iterator[Path]:
    """Yield the folders that a top-level module may lie in; installed libraries only where they are asked for."""
    if top == PACKAGE:
        yield Path(__file__).parent.parent
        return
    places = dict.fromkeys([*([] if root is None else [root]), *_on_path(top)])
    yield from (place for place in places if top in own or not _holds_libraries(place))


def _on_path(top: str) -> Iterator[Path]:
    """Yield where Python would find a top-level module, had it not been imported."""
    for finder in sys.meta_path:
        # All three, as asv's own finder asks for them.
        spec = finder.find_spec(top, None, None) if hasattr(finder, "find_spec") else None
        if spec is not None:
            if spec.submodule_search_locations:
                yield from (Path(folder).parent for folder in spec.submodule_search_locations)
            elif spec.has_location and spec.origin:
                yield Path(spec.origin).parent
            return


def _holds_libraries(folder: Path) -> bool:
    return not _FOLDERS_OF_LIBRARIES.isdisjoint(folder.parts) or any(
        folder == library or library in folder.parents for library in _libraries()
    )


@cache
def _libraries() -> frozenset[Path]:
    installed = [*site.getsitepackages(), site.getusersitepackages()]
    return frozenset(Path(folder) for folder in (*map(sysconfig.get_path, _KINDS), *installed))


def _root(name: str, file: Path) -> Path:
    """Return the folder that absolute imports beside a module start from."""
    parts = name.split(".")
    path = file.parent if file.name == "__init__.py" else file.with_suffix("")
    if path.parts[-len(parts) :] == tuple(parts):
        return path.parents[len(parts) - 1]
    folder = file.parent  # of a module that was loaded under a name of its own
    while (folder / "__init__.py").is_file():
        folder = folder.parent
    return folder


def _parsed(file: Path) -> ast.Module:
    """Return a file's syntax tree, which is empty where it cannot be parsed."""
    try:
        return ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):
        return ast.Module(body=[], type_ignores=[])


def _imported(tree: ast.AST, package: str) -> Iterator[str]:
    """Yield the names of all modules that are imported to run, not only to check types.

    ``package`` is what relative imports are relative to.
    """
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and _is_for_types(node.test):
            yield from _imported(ast.Module(body=node.orelse, type_ignores=[]), package)
        elif isinstance(node, ast.ImportFrom):
            module = _absolute("." * node.level + (node.module or ""), package)
            yield from (module, *(f"{module}.{alias.name}" for alias in node.names))
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        else:
            if isinstance(node, ast.Call):
                yield from (_absolute(name, package) for name in _by_call(node))
            yield from _imported(node, package)


def _is_for_types(test: ast.expr) -> bool:
    return "TYPE_CHECKING" in {getattr(test, "id", None), getattr(test, "attr", None)}


def _by_call(call: ast.Call) -> Iterator[str]:
    """Yield the name in ``importlib.import_module("name")`` and its like."""
    function = getattr(call.func, "id", None) or getattr(call.func, "attr", None)
    if function in _IMPORTERS and call.args and isinstance(call.args[0], ast.Constant):
        name = call.args[0].value
        yield from [name] if isinstance(name, str) else []


def _absolute(name: str, package: str) -> str:
    """Return the full name of a module; each leading dot after the first leads out of one package."""
    relative = name.lstrip(".")
    level = len(name) - len(relative)
    above = package.split(".")[: len(package.split(".")) - level + 1] if level else []
    return ".".join([*above, relative] if relative else above)
