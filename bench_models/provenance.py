"""Content keys: what a stored thing was made of, boiled down to a name.

The source of a step counts without its comments, docstrings and layout, and together with every
module of this package that it imports: a fix in the shared training loop makes trained weights
anew, a better comment does not.
"""

import ast
import hashlib
import json
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from bench_models.machine import library_versions
from bench_models.recipes.step import Step

PACKAGE = "bench_models"


def key_of(*parts: object) -> str:
    """Return a short digest of JSON-able parts, for use as a file name."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:24]


def step_key(parent: str, step: Step, corpus_digest: str) -> str:
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
    """Return the digest of the code in ``modules`` and of all that they import from their packages."""
    packages = {PACKAGE, *(module.split(".")[0] for module in modules)}
    files: dict[str, Path] = {}
    pending = list(modules)
    while pending:
        name = pending.pop()
        file = _file_of(name)
        if name not in files and file is not None:
            files[name] = file
            imported = _imports(_parse(file), name if file.name == "__init__.py" else name.rpartition(".")[0])
            pending.extend(each for each in imported if each.split(".")[0] in packages)
    return key_of(*((name, _code(file)) for name, file in sorted(files.items())))


def _file_of(module: str) -> Path | None:
    """Return a module's file without importing it: a step's module may import torch."""
    loaded = getattr(sys.modules.get(module), "__file__", None)
    if loaded is not None:
        return Path(loaded)
    package, *path = module.split(".")
    place = Path(__file__).parent.joinpath(*path)
    candidates = (place.with_suffix(".py"), place / "__init__.py") if package == PACKAGE else ()
    # `from bench_models.x import name` asks for the module x.name too, which need not exist.
    return next((file for file in candidates if file.is_file()), None)


def _parse(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def _code(file: Path) -> str:
    """Return a module's syntax tree as text, without what does not run."""
    tree = _parse(file)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return ast.dump(tree)


def _imports(tree: ast.AST, package: str) -> Iterator[str]:
    """Yield the names of all modules that are imported to run, not only to check types.

    ``package`` is what relative imports are relative to.
    """
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            yield from _imports(ast.Module(body=node.orelse, type_ignores=[]), package)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*above, node.module] if node.module else above)
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        else:
            yield from _imports(node, package)
