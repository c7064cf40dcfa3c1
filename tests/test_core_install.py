"""The core alone, without the libraries of the extras, checks any asv suite and publishes any history."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from support import REPOSITORY, site_project
from support.small_suite import HARMLESS, SLOWER, change, write_project

from bench_models import cli
from bench_models.errors import extra_for

_PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
_EXTRA = {name: _PROJECT["optional-dependencies"][name] for name in ("executorch", "models", "onnx", "openvino")}
LIBRARIES = sorted(
    {re.split(r"[^\w-]", each, maxsplit=1)[0] for wanted in _EXTRA.values() for each in wanted} - {"bench-models"}
)
# The rooms of the core's packages that need them: the site imports them for histories with variants only.
OF_MODELS = ("bench_models.site.model_leaderboard", "bench_models.site.model_suite")
CORE = ("asv", "check", "cli", "github", "results_branch", "site", "stats", "verdict")


def test_extras_hold_the_heavy_libraries() -> None:
    """And the core none of them, nor what only the tests need."""
    core = {re.split(r"[^\w-]", each, maxsplit=1)[0] for each in _PROJECT["dependencies"]}
    assert {"torch", "transformers", "datasets", "bitsandbytes", "torchao", "matplotlib", "pytest"} <= {*LIBRARIES}
    assert core.isdisjoint([*LIBRARIES, "pytest-xdist"])


_ABSENT = f"""
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {LIBRARIES}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
"""
_IMPORT_ALL = f"""{_ABSENT}
import importlib, pkgutil
import bench_models

for module in pkgutil.walk_packages(bench_models.__path__, "bench_models."):
    if module.name.split(".")[1] in {CORE} and module.name not in {OF_MODELS}:
        importlib.import_module(module.name)
        print(module.name)
"""


def test_every_module_of_the_core_can_be_imported_without_the_extras(tmp_path: Path) -> None:
    """The contracts of import-linter cannot tell an import of a function from one of a module."""
    done = subprocess.run(
        [sys.executable, "-c", _IMPORT_ALL], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert {name.split(".")[1] for name in done.stdout.split()} == {*CORE}


_METADATA = ['torch==2.13.0; extra == "models"', "numpy>=2.2", 'bench-models[models]; extra == "onnx"']


@pytest.mark.parametrize(
    ("missing", "found"),
    [
        ("torch.nn", ("torch", "models")),
        ("onnx_runtime", ("onnx_runtime", "onnx")),
        ("numpy", None),
        ("a_library_of_the_user", None),
    ],
)
def test_extra_is_that_of_the_metadata(
    monkeypatch: pytest.MonkeyPatch, missing: str, found: tuple[str, str] | None
) -> None:
    """The first that brings the library, however its name is spelt."""
    monkeypatch.setattr("importlib.metadata.requires", lambda _: [*_METADATA, 'onnx.runtime>=1; extra == "onnx"'])
    assert extra_for(ModuleNotFoundError("no", name=missing)) == found


def test_command_without_its_extra_names_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """In one sentence with the line to type; a suite of a user that imports the library is no other case."""
    monkeypatch.setattr("importlib.metadata.requires", lambda _: _METADATA)
    monkeypatch.setitem(sys.modules, "torch", None)
    (tmp_path / "mine.py").write_text("import torch\n", encoding="utf-8")
    assert cli.main(["list", str(tmp_path / "mine.py")]) == 2
    assert capsys.readouterr().err == (
        'bench-models: "list" needs torch, which is not installed: python -m pip install --constraint constraints.txt '
        '"bench-models[models]" (constraints.txt pins what is tested together, and lies in the repository of '
        "bench-models)\n"
    )


def test_budgets_are_enforced_without_what_only_the_tests_need() -> None:
    """The main job runs tests/thresholds, and with it the tests' conftest, in an environment of the extra `models`."""
    only = {re.split(r"[^\w-]", each, maxsplit=1)[0] for each in _PROJECT["optional-dependencies"]["tests"]}
    modules = {
        "PyYAML": "yaml",
        "pytest-httpserver": "pytest_httpserver",
        "pytest-cov": "pytest_cov",
        "pytest-xdist": "xdist",
    }
    absent = sorted({modules.get(name, name) for name in only} - {"bench-models", "packaging"})
    code = (
        f"import sys\nsys.modules.update(dict.fromkeys({absent}))\nimport pytest\n"
        "sys.exit(pytest.main(['--collect-only', '-q', 'tests/thresholds']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=REPOSITORY,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_shell_completes_nothing_where_the_extra_lacks(tmp_path: Path) -> None:
    """A traceback in the middle of a line that is being typed would help nobody."""
    code = f"{_ABSENT}\nfrom bench_models import cli\nsys.exit(cli.main([]))"
    asked = {"_BENCH_MODELS_COMPLETE": "bash_complete", "COMP_WORDS": "bench-models list r", "COMP_CWORD": "2"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=os.environ | asked, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the programs of an environment with the core alone, at the versions of constraints.txt."""
    folder = tmp_path_factory.mktemp("core")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    install = ["-m", "pip", "install", "--quiet", "--constraint", str(REPOSITORY / "constraints.txt"), str(REPOSITORY)]
    subprocess.run([str(folder / "bin" / "python"), *install], check=True)
    return folder / "bin"


def _run(program: Path, *arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    """Run a program of the environment, with nothing of this one."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV_"))}
    return subprocess.run(
        [str(program), *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_core_brings_no_library_of_the_extras(core: Path, tmp_path: Path) -> None:
    """Nor does anything that it needs bring one."""
    code = f"import importlib.util as u; print([name for name in {[*LIBRARIES, 'xdist']} if u.find_spec(name)])"
    assert _run(core / "python", "-c", code, cwd=tmp_path).stdout == "[]\n"


@pytest.mark.slow
def test_core_checks_a_foreign_suite(core: Path, tmp_path: Path) -> None:
    """A planted slow-down is red, and a change that does the same is not."""
    project = write_project(tmp_path / "project")
    for code, status, verdict in ((HARMLESS, 0, {"unchanged", "same"}), (SLOWER, 1, {"regressed"})):
        change(project, code)
        done = _run(core / "bench-models", "check", "main", "--all", "--python", "same", cwd=project)
        assert done.returncode == status, done.stdout + done.stderr
        report = json.loads((project / "results" / "check" / "report.json").read_text(encoding="utf-8"))
        found = {each["benchmark"]: each["verdict"] for each in report["changes"]}
        assert found["rotten_tomatoes.time_total"] in verdict


@pytest.mark.slow
def test_core_publishes_a_history(core: Path, tmp_path: Path) -> None:
    """Of variants, too: with their numbers as asv shows them, and without budgets."""
    project = site_project.make(tmp_path / "project", commits=6, variants=("baseline", "int8"))
    done = _run(core / "bench-models", "site", cwd=project.root)
    assert done.returncode == 0, done.stderr
    page = (project.html / "bench-models" / "index.html").read_text(encoding="utf-8")
    assert '<a href="history-tiny--int8.html">int8</a>' in page


@pytest.mark.slow
@pytest.mark.parametrize("command", [("run",), ("build",), ("export", "x", "--format", "onnx", "--output", "x")])
def test_command_for_models_names_the_extra(core: Path, tmp_path: Path, command: tuple[str, ...]) -> None:
    """On standard error, with the status of bad input."""
    done = _run(core / "bench-models", *command, cwd=tmp_path)
    assert done.returncode == 2
    needs = rf'bench-models: "{command[0]}" needs \w+, which is not installed: python -m pip install '
    advice = r'--constraint constraints\.txt "bench-models\[models\]" \(constraints\.txt [^\n]+\)\n'
    assert re.fullmatch(needs + advice, done.stderr), done.stderr
