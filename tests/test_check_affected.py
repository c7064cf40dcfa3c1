"""A check measures the benchmarks that a change can affect, and says why it leaves out the others."""

from pathlib import Path

import pytest
from support.checking import Run, check, measured, verdicts
from support.tiny_project import asv_project, commit_all, git

from bench_models.check.affected import notes_reading

pytestmark = pytest.mark.slow

_SHAPES = '''
import json
from pathlib import Path

SIDES = 4
NAMES = str(Path(__file__).parent / "names.json")


def length(number):
    return 10 + number


def square(side):
    """Return an area."""
    return [side * side for _ in range(4_000)][-1]


def circle(radius):
    return [3.14 * radius * radius for _ in range(4_000)][-1]


def named():
    return json.loads(Path(NAMES).read_text())
'''
_SUITE = """
import ctypes
import os

import shapes


def time_square():
    shapes.square(2)


def track_square():
    return shapes.square(2)


def track_circle():
    return shapes.circle(2)


def track_names():
    return len(shapes.named())


def track_native():
    file = ctypes.CDLL(None).open(shapes.NAMES.encode(), os.O_RDONLY)
    text = ctypes.create_string_buffer(1000)
    return ctypes.CDLL(None).read(file, text, 1000)


class Prepared:
    def setup_cache(self):
        for number in range(shapes.SIDES):
            with open(f"{number}.txt", "w") as file:
                file.write("x" * shapes.length(number))
        return {"sides": shapes.SIDES}

    def track_sides(self, cache):
        return cache["sides"]

    def track_first(self, cache):
        return len(open("0.txt").read())

    def track_second(self, cache):
        return len(open("1.txt").read())


time_square.margin = 10.0
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a repository with a package, documentation, data, an asv suite and one commit, ``base``."""
    files = {
        "shapes/__init__.py": _SHAPES,
        "shapes/names.json": '["square", "circle"]',
        "suite/areas.py": _SUITE,
        "README.md": "# Shapes\n",
        "docs/index.md": "# Shapes\n",
        "tests/test_shapes.py": "def test_nothing():\n    pass\n",
    }
    root = asv_project(tmp_path / "project", files)
    commit_all(root, "Draw")
    git("tag", "base", cwd=root)
    return root


def change(project: Path, file: str, old: str, new: str) -> None:
    """Commit a file with a text replaced."""
    path = project / file
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    commit_all(project, "Change")


def add_benchmark(project: Path, text: str) -> None:
    """Commit a benchmark at the end of the suite."""
    suite = project / "suite" / "areas.py"
    suite.write_text(suite.read_text(encoding="utf-8") + text, encoding="utf-8")
    commit_all(project, "Add a benchmark")


# Builds a package of one module, whose version tells the commit, as those that derive it from git do.
_BACKEND = """
import os
import shutil
import subprocess
import zipfile


def build_wheel(folder, settings=None, metadata=None):
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], stdout=-1, text=True, check=True).stdout.strip()
    version = os.environ.get("SETUPTOOLS_SCM_PRETEND_VERSION_FOR_MY_SHAPES", f"0.1.dev1+g{commit}")
    name = f"my_shapes-{version}"
    about = {
        "METADATA": f"Metadata-Version: 2.1\\nName: my-shapes\\nVersion: {version}\\n",
        "WHEEL": "Wheel-Version: 1.0\\nGenerator: backend\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
        "RECORD": "",
    }
    with zipfile.ZipFile(os.path.join(folder, f"{name}-py3-none-any.whl"), "w") as wheel:
        for file in os.listdir("shapes"):
            if not file.startswith("__pycache__"):
                wheel.write(f"shapes/{file}")
        wheel.writestr("shapes/version.py", f"VERSION = {version!r}\\n")
        for file, text in about.items():
            wheel.writestr(f"{name}.dist-info/{file}", text)
    return f"{name}-py3-none-any.whl"
"""
_PROJECT = """
[build-system]
requires = ["setuptools_scm[toml]>=8"]
build-backend = "backend"
backend-path = ["."]

[project]
name = "my-shapes"
dynamic = ["version"]
"""

PREPARED = {f"areas.Prepared.track_{name}" for name in ("sides", "first", "second")}
EXACT = {f"areas.track_{name}" for name in ("square", "circle", "names", "native")} | PREPARED


@pytest.mark.parametrize(
    ("file", "edit", "expected"),
    [
        ("README.md", ("Shapes", "All shapes"), set()),
        ("docs/index.md", ("Shapes", "All shapes"), set()),
        ("tests/test_shapes.py", ("pass", "assert True"), set()),
        ("shapes/__init__.py", ("Return an area.", "Return the area."), set()),
        ("shapes/__init__.py", ("def circle", "# Round.\ndef circle"), set()),
        ("shapes/__init__.py", ("3.14", "3.142"), {"areas.track_circle"}),
        ("shapes/__init__.py", ("side * side", "side ** 2"), {"areas.track_square"}),
        ("shapes/names.json", ('"circle"', '"disc"'), {"areas.track_names", "areas.track_native"}),
        ("shapes/__init__.py", ("10 + number", "10 + number * 2"), {"areas.Prepared.track_second"}),
        ("shapes/__init__.py", ("SIDES = 4", "SIDES = 5"), EXACT),
        ("suite/areas.py", ("shapes.circle(2)", "shapes.circle(2.0)"), {"areas.track_circle"}),
        ("shapes/more.bin", ("", "1"), EXACT),
    ],
)
def test_what_a_change_cannot_affect_is_unchanged_without_being_measured(
    bench_models: Run, project: Path, file: str, edit: tuple[str, str], expected: set[str]
) -> None:
    """Documentation and tests affect nothing, a function who calls it, a constant all, and an unknown file, too."""
    change(project, file, *edit)
    if not notes_reading(project):  # then whoever could have read a file has
        expected = {"shapes/names.json": EXACT}.get(file, PREPARED if "10 + number" in edit else expected)
    _, report, printed = check(bench_models, project, "base", "--bench", "track")
    assert measured(report) == expected, printed
    assert set(verdicts(report)) == EXACT
    rest = [row for row in report["changes"] if row["benchmark"] not in expected]
    assert {row["verdict"] for row in rest} <= {"unchanged"}
    assert all("changed" in row["reason"] for row in rest)
    assert set(report.get("unaffected", ())) == EXACT - expected


@pytest.mark.parametrize("is_pinned", [False, True])
def test_version_that_is_derived_from_git_affects_nothing(bench_models: Run, project: Path, *, is_pinned: bool) -> None:
    """Both sides have BASE's; a version that a commit states is part of the change."""
    (project / "backend.py").write_text(_BACKEND, encoding="utf-8")
    requires = _PROJECT.replace("setuptools_scm[toml]>=8", "setuptools") if is_pinned else _PROJECT
    (project / "pyproject.toml").write_text(requires, encoding="utf-8")
    change(project, "shapes/__init__.py", "SIDES = 4", "from .version import VERSION\n\nSIDES = 4")
    change(project, "shapes/__init__.py", "3.14", "3.142")
    isolation = {"PIP_NO_BUILD_ISOLATION": "false"}
    _, report, printed = check(bench_models, project, "HEAD~1", "--bench", "track", **isolation)
    assert measured(report) == (EXACT if is_pinned else {"areas.track_circle"}), printed
    assert ("my-shapes" in report["changed_libraries"]) is is_pinned
    assert ("the sides differ in their environments: my-shapes 0.1.dev1+g" in printed) is is_pinned


def test_slow_down_in_what_is_measured_is_red(bench_models: Run, project: Path) -> None:
    """And the first line says what was left out."""
    change(
        project,
        "shapes/__init__.py",
        "_ in range(4_000)][-1]\n\n\ndef circle",
        "_ in range(6_000)][-1]\n\n\ndef circle",
    )
    status, report, printed = check(bench_models, project, "base")
    assert (status, verdicts(report)["areas.time_square"]) == (1, "regressed"), printed
    assert "nothing that changed can affect 6 of them, which were not measured" in report["sentence"]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("import subprocess\n    subprocess.run(['true'])", "it starts another process, which cannot be followed"),
        ("open('/dev/fd/1')\n    import sys\n    assert sys.getprofile() is None", "it fails under observation"),
    ],
)
def test_what_cannot_be_observed_is_measured(bench_models: Run, project: Path, body: str, why: str) -> None:
    """And the log says why."""
    change(project, "suite/areas.py", "", f"def time_odd():\n    {body}\n\n\ntime_odd.margin = 50.0\n")
    change(project, "shapes/__init__.py", "3.14", "3.142")
    _, report, printed = check(bench_models, project, "HEAD~1")
    assert measured(report) == {"areas.track_circle", "areas.time_odd"}, printed
    assert verdicts(report)["areas.time_odd"] in {"unchanged", "undecided"}
    assert why in printed


def test_suite_that_cannot_be_observed_at_all_is_measured(bench_models: Run, project: Path) -> None:
    """It ends its process where it is profiled; the check goes on without knowing what the change can affect."""
    change(project, "suite/areas.py", "import ctypes\n", "import ctypes\nimport sys\n")
    ends = "import shapes\n\nif sys.getprofile():\n    os._exit(3)\n"
    change(project, "suite/areas.py", "import shapes\n", ends)
    change(project, "shapes/__init__.py", "3.14", "4.14")
    status, report, printed = check(bench_models, project, "HEAD~1", "--bench", "track_(square|circle)")
    assert measured(report) == {"areas.track_square", "areas.track_circle"}, printed
    assert status == 1
    assert "so everything is measured: HEAD cannot import the suite" in printed or "BASE cannot import" in printed


def test_audit_measures_all_and_says_whether_the_shortcut_was_right(bench_models: Run, project: Path) -> None:
    """A benchmark that chooses its code at random can depend on what a single run does not enter."""
    by_chance = (
        "\n\ndef track_chance():\n    import os\n"
        "    return shapes.circle(1) if os.getpid() % 97 else shapes.square(1)\n"
    )
    add_benchmark(project, by_chance)
    change(project, "README.md", "Shapes", "All shapes")
    _, report, printed = check(bench_models, project, "HEAD~1", "--audit", "--bench", "track")
    assert measured(report) == EXACT | {"areas.track_chance"}, printed
    assert set(report["unaffected"]) == EXACT | {"areas.track_chance"}
    assert (
        "Nothing that changed can affect 8 benchmarks, measured all the same: none of them was seen to change."
        in printed
    )


def test_mentioned_document_is_no_longer_inert(bench_models: Run, project: Path) -> None:
    """A benchmark that reads the README depends on it."""
    reads = (
        "\n\ndef track_readme():\n    from pathlib import Path\n"
        "    return len((Path(__file__).parents[1] / 'README.md').read_text())\n"
    )
    add_benchmark(project, reads)
    change(project, "README.md", "Shapes", "All shapes")
    status, report, printed = check(bench_models, project, "HEAD~1")
    assert measured(report) == {"areas.track_readme"}, printed
    assert (status, verdicts(report)["areas.track_readme"]) == (1, "regressed")


def test_shards_agree_about_what_is_left_out(bench_models: Run, project: Path) -> None:
    """Each measures what it can see the change to affect, and the verdict is that of the whole."""
    change(project, "shapes/__init__.py", "3.14", "3.142")
    folders = []
    for shard in ("1/2", "2/2"):
        folders.append(project / "shards" / shard[0])
        check(bench_models, project, "base", "--shard", shard, "--output", str(folders[-1]))
    done = bench_models("merge", *map(str, folders), "--output", str(project / "merged"), cwd=project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing that changed can affect 7 of them, which were not measured" in done.stdout
