"""Digests of code tell apart what computes differently, and nothing else."""

from pathlib import Path
from types import CodeType

import pytest

from bench_models.check.worker import digests


def code(source: str, *, of: str | None = None) -> CodeType:
    """Return a module's code, or that of a function or class in it."""
    module = compile(source, "module.py", "exec")
    if of is None:
        return module
    return next(each for each in module.co_consts if isinstance(each, CodeType) and each.co_name == of)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("def f():\n    return 1", "def f():\n    return 2"),
        ("def f():\n    return 1", "def f():\n    return True"),
        ("def f():\n    return 1", "def f():\n    return 1.0"),
        ("def f():\n    return 0.0", "def f():\n    return -0.0"),
        ("def f():\n    return g()", "def f():\n    return h()"),
        ("def f():\n    return x.g", "def f():\n    return x.h"),
        ("def f():\n    return g(a=1)", "def f():\n    return g(b=1)"),
        ("def f(a, b):\n    return a - b", "def f(b, a):\n    return a - b"),
        ("def f(a, b):\n    return a - b", "def f(a, b):\n    return b - a"),
        ("def f(a):\n    return a", "def f(*a):\n    return a"),
        ("def f(a):\n    return a", "def f(*, a):\n    return a"),
        ("def f(a):\n    return a < 1", "def f(a):\n    return a <= 1"),
        ("def f(a):\n    return a in {1, 2}", "def f(a):\n    return a in {1, 3}"),
        ("def f():\n    return 'a'", "def f():\n    return b'a'"),
        ("def f():\n    return g(1, 2)", "def f():\n    return g((1, 2))"),
        ("def f():\n    yield 1", "def f():\n    return 1"),
        (
            "def f():\n    try:\n        g()\n    except A:\n        h()",
            "def f():\n    try:\n        g()\n    except B:\n        h()",
        ),
        (
            "def f():\n    g()\n    try:\n        h()\n    finally:\n        k()",
            "def f():\n    try:\n        g()\n        h()\n    finally:\n        k()",
        ),
        ("def f():\n    'text'\n    return f.__doc__", "def f():\n    'text'\n    return f.__name__"),
    ],
)
def test_functions_that_compute_differently_have_unlike_digests(one: str, other: str) -> None:
    """Constants of other types, names, arguments, order, exceptions."""
    assert digests.of_code(code(one, of="f")) != digests.of_code(code(other, of="f"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("X = 1", "X = 2"),
        ("def f(a=1): pass", "def f(a=2): pass"),
        ("def f(*, a=1): pass", "def f(*, a=2): pass"),
        ("def f(a: int): pass", "def f(a: str): pass"),
        ("@g\ndef f(): pass", "@h\ndef f(): pass"),
        ("class A(B): pass", "class A(C): pass"),
        ("import a", "import b"),
        ("from a import b", "from a import c"),
        ("def f(): pass", "def g(): pass"),
        ("__doc__ = g()", "__doc__ = h()"),
        ("S = frozenset({1, 2})", "S = frozenset({1, 3})"),
    ],
)
def test_bodies_that_define_differently_have_unlike_digests(one: str, other: str) -> None:
    """Constants, defaults, annotations, decorators, bases, imports, names."""
    assert digests.of_code(code(one)) != digests.of_code(code(other))


@pytest.mark.parametrize(
    ("one", "other", "of"),
    [
        ("def f():\n    return 1", "\n\n# Why.\ndef f():\n    'What.'\n\n    return 1", "f"),
        ("def f():\n    'One.'\n    return 1", "def f():\n    'Two.'\n    return 1", "f"),
        ("'One.'\nX = 1", "'Two.'\n\n\nX = 1", None),
        ("class A:\n    'One.'\n    x = 1", "class A:\n    'Two.'\n\n    x = 1", "A"),
        ("def f():\n    return 1", "def f():\n    return 2", None),
        ("class A:\n    def f(self):\n        return 1", "class A:\n    def f(self):\n        return 2", "A"),
    ],
)
def test_comments_lines_docstrings_and_what_lies_within_make_no_difference(
    one: str, other: str, of: str | None
) -> None:
    """A function in a body counts where it runs."""
    assert digests.of_code(code(one, of=of)) == digests.of_code(code(other, of=of))


def test_missing_file_an_empty_file_and_a_folder_are_not_the_same(tmp_path: Path) -> None:
    """Each may be what a benchmark looks for."""
    (tmp_path / "empty").touch()
    (tmp_path / "folder").mkdir()
    assert len({digests.of_file(str(tmp_path / name)) for name in ("empty", "folder", "missing")}) == len("123")


@pytest.mark.parametrize(
    ("name", "text", "alike"),
    [
        ("code/shapes-1.dist-info/METADATA", "Version: 1\n\nShapes, all of them.\n", True),
        ("code/shapes-1.dist-info/METADATA", "Version: 2\n\nShapes.\n", False),
        ("code/shapes-1.dist-info/RECORD", "Version: 1\n\nShapes, all of them.\n", False),
        ("code/shapes/METADATA", "Version: 1\n\nShapes, all of them.\n", False),
        ("code/shapes/data/other-1.dist-info/METADATA", "Version: 1\n\nShapes, all of them.\n", False),
        ("tree/other-1.dist-info/METADATA", "Version: 1\n\nShapes, all of them.\n", False),
        ("cache/other-1.dist-info/METADATA", "Version: 1\n\nShapes, all of them.\n", False),
    ],
)
def test_long_description_of_what_is_installed_makes_no_difference(
    tmp_path: Path, name: str, text: str, *, alike: bool
) -> None:
    """It is the README, and who asks for the version of what is installed reads it, too; elsewhere it is data."""
    found = []
    for each in ("Version: 1\n\nShapes.\n", text):
        (tmp_path / "file").write_text(each, encoding="utf-8")
        found.append(digests.of_file(str(tmp_path / "file"), name=name))
    assert (found[0] == found[1]) == alike
