"""A history without variants is shown without the libraries of models, and one with variants without budgets."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.site_project import Project, make

# Of this package and of others: what a light installation lacks, or has no use for.
MODELS = {"budgets", "build", "metrics", "recipes", "reports", "runtimes", "suites"}
LIBRARIES = {"accelerate", "datasets", "matplotlib", "pytest", "tokenizers", "torch", "torchao", "transformers"}

# Imports of the libraries fail, as where they are not installed.
SCRIPT = """
import sys
from pathlib import Path

sys.modules.update(dict.fromkeys({missing}))
from bench_models.site import asv_page
from bench_models.site.build import build

asv_page.copies = lambda _: []
build(Path("asv.conf.json"), None)
print(*sorted(name for name, module in sys.modules.items() if module), file=sys.stderr)
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a project of three commits."""
    return make(tmp_path / "project", commits=3, variants=("baseline", "int8"), suite="rotten_tomatoes")


def publish(project: Project) -> str:
    """Publish in a process of its own; return what it said, and in the last line what it imported."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(missing=sorted(LIBRARIES))],
        cwd=project.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def _rename_parameter(project: Project) -> None:
    """Make the suite one of another kind."""
    file = project.asv / "results" / "benchmarks.json"
    data = json.loads(file.read_text(encoding="utf-8"))
    for described in data.values():
        if isinstance(described, dict):
            described["param_names"] = ["size"]
    file.write_text(json.dumps(data), encoding="utf-8")


def test_history_without_variants_imports_nothing_of_models(project: Project) -> None:
    """Neither a library nor a package of ours that knows models."""
    _rename_parameter(project)
    imported = publish(project).splitlines()[-1].split()

    assert "bench_models.site.publish" in imported
    assert [name for name in imported if name.startswith("bench_models.") and name.split(".")[1] in MODELS] == []
    assert (project.html / "bench-models" / "history-rotten_tomatoes.html").is_file()


def test_variants_are_shown_without_budgets_and_figure(project: Project) -> None:
    """One line says what is left out, and how to get it."""
    said = publish(project)
    page = (project.html / "bench-models" / "index.html").read_text(encoding="utf-8")

    assert (
        len(re.findall("budgets, leaderboards and the trade-off figure are left out, as [a-z]+ is not installed", said))
        == 1
    )
    assert 'pip install --constraint constraints.txt "bench-models[models]"' in said
    assert '<a href="history-rotten_tomatoes--int8.html">int8</a>' in page
    assert "86.7 MiB" in page
    assert '<th scope="col">budget</th>' not in page
    assert "<picture>" not in page
