"""An observed process tells all that its figure depends on: whatever a commit changes there is seen."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import observed

import bench_models

# How a function can come by its number: in its own code, or by way of code that runs when its module is imported.
_IN_BODY = {
    "plain": "def {name}():\n    return {value} + {callees}\n",
    "closure": "def {name}():\n    def inner():\n        return {value}\n    return inner() + {callees}\n",
    "lambda": "def {name}():\n    return (lambda: {value})() + {callees}\n",
    "comprehension": "def {name}():\n    return sum([{value} for _ in range(1)]) + {callees}\n",
    "generator": "def {name}():\n    def numbers():\n        yield {value}\n    return sum(numbers()) + {callees}\n",
    "thread": (
        "def {name}():\n    import threading\n    found = []\n"
        "    thread = threading.Thread(target=lambda: found.append({value}))\n"
        "    thread.start()\n    thread.join()\n    return found[0] + {callees}\n"
    ),
    "method": (
        "class Of_{name}:\n    def number(self):\n        return {value}\n\n\n"
        "def {name}():\n    return Of_{name}().number() + {callees}\n"
    ),
    "property": (
        "class Of_{name}:\n    @property\n    def number(self):\n        return {value}\n\n\n"
        "def {name}():\n    return Of_{name}().number + {callees}\n"
    ),
    "generated": "def {name}():\n    return eval('lambda: {value}')() + {callees}\n",
    "text": "def {name}():\n    return len('x' * {value}) + {callees}\n",
}
_AT_IMPORT = {
    "constant": "C_{name} = {value}\n\n\ndef {name}():\n    return C_{name} + {callees}\n",
    "default": "def {name}(number={value}):\n    return number + {callees}\n",
    "keyword": "def {name}(*, number={value}):\n    return number + {callees}\n",
    "attribute": "class Of_{name}:\n    number = {value}\n\n\ndef {name}():\n    return Of_{name}.number + {callees}\n",
    "decorator": (
        "def adding_{name}(number):\n    return lambda function: lambda: function() + number\n\n\n"
        "@adding_{name}({value})\ndef {name}():\n    return {callees}\n"
    ),
    "registered": "NUMBERS = globals().get('NUMBERS', {{}})\nNUMBERS['{name}'] = {value}\n\n\n"
    "def {name}():\n    return NUMBERS['{name}'] + {callees}\n",
    "set": "S_{name} = frozenset(({value}, -1))\n\n\ndef {name}():\n    return max(S_{name}) + {callees}\n",
}
_ELSEWHERE = {
    "data": (
        "def {name}():\n    import json\n    from pathlib import Path\n"
        "    return json.loads((Path(__file__).parent / '{name}.json').read_text()) + {callees}\n"
    ),
    "late": "def {name}():\n    from late_{name} import NUMBER\n    return NUMBER + {callees}\n",
    "listed": (
        "def {name}():\n    from pathlib import Path\n"
        "    return len(list((Path(__file__).parent / 'listed_{name}').iterdir())) + {callees}\n"
    ),
}
_KINDS = _IN_BODY | _AT_IMPORT | _ELSEWHERE


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function of a generated project: how it comes by its number, and which functions before it it calls."""

    kind: str
    module: int
    callees: tuple[int, ...]


@st.composite
def projects(draw: st.DrawFn) -> list[Function]:
    """Draw a project: each function in one of three modules, calling some of those before it."""
    functions: list[Function] = []
    for number in range(draw(st.integers(2, 6))):
        callees = draw(st.sets(st.integers(0, number - 1), max_size=2)) if number else set()
        kind, module = draw(st.sampled_from(sorted(_KINDS))), draw(st.integers(0, 2))
        functions.append(Function(kind=kind, module=module, callees=tuple(sorted(callees))))
    return functions


def write(folder: Path, functions: Sequence[Function], values: Sequence[int]) -> None:
    """Write a project: its modules, the files that they read, and a suite with a benchmark for each function."""
    modules = dict.fromkeys(range(3), "")
    for number, (function, value) in enumerate(zip(functions, values, strict=True)):
        name = f"f{number}"
        callees = "+".join(f"__import__('m{functions[each].module}').f{each}()" for each in function.callees) or "0"
        modules[function.module] += _KINDS[function.kind].format(name=name, value=value, callees=callees) + "\n\n"
        (folder / f"{name}.json").write_text(str(value), encoding="utf-8")
        (folder / f"late_{name}.py").write_text(f"NUMBER = {value}\n", encoding="utf-8")
        (folder / f"listed_{name}").mkdir()
        for each in range(value):
            (folder / f"listed_{name}" / str(each)).touch()
    for module, text in modules.items():
        (folder / f"m{module}.py").write_text(text, encoding="utf-8")
    calls = "".join(
        f"def track_{number}():\n    return m{function.module}.f{number}()\n\n\n"
        for number, function in enumerate(functions)
    )
    (folder / "suite.py").write_text(f"import m0, m1, m2\n\n\n{calls}", encoding="utf-8")


def seen(folder: Path) -> dict[str, dict[str, Any]]:
    """Return what each benchmark of a project returns, and what it can depend on."""
    environment = {"PYTHONPATH": str(Path(bench_models.__file__).parents[1]), "PYTHONHASHSEED": "0"}
    command = [sys.executable, observed.__file__, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return found


def unlike(base: dict[str, Any], head: dict[str, Any]) -> bool:
    """Say whether what two observations can depend on differs."""
    return any(base[part] != head[part] for part in ("code", "files")) or bool(base["unseen"] or head["unseen"])


def reaches(functions: Sequence[Function], start: int, target: int) -> bool:
    """Say whether a function calls another one, at any distance, or is it."""
    return start == target or any(reaches(functions, each, target) for each in functions[start].callees)


# Each example is two processes.
@settings(max_examples=25)
@given(functions=projects(), changed=st.integers(0, 5), by=st.integers(1, 3))
def test_change_is_seen_by_each_benchmark_that_runs_it(functions: list[Function], changed: int, by: int) -> None:
    """Whatever form the changed number has; where only a function's body changed, nobody else sees it."""
    changed %= len(functions)
    values = [3] * len(functions)
    with TemporaryDirectory() as base, TemporaryDirectory() as head:
        write(Path(base), functions, values)
        values[changed] += by
        write(Path(head), functions, values)
        before, after = seen(Path(base)), seen(Path(head))
    for number in range(len(functions)):
        name = f"track_{number}"
        differs = unlike(before[name], after[name])
        runs = reaches(functions, number, changed)
        assert (before[name]["value"] != after[name]["value"]) == runs
        assert differs or not runs
        if functions[changed].kind in _IN_BODY | _ELSEWHERE:
            assert differs == runs


@settings(max_examples=10)
@given(functions=projects())
def test_same_project_in_another_folder_is_the_same(functions: list[Function]) -> None:
    """With comments, other line numbers and docstrings."""
    with TemporaryDirectory() as base, TemporaryDirectory() as head:
        for folder in (base, head):
            write(Path(folder), functions, [3] * len(functions))
        for module in Path(head).glob("m?.py"):
            text = module.read_text(encoding="utf-8").replace("():\n", "():\n    # Why.\n\n")
            module.write_text(f"# A comment.\n\n{text}", encoding="utf-8")
        before, after = seen(Path(base)), seen(Path(head))
    assert not [name for name in before if unlike(before[name], after[name])]


# What HEAD changes is the first text, into the second one; each changes what the benchmark returns.
_HIDDEN = {
    "size of a file": (
        "import os\n\n\ndef track_0():\n    return os.path.getsize(__file__.replace('suite.py', 'data.bin'))\n",
        ("data.bin", "x", "xxx"),
    ),
    "size of a file by pathlib": (
        "from pathlib import Path\n\n\ndef track_0():\n"
        "    return (Path(__file__).parent / 'data.bin').stat().st_size\n",
        ("data.bin", "x", "xxx"),
    ),
    "sizes of listed files": (
        "import os\n\n\ndef track_0():\n"
        "    return sum(each.stat().st_size for each in os.scandir(os.path.dirname(__file__)))\n",
        ("data.bin", "x", "xxx"),
    ),
    "code of a function as data": (
        "import marshal\nimport part\n\n\ndef track_0():\n    return len(marshal.dumps(part.work.__code__))\n",
        ("part.py", "def work():\n    return 1\n", "def work():\n    return 1 + len('x')\n"),
    ),
    "signature of a function": (
        "import inspect\nimport part\n\n\ndef track_0():\n    return len(inspect.signature(part.work).parameters)\n",
        (
            "part.py",
            "class A:\n    def work(self, a): pass\nwork = A().work\n",
            "class A:\n    def work(self, a, b): pass\nwork = A().work\n",
        ),
    ),
    "source of a function": (
        "import inspect\nimport part\n\n\ndef track_0():\n    return len(inspect.getsource(part.work))\n",
        ("part.py", "def work():\n    return 1\n", "def work():\n    # Why.\n    return 1\n"),
    ),
    "docstring": (
        "import part\n\n\ndef track_0():\n    return len(part.work.__doc__)\n",
        ("part.py", "def work():\n    'One.'\n", "def work():\n    'One and a half.'\n"),
    ),
    "functions of one name swapped": (
        "import part\n\n\ndef track_0():\n    return part.KEYS['a'](1) * 10 + part.KEYS['b'](1)\n",
        ("part.py", "KEYS = {'a': lambda x: x, 'b': lambda x: -x}\n", "KEYS = {'a': lambda x: -x, 'b': lambda x: x}\n"),
    ),
    "comprehensions swapped": (
        "import part\n\n\ndef track_0():\n    return part.work([1, 2, -3])\n",
        (
            "part.py",
            "def work(x):\n    a = [w for w in x if w > 0]\n    b = [w for w in x if w < 0]\n    return len(a)\n",
            "def work(x):\n    a = [w for w in x if w < 0]\n    b = [w for w in x if w > 0]\n    return len(a)\n",
        ),
    ),
    "order of a set": (
        "import part\n\n\ndef track_0():\n    return part.first()\n",
        (
            "part.py",
            "def first():\n    for each in {0, 8}:\n        return each\n",
            "def first():\n    for each in {8, 0}:\n        return each\n",
        ),
    ),
    "code that runs with a library's globals": (
        "import textwrap\nimport part\n\n\ndef track_0():\n    textwrap.dedent('a')\n"
        "    exec(part.__loader__.get_code('part'), vars(textwrap))\n    return textwrap.work()\n",
        ("part.py", "def work():\n    return 1\n", "def work():\n    return 2\n"),
    ),
    "what is imported anew": (
        "import sys\nimport part\n\n\ndef track_0():\n    del sys.modules['part']\n    import part\n"
        "    return len(part.__loader__.get_code('part').co_consts[0].co_code)\n",
        ("part.py", "def unused():\n    return 1\n", "def unused():\n    return 1 + len('x')\n"),
    ),
    "module that is imported in the benchmark": (
        "def track_0():\n    import part\n    return len(part.__loader__.get_code('part').co_consts[0].co_code)\n",
        ("part.py", "def unused():\n    return 1\n", "def unused():\n    return 1 + len('x')\n"),
    ),
}


@pytest.mark.parametrize("kind", _HIDDEN)
def test_what_is_read_without_being_opened_or_entered_is_seen(tmp_path: Path, kind: str) -> None:
    """Sizes, code as data, docstrings, functions of the same name, imports that are measured."""
    suite, (name, *texts) = _HIDDEN[kind]
    found = []
    for number, text in enumerate(texts):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "suite.py").write_text(suite, encoding="utf-8")
        (folder / name).write_text(text, encoding="utf-8")
        found.append(seen(folder)["track_0"])
    assert found[0]["value"] != found[1]["value"]
    assert unlike(*found)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("import subprocess; return len(subprocess.run(['true']).args)", "it starts another process"),
        ("import os; return os.system('true')", "it starts another process"),
        (
            "import os\n    if os.fork() == 0:\n        os._exit(0)\n    return os.wait()[1]",
            "it starts another process",
        ),
        (
            "import multiprocessing\n    with multiprocessing.get_context('spawn').Pool(1) as pool:\n"
            "        return sum(pool.map(abs, [1]))",
            "it starts another process",
        ),
        ("import _thread; _thread.start_new_thread(abs, (1,)); return 1", "it starts a thread without threading"),
        ("import _thread; _thread.start_new(abs, (1,)); return 1", "it starts a thread without threading"),
        ("import sys; sys.settrace(lambda *_: None); sys.settrace(None); return 1", "it calls sys.settrace"),
        ("import sys; sys.addaudithook(lambda *_: None); return 1", "it calls sys.addaudithook"),
        ("import threading; threading.setprofile(None); return 1", "it sets a profiler of its own"),
        ("import sys; sys.setprofile(None); return 1", "it calls sys.setprofile"),
        ("open(__file__ + '.txt', 'w').close(); return 1", "it writes to tree/suite.py.txt"),
    ],
)
def test_what_cannot_be_followed_is_named(tmp_path: Path, body: str, why: str) -> None:
    """Another process, a thread that Python does not announce, a profiler in place of ours, a file that is written."""
    (tmp_path / "suite.py").write_text(f"def track_0():\n    {body}\n", encoding="utf-8")
    assert why in seen(tmp_path)["track_0"]["unseen"]


def test_library_that_asks_what_the_interpreter_is_can_be_followed(tmp_path: Path) -> None:
    """It is the same on both sides; to ask of another file starts another process, which is named."""
    asks = "import platform\nBITS = platform.architecture()\nMACHINE = platform.processor()\n\n\n"
    other = "def track_1():\n    return len(platform.architecture('/bin/sh'))\n"
    (tmp_path / "suite.py").write_text(f"{asks}def track_0():\n    return len(BITS)\n\n\n{other}", encoding="utf-8")
    found = seen(tmp_path)
    assert found["track_0"]["unseen"] == []
    assert found["track_1"]["unseen"] == ["it starts another process"]


def test_source_that_is_read_as_data_counts_with_its_comments(tmp_path: Path) -> None:
    """Unless its reader declares that it reads syntax only."""
    readers = {"plain": "", "syntax": "__reads_syntax__ = True\n"}
    found: dict[str, list[dict[str, Any]]] = {}
    for kind, declared in readers.items():
        for comment in ("one", "two"):
            folder = tmp_path / kind / comment
            folder.mkdir(parents=True)
            read = "def track_0():\n    return len(open(__file__.replace('suite', 'source')).read())\n"
            (folder / "suite.py").write_text(declared + read, encoding="utf-8")
            (folder / "source.py").write_text(f"# {comment}\nX = 1\n", encoding="utf-8")
            found.setdefault(kind, []).append(seen(folder)["track_0"])
    assert unlike(*found["plain"])
    assert not unlike(*found["syntax"])
