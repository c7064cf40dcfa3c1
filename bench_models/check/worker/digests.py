"""Digests of code and files, which tell whether two commits run and read the same. Standard library only."""

from __future__ import annotations

import ast
import dis
import hashlib
import os
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ABSENT = "absent"

_HAS_DOCSTRING = 0x4000000  # a flag of Python 3.13
# What the compiler stores in the body of a class or module, and nothing runs.
_ABOUT = frozenset({"__doc__", "__firstlineno__"})
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def of_code(code: CodeType) -> str:
    """Return a digest of a function's or body's instructions, without its docstring, line numbers and file.

    Functions and classes within it count by their name: what they do counts where they run.
    """
    made = hashlib.sha256()
    about = (
        getattr(code, "co_qualname", code.co_name),
        (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount),
        code.co_flags & ~_HAS_DOCSTRING,
        (code.co_varnames, code.co_freevars, code.co_cellvars),
        getattr(code, "co_exceptiontable", b""),
    )
    for part in (about, *_instructions(code)):
        made.update(repr(part).encode("utf-8", "surrogatepass") + b"\n")
    return made.hexdigest()[:32]


def _instructions(code: CodeType) -> Iterator[tuple[str, object]]:
    """Yield the instructions of code, without the storing of constants that only describe it."""
    held: dis.Instruction | None = None
    for each in dis.get_instructions(code):
        if held is not None and not (each.opname == "STORE_NAME" and each.argval in _ABOUT):
            yield _instruction(held)
        elif held is not None:
            held = None
            continue
        held = each if each.opname in {"LOAD_CONST", "LOAD_SMALL_INT"} else None
        if held is None:
            yield _instruction(each)
    if held is not None:
        yield _instruction(held)


def _instruction(each: dis.Instruction) -> tuple[str, object]:
    if each.opcode in dis.hasconst:
        return each.opname, _constant(each.argval)
    return each.opname, each.argrepr or each.arg


def _constant(value: object) -> object:
    """Return a constant so that what differs has another ``repr``: 1 is not True, and sets have no order."""
    if isinstance(value, CodeType):
        return "code", value.co_name
    if isinstance(value, tuple):
        return tuple(map(_constant, value))
    if isinstance(value, frozenset):
        return "set", sorted(repr(_constant(each)) for each in value)
    return type(value).__name__, repr(value)


def of_file(path: str, *, as_syntax: bool = False) -> str:
    """Return a digest of what a file holds; of a package's metadata without the long description."""
    file = Path(path)
    try:
        content = file.read_bytes()
    except IsADirectoryError:
        return of_listing(path)
    except OSError:
        return ABSENT
    if file.name == "METADATA" and file.parent.suffix == ".dist-info":
        content = content.partition(b"\n\n")[0]
    if as_syntax and file.suffix == ".py":
        content = _syntax(content)
    return hashlib.sha256(content).hexdigest()[:32]


def of_listing(path: str) -> str:
    """Return a digest of the names in a folder."""
    try:
        names = sorted(os.listdir(path))  # noqa: PTH208  # names, not paths
    except OSError:
        return ABSENT
    return hashlib.sha256("\0".join(names).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _syntax(content: bytes) -> bytes:
    """Return a module's syntax tree as text, without docstrings; what cannot be parsed is returned as it is."""
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError):
        return content
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return ast.dump(tree).encode("utf-8", "surrogatepass")
