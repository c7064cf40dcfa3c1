"""What the documents say is what the code does."""

import ast
import configparser
import re
from importlib.metadata import distribution
from pathlib import Path
from unittest.mock import patch

import pytest
import torch
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from support.tiny_project import write_tiny

from bench_models import machine, suites
from bench_models.cli import program
from bench_models.cli.ci import ci
from bench_models.metrics.scoring import is_emulated, measured_unasked
from bench_models.runtimes.artifact import ArtifactRuntime
from bench_models.suites.suite import Variant

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
OWN_MODEL, OWN_RUNTIME, OWN_TECHNIQUE = re.findall(
    r"```python\n(.*?)```", (ROOT / "docs" / "your_model.md").read_text(encoding="utf-8"), re.DOTALL
)
DOCUMENTS = sorted((*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")))


SUITE = suites.load(suites.DEFAULT)
# Rows whose 16-bit types a CPU with AVX2 alone emulates have their figures from another one.
SIXTEEN_BITS = (ROOT / "docs" / "sixteen_bits.md").read_text(encoding="utf-8")
with patch.object(machine, "_cpu", lambda: ("A CPU of 2013", frozenset({"avx2"}))):
    EMULATED = [row.name for row in SUITE.variants if is_emulated(SUITE, row)]
# They get budgets when trainings of them are recorded.
WITHOUT_BUDGET = [row.name for row in SUITE.variants[1:] if isinstance(row.runtime, ArtifactRuntime)]
WITH_BUDGET = [name for name in SUITE.names[1:] if name not in WITHOUT_BUDGET]


def test_only_rows_that_wait_for_recorded_trainings_lack_a_budget() -> None:
    """And the baseline, which has nothing to be judged against."""
    lacking = [variant.name for variant in SUITE.variants if variant.budget is None]
    assert lacking == [SUITE.baseline.name, *WITHOUT_BUDGET]


def test_readme_shows_every_row_of_the_default_suite() -> None:
    """With what was measured; those in 16 bits are in a document of their own."""
    rows, others = (
        [row for row in re.findall(r"^\| ([\w-]+) +\|", text, re.MULTILINE) if row != "variant"]
        for text in (README, SIXTEEN_BITS)
    )
    assert rows == [name for name in SUITE.names if name not in EMULATED]
    assert EMULATED
    assert set(EMULATED) <= set(others)


def test_readme_says_how_many_rows_there_are_and_are_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that the main job takes unasked, all of them, and how many trainings these have besides the baseline's."""
    own = {stage for row in SUITE.variants for stage in SUITE.lineage(row.name) if stage is not SUITE.baseline}
    trainings = sum(any(step.trained for step in row.steps) for row in own)
    words = {6: "six", 7: "seven", 8: "eight"}
    assert f"# {len(SUITE.quick)} rows: the baseline" in README
    monkeypatch.setattr(machine, "_cpu", lambda: ("A CPU of 2013", frozenset({"avx2"})))
    assert f"# {len(measured_unasked(SUITE))} on a CPU without arithmetic for the 16-bit types" in README
    assert f"# or all {len(SUITE.names)}, behind {words[trainings]} more trainings" in README


@pytest.mark.parametrize("name", WITH_BUDGET)
def test_budget_holds_what_the_readme_shows_and_notices_a_twentieth_of_the_size(name: str) -> None:
    """What loss of accuracy it notices is a question of how trainings scatter (tests/tools/test_retraining.py)."""
    shown = SIXTEEN_BITS if name in EMULATED else README
    (line,) = (line for line in shown.splitlines() if line.startswith(f"| {name} "))
    cells = [cell.strip() for cell in line.split("|")]
    drop, reduction = float(cells[10].removesuffix(" points")), float(cells[4].removesuffix(" %"))
    budget = suites.load(suites.DEFAULT)[name].budget
    assert budget is not None
    # The table rounds.
    assert drop - 0.01 <= budget.max_accuracy_drop_points
    assert reduction + 0.1 >= budget.min_size_reduction_pct >= reduction - 0.05 * (100 - reduction)


@pytest.mark.parametrize("theme", ["", "-dark"])
def test_figure_is_of_the_report_that_the_readme_shows(theme: str) -> None:
    """Its description has the same numbers, row by row."""
    drawn = (ROOT / "docs" / f"figure{theme}.svg").read_text(encoding="utf-8")
    (commit,) = re.findall(r"^# rotten-tomatoes at (\w{8})$", README, re.MULTILINE)
    rows = [line.split("|")[1:-1] for line in README.splitlines() if " MiB | " in line]

    assert f"of the variants of rotten-tomatoes at {commit}</title>" in drawn
    assert len(rows) == len(SUITE.names) - len(EMULATED)
    for name, _, size, _, _, latency, speed_up, _, accuracy, *_ in ([cell.strip() for cell in row] for row in rows):
        times, ratio, share = (cell.partition(" (")[0] for cell in (latency, speed_up, accuracy))
        assert f"{name}: {times}, speed-up {ratio.removesuffix(' x')}, accuracy {share}, {size}, " in drawn


@pytest.mark.usefixtures("_benchmarks_are_forgotten")
def test_own_model_of_the_documents_is_a_suite(
    tmp_path: Path, tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The block is a whole file: it loads, by its path."""
    write_tiny(tmp_path, tiny_checkpoint).unlink()
    file = tmp_path / "my_model.py"
    file.write_text(OWN_MODEL, encoding="utf-8")
    monkeypatch.syspath_prepend(str(ROOT))

    assert suites.load(str(file)).names == ["baseline", "int8"]


def test_rows_in_a_runtime_of_the_documents_are_rows() -> None:
    """The block runs, and its rows run in what the text says."""
    names: dict[str, object] = {}
    exec(OWN_RUNTIME, names)  # noqa: S102  # the page's own code
    rows = [names[name] for name in ("FP32", "INT8", "OPENVINO", "SMALL")]
    assert [str(row.runtime) for row in rows if isinstance(row, Variant)] == [
        "ONNX Runtime",
        "ONNX Runtime, dynamic INT8",
        "OpenVINO, float16 weights",
        "ONNX Runtime, dynamic INT8, INT4 embeddings",
    ]


def test_own_technique_of_the_documents_is_a_step() -> None:
    """The block defines a class that does what its docstring says."""
    names: dict[str, object] = {"__name__": __name__}
    exec(OWN_TECHNIQUE, names)  # noqa: S102  # the page's own code
    kind = names["RoundWeights"]
    assert isinstance(kind, type)
    model = kind(step=0.25).apply(torch.nn.Linear(8, 8), None)

    assert torch.equal(model.weight, (model.weight * 4).round() / 4)


def test_every_command_that_is_named_exists() -> None:
    """``bench-models ...`` and ``tox -e ...``, in all documents."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini", encoding="utf-8")
    environments = {section.removeprefix("testenv:") for section in tox.sections()}

    assert set(re.findall(r"tox -e (\w+)", text)) <= environments
    assert set(re.findall(r"^ +bench-models (\w+)", text, re.MULTILINE)) <= program.commands.keys()
    assert set(re.findall(r"`(?:bench-models )?ci ([\w-]+)", text)) <= ci.commands.keys()


# How tests name 16-bit types, the steps that take them, and what the CPU's flags decide.
_SIXTEEN_BITS = re.compile(r"\b(?:b?float16|bf16|fp16|Cast|LLMInt8|Quantize4Bit|mixed_precision|emulated)\b")
# Of exports that one, as each takes seconds.
_OF_EXPORTS = "::test_what_a_format_can_carry_is_written_loaded_and_compared"
# Scores in other processes, which meet the true CPU.
_OF_OTHER_PROCESSES = Path("tests/metrics/test_scoring.py")


def test_what_computes_in_16_bits_is_tried_as_on_both_kinds_of_cpu() -> None:
    """``tox -e bf16`` names, for its second run, each module of tests that computes and names such a type."""
    (second,) = re.findall(r"--bf16=without (.*?)\n\n", (ROOT / "tox.ini").read_text(encoding="utf-8"), re.DOTALL)
    named = [each.removesuffix(_OF_EXPORTS) for each in second.split() if each.startswith("tests/")]
    modules = {path.relative_to(ROOT): path for path in (ROOT / "tests").rglob("test_*.py")}
    computing = {name for name, path in modules.items() if _computes_in_16_bits(path)} - {_OF_OTHER_PROCESSES}

    assert all((ROOT / each).exists() for each in named)
    assert [name for name in computing if not any(name.is_relative_to(each) for each in named)] == []
    assert len(computing) > 8


def _computes_in_16_bits(path: Path) -> bool:
    """Say whether a module of tests imports torch or takes a builder, and names a 16-bit type."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    taken = {
        argument.arg for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) for argument in node.args.args
    }
    computes = "torch" in _imported(tree) or not taken.isdisjoint({"builder", "untrained_builder", "context"})
    return computes and bool(_SIXTEEN_BITS.search(text))


def _imported(tree: ast.Module) -> set[str]:
    """Return the packages that a module imports, wherever it does."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_of_documents_lead_somewhere(document: Path) -> None:
    """To a file of the repository, where they name no other place."""
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", document.read_text(encoding="utf-8"))
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (document.parent / link).exists()] == []


def test_index_names_every_document() -> None:
    """In docs/README.md, with what it says."""
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in (ROOT / "docs").glob("*.md") if f"]({path.name})" not in index] == ["README.md"]


def test_architecture_names_every_package() -> None:
    """And none that is gone."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = {name for row in re.findall(r"^\| (`.+?) \|", text, re.MULTILINE) for name in re.findall(r"`(\w+)", row)}
    packages = {path.name for path in (ROOT / "bench_models").iterdir() if (path / "__init__.py").is_file()}
    assert packages <= named
    modules = {path.stem for path in (ROOT / "bench_models").glob("*.py")}
    assert named <= packages | modules


def test_constraints_pin_everything_that_is_installed() -> None:
    """Every package that this one needs, directly or not, has exactly one version."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]

    assert all(str(pin.specifier).startswith("==") for pin in pins)
    assert _needed("bench-models", {"tests"}) - {"bench-models"} <= {canonicalize_name(pin.name) for pin in pins}


def _needed(name: str, extras: set[str]) -> set[str]:
    """Return the names of a package and of all that it needs on this machine."""
    found: set[str] = set()
    pending = [(name, frozenset(extras))]
    seen = set()
    while pending:
        package, wanted = pending.pop()
        if (package, wanted) in seen:
            continue
        seen.add((package, wanted))
        found.add(package)
        for requirement in map(Requirement, distribution(package).requires or ()):
            marker = requirement.marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in {"", *wanted}):
                pending.append((canonicalize_name(requirement.name), frozenset(requirement.extras)))
    return found
