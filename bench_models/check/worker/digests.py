"""Digests of code and files, which tell whether two commits run and read the same. Standard library only."""

from __future__ import annotations

import ast
import dis
import hashlib
import inspect
import os
import re
import stat
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ABSENT = "absent"

_HAS_DOCSTRING = 0x4000000  # a flag of Python 3.13
# What the compiler stores in the body of a class or module, and nothing runs.
_ABOUT = frozenset({"__doc__", "__firstlineno__"})
# Directly in the folder of what is installed, as both sides call it: elsewhere it is somebody's data.
_METADATA = re.compile(r"code/[^/]+\.dist-info/METADATA")
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def of_code(code: CodeType, *, whole: bool = False) -> str:
    """Return a digest of what a function or the body of a class or module does, without docstring, lines and file.

    Functions and classes within it count by their name, as what they do counts where they run. They count with what
    they do if ``whole`` is asked for, or if two have the same name: then it matters which is where.
    """
    kept, dropped = _instructions(code)
    used = {each.arg for each in kept if _loads_constant(each)}
    unused = {each.arg for each in dropped} | ({0} if _may_hold_docstring(code) else set())
    names = [each.co_name for each in code.co_consts if isinstance(each, CodeType)]
    in_full = {name for name in names if whole or names.count(name) > 1}

    def constant(value: object) -> object:
        return _constant(value, in_full, whole=whole)

    made = hashlib.sha256()
    about = (
        getattr(code, "co_qualname", code.co_name),
        (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount),
        code.co_flags & ~_HAS_DOCSTRING,
        (code.co_varnames, code.co_freevars, code.co_cellvars),
        getattr(code, "co_exceptiontable", b""),
        # All of them, as some instructions take one without that dis would say so.
        tuple(constant(each) for index, each in enumerate(code.co_consts) if index in used or index not in unused),
    )
    for part in (about, *((each.opname, _argument(each, constant)) for each in kept)):
        made.update(repr(part).encode("utf-8", "surrogatepass") + b"\n")
    return made.hexdigest()[:32]


def _instructions(code: CodeType) -> tuple[list[dis.Instruction], list[dis.Instruction]]:
    """Return the instructions of code, without those that store a constant that only describes it, and these."""
    kept: list[dis.Instruction] = []
    dropped: list[dis.Instruction] = []
    for each in dis.get_instructions(code):
        if each.opname == "STORE_NAME" and each.argval in _ABOUT and kept and _loads_constant(kept[-1]):
            dropped.append(kept.pop())
        else:
            kept.append(each)
    return kept, dropped


def _argument(each: dis.Instruction, constant: Callable[[object], object]) -> object:
    return constant(each.argval) if _loads_constant(each) else each.argrepr or each.arg


def loads_docstring(code: CodeType) -> bool:
    """Say whether code reads a docstring."""
    words = {"__doc__", "getdoc"}
    return any(each.argval in words for each in dis.get_instructions(code) if each.opname.startswith("LOAD_"))


def _loads_constant(each: dis.Instruction) -> bool:
    return each.opcode in dis.hasconst or each.opname == "LOAD_SMALL_INT"


def _may_hold_docstring(code: CodeType) -> bool:
    """Say whether the first constant may be a function's docstring, or stand for one that is not there."""
    is_function = bool(code.co_flags & inspect.CO_OPTIMIZED)
    return is_function and bool(code.co_consts) and isinstance(code.co_consts[0], str | None)


def _constant(value: object, in_full: set[str], *, whole: bool) -> object:
    """Return a constant so that what differs has another ``repr``: 1 is not True, and sets are iterated in an order."""
    if isinstance(value, CodeType):
        return "code", value.co_name, of_code(value, whole=True) if whole or value.co_name in in_full else ""
    if isinstance(value, tuple | frozenset):
        return type(value).__name__, tuple(_constant(each, in_full, whole=whole) for each in value)
    return type(value).__name__, repr(value)


def of_file(path: str, *, as_syntax: bool = False, name: str = "") -> str:
    """Return a digest of what a file holds.

    ``name`` is what both sides call it: of an installed package's metadata, the long description does not count, as
    whoever asks for a version reads it, too.
    """
    file = Path(path)
    if file.is_dir():
        return of_listing(path)
    try:
        content = file.read_bytes()
    except OSError:
        return ABSENT
    if _METADATA.fullmatch(name):
        content = content.partition(b"\n\n")[0]
    if as_syntax and file.suffix == ".py":
        content = _syntax(content)
    return hashlib.sha256(content).hexdigest()[:32]


def of_look(path: str, *, with_size: bool) -> str:
    """Return what a look at a file tells: that it is absent, or its kind, and perhaps its mode and size."""
    try:
        seen = os.lstat(path)
    except OSError:
        return ABSENT
    kind = oct(stat.S_IFMT(seen.st_mode))
    size = seen.st_size if stat.S_ISREG(seen.st_mode) else 0  # that of a folder depends on its history
    return f"{kind} {oct(seen.st_mode)} {size}" if with_size else kind


def of_listing(path: str, *, with_sizes: bool = False) -> str:
    """Return a digest of the names in a folder, and perhaps of what a look at each tells."""
    try:
        names = sorted(os.listdir(path))  # noqa: PTH208  # names, not paths
    except OSError:
        return ABSENT
    if with_sizes:
        names = [f"{name} {of_look(os.path.join(path, name), with_size=True)}" for name in names]  # noqa: PTH118
    return hashlib.sha256("/".join(("folder", *names)).encode("utf-8", "surrogateescape")).hexdigest()[:32]


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
