"""Content keys: a digest of everything that decides what a stored thing is.

The source of a step counts without its comments, docstrings and layout, and together with every
module that it imports, this package's and the user's: a fix in the shared training loop makes trained
weights anew, a better comment does not.
"""

import ast
import hashlib
import json
from functools import cache
from pathlib import Path

from bench_models.imports import sources
from bench_models.machine import library_versions
from bench_models.recipes.step import Step

_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


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
