"""The gate fires: a commit for each kind of fault that a model repository knows, and the check of it."""

from pathlib import Path
from typing import NamedTuple

import pytest
from support.checking import Run, check, judged, measured, verdicts
from support.tiny_project import TINY_BENCHMARKS, TINY_SUITE, TRAINING, commit_all, edited, sentences

from bench_models import suites
from bench_models.sources.corpora import LocalSentences

pytestmark = pytest.mark.slow

# Words that the tiny tokenizer does not know, so that what matters comes after the eighth token.
_OPENING = "as far as anybody can tell"
_MANNERS = ("quietly", "at once", "again", "today")

_PADDED = """            width = 128 - batch.input_ids.shape[1]
            batch = Batch(
                input_ids=np.pad(batch.input_ids, ((0, 0), (0, width))),
                attention_mask=np.pad(batch.attention_mask, ((0, 0), (0, width))),
            )
            with torch.inference_mode():
"""
_ATTENTION_ONLY = (
    "linear = {name for name, module in model.named_modules() if isinstance(module, torch.nn.Linear)}\n"
    '            names = {name for name in linear if "attention" in name}\n'
    "            quantized: nn.Module = quantize_dynamic(model, names, dtype=torch.qint8)"
)
_QUANTIZE = "quantized: nn.Module = quantize_dynamic(model, {torch.nn.Linear}, dtype=torch.qint8)"


@pytest.fixture
def gated(project: Path) -> Path:
    """Return the tiny project with longer sentences, more of them, and a variant of each kind."""
    rows = [
        f"{_OPENING} {text.removesuffix(' quietly')} {manner},{label}"
        for text, label in sentences()
        if text.endswith("quietly")
        for manner in _MANNERS
    ]
    folder = project / "benchmarks"
    (folder / "sentences.csv").write_text("\n".join(("text,label", *rows)) + "\n", encoding="utf-8")
    suite = edited(TINY_SUITE, TRAINING, "FineTune(learning_rate=5e-3, max_epochs=10)")
    suite = edited(suite, 'starts_from="pruned"', 'starts_from="baseline"')
    (folder / "tiny.py").write_text(suite + TINY_BENCHMARKS, encoding="utf-8")
    commit_all(project, "Say more")
    return project


def edit(project: Path, file: str, old: str, new: str) -> None:
    """Commit a change of one place."""
    text = (project / file).read_text(encoding="utf-8")
    (project / file).write_text(edited(text, old, new), encoding="utf-8")
    commit_all(project, f"Change {file}")


def judged_methods(
    bench_models: Run, project: Path, *options: str, **environment: str
) -> tuple[int, dict[str, str], str]:
    """Check the latest commit; the verdicts are those of one class, known by its methods."""
    status, found, printed = judged(bench_models, project, *options, **environment)
    return status, {name.rpartition(".")[2]: verdict for name, verdict in found.items()}, printed


def test_forward_pass_padded_to_full_length_is_slower(bench_models: Run, gated: Path) -> None:
    """The model computes on what the mask then hides."""
    edit(gated, "bench_models/runtimes/eager.py", "            with torch.inference_mode():\n", _PADDED)
    status, found, printed = judged_methods(bench_models, gated, "--bench", r"tiny.Latency.time_offline\('baseline'")
    assert status == 1, printed
    assert {*found.values()} == {"regressed"}
    assert "% slower" in printed


def test_faults_of_two_variants_are_told_apart(bench_models: Run, gated: Path) -> None:
    """Quantization skips the feed-forward layers, so that INT8 is larger; pruning raises, and the report says why."""
    edit(gated, "bench_models/recipes/quantize_dynamic.py", _QUANTIZE, _ATTENTION_ONLY)
    raising = '        raise ValueError("no layers")\n        for linear in'
    edit(gated, "bench_models/recipes/prune.py", "        for linear in", raising)
    status, report, printed = check(bench_models, gated, "HEAD~2", "HEAD", "--bench", "tiny.Figures")
    found = {name.rpartition(".")[2]: verdict for name, verdict in verdicts(report).items()}
    assert status == 1, printed
    assert found["track_size 'int8'"] == "regressed"
    assert {found[f"track_{name} 'pruned'"] for name in ("size", "accuracy", "sparsity")} == {"regressed"}
    assert found["track_accuracy 'int8'"] == found["track_size 'baseline'"] == "unchanged"
    assert "no layers" in printed


def test_fp32_weights_beside_the_int8_ones_are_found(bench_models: Run, gated: Path) -> None:
    """The forward pass does not show them; the artifact does."""
    kept = f'{_QUANTIZE}\n            quantized.add_module("original", model)'
    edit(gated, "bench_models/recipes/quantize_dynamic.py", _QUANTIZE, kept)
    status, found, printed = judged_methods(bench_models, gated, "--bench", "tiny.Figures")
    assert status == 1, printed
    assert {found[f"track_{name} 'int8'"] for name in ("size", "naive_size", "parameters")} == {"regressed"}
    assert found["track_accuracy 'int8'"] == "unchanged"


def test_inputs_cut_to_eight_tokens_cost_accuracy_sentence_by_sentence(bench_models: Run, gated: Path) -> None:
    """The report shows sentences that were right before."""
    edit(gated, "bench_models/tokenizer.py", "MAX_TOKENS = 128", "MAX_TOKENS = 8")
    status, found, printed = judged_methods(bench_models, gated, "--bench", "tiny.Figures")
    assert status == 1, printed
    assert found["track_accuracy 'baseline'"] == "regressed"
    assert f"| right to wrong | {_OPENING}" in " ".join(printed.split())


def test_change_of_the_documentation_is_not_measured(bench_models: Run, gated: Path) -> None:
    """The suite knows where it lies, so that each row is observed; all of them read the package's metadata."""
    with (gated / "README.md").open("a", encoding="utf-8") as file:
        file.write("Read this.\n")
    commit_all(gated, "Edit the docs")
    asked = r"tiny.Figures|tiny.Latency.time_offline\('baseline'"
    status, report, printed = check(bench_models, gated, "HEAD~1", "HEAD", "--bench", asked)
    assert status == 0, printed
    assert len(verdicts(report)) == 3 * 8 + 1  # accuracy and error rate are one outcome and one test
    assert {*verdicts(report).values()} == {"unchanged"}
    assert not measured(report), printed


def test_technique_of_the_real_model_costs_its_own_rows_accuracy(
    bench_models: Run, project: Path, users_store: Path
) -> None:
    """It prunes twice as much: the pruned row loses, and no other is measured."""
    edit(project, "bench_models/recipes/prune.py", '"weight", amount=self.amount', '"weight", amount=2 * self.amount')
    rows = ("baseline", "int8-dynamic", "pruned30")
    figures = rf"Figures.track_accuracy\('({'|'.join(rows)})'\)"
    times = r"Latency.time_single_stream\('baseline'\)"
    asked = rf"rotten_tomatoes\.({figures}|{times})"
    environment = {"BENCH_MODELS_HOME": str(users_store), suites.ROWS: " ".join(rows)}
    status, report, printed = check(bench_models, project, "HEAD~1", "HEAD", "--bench", asked, **environment)
    found = verdicts(report)
    assert (status, len(found)) == (1, len(rows) + 1), printed
    worse = "rotten_tomatoes.Figures.track_accuracy 'pruned30'"
    assert found.pop(worse) == "regressed"
    assert measured(report) == {worse}, printed
    assert {*found.values()} == {"unchanged"}


# The feed-forward layers' first products stay in fp32, as an operator does that a new release cannot quantize.
_DYNAMICALLY = """    quantize_dynamic(
        plain,
        file,
"""
_LEFT_OUT = f"""{_DYNAMICALLY}        nodes_to_exclude=[
            node.name
            for node in __import__("onnx").load(plain).graph.node
            if node.op_type == "MatMul" and "intermediate" in node.name
        ],
"""


@pytest.fixture
def served(gated: Path) -> Path:
    """Return the project with a row in ONNX Runtime."""
    file = gated / "benchmarks" / "tiny.py"
    row = (
        'Variant(name="served", starts_from="baseline", steps=(), runtime=OnnxRuntime(quantization="int8-dynamic")),\n'
    )
    suite = edited(file.read_text(encoding="utf-8"), "    ),\n)", f"        {row}    ),\n)")
    imported = "from bench_models.runtimes.onnx_runtime import OnnxRuntime\nfrom bench_models.sources.checkpoints"
    suite = edited(suite, "from bench_models.sources.checkpoints", imported)
    suite += "\n\nclass RuntimeFigures(measures.RuntimeFigures):\n    suite = SUITE\n"
    file.write_text(suite, encoding="utf-8")
    commit_all(gated, "Serve a row")
    return gated


def test_row_that_falls_back_to_floating_point_is_red_whatever_the_clock_says(bench_models: Run, served: Path) -> None:
    """By the kernels that ran; it is served, timed and scored on both sides, and answers as before."""
    edit(served, "bench_models/runtimes/onnx_graph.py", _DYNAMICALLY, _LEFT_OUT)
    asked = r"tiny.RuntimeFigures|tiny.Latency.time_offline\('served'|track_(int8_share|size|accuracy)\('served'"
    status, report, printed = check(bench_models, served, "HEAD~1", "HEAD", "--bench", asked)
    found = {name.rpartition(".")[2]: verdict for name, verdict in verdicts(report).items()}
    assert status == 1, printed
    assert found["track_int8_share 'served'"] == found["track_size 'served'"] == "regressed"
    assert found["track_runtime_agreement 'served'"] == found["track_accuracy 'served'"] == "unchanged"
    assert "tiny.Latency.time_offline 'served'" in measured(report)
    assert "track_logit_difference 'served'" not in found


# A step whose arithmetic lies where no key can find it: the module's name is computed.
_HIDDEN = """
from dataclasses import dataclass
from importlib import import_module

from bench_models.recipes.step import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden(Step):
    def apply(self, model, context):
        import_module("benchmarks." + "arithmetic").shrink(model)
        return model
"""
_ARITHMETIC = """
import torch


def shrink(model):
    with torch.no_grad():
        model.classifier.weight *= 0.0
"""


@pytest.fixture
def planted(gated: Path) -> Path:
    """Return the project with one more row, whose step reaches its code in a way that no key follows."""
    folder = gated / "benchmarks"
    (folder / "hidden.py").write_text(_HIDDEN, encoding="utf-8")
    (folder / "arithmetic.py").write_text(_ARITHMETIC, encoding="utf-8")
    suite = (folder / "tiny.py").read_text(encoding="utf-8")
    row = 'Variant(name="hidden", starts_from="baseline", steps=(Hidden(),), budget=BUDGET),\n    ),\n)'
    imported = "from pathlib import Path\n\nfrom benchmarks.hidden import Hidden"
    suite = edited(edited(suite, "    ),\n)", f"        {row}"), "from pathlib import Path", imported)
    (folder / "tiny.py").write_text(suite, encoding="utf-8")
    commit_all(gated, "Hide a step")
    return gated


class Line(NamedTuple):
    """A line that is changed, and what a check says of which figure then."""

    file: str
    old: str
    new: str
    figure: str
    verdict: str


# In each of these commits, no line changes the figure by which another one is known.
_LINES = {
    "code that no key follows": (
        Line("benchmarks/arithmetic.py", "*= 0.0", "+= 1.0", "sparsity 'hidden'", "regressed"),
    ),
    "a table of variants, and the scorecard": (
        Line("benchmarks/tiny.py", "PruneL1(amount=0.5)", "PruneL1(amount=0.1)", "sparsity 'pruned'", "regressed"),
        Line(
            "bench_models/metrics/scorecard.py",
            "artifact_bytes(model) if folder is None",
            "naive_bytes(model) if folder is None",
            "size 'int8'",
            "improved",
        ),
    ),
    "the walk of recipes, and a benchmark": (
        Line(
            "bench_models/build.py",
            "return stage.step.apply(model, context)",
            "return stage.step.apply(model, context) if stage.step.trained else model",
            "sparsity 'pruned'",
            "regressed",
        ),
        Line(
            "benchmarks/measures.py",
            "return metrics.SIZE.of(prepared.card(variant))",
            "return 2 * metrics.SIZE.of(prepared.card(variant))",
            "size 'baseline'",
            "regressed",
        ),
    ),
}


@pytest.mark.parametrize("lines", _LINES.values(), ids=_LINES.keys())
def test_line_that_makes_figures_is_judged_wherever_it_stands(
    bench_models: Run, planted: Path, lines: tuple[Line, ...]
) -> None:
    """By the figure that it changes; a step's own arithmetic is planted above."""
    for line in lines:
        edit(planted, line.file, line.old, line.new)
    asked = ("--bench", r"tiny.Figures.track_(size|sparsity)\(")
    status, report, printed = check(bench_models, planted, f"HEAD~{len(lines)}", "HEAD", *asked)
    found = {name.rpartition(".")[2].removeprefix("track_"): verdict for name, verdict in verdicts(report).items()}
    assert (status, {line.figure: found[line.figure] for line in lines}) == (
        1,
        {line.figure: line.verdict for line in lines},
    ), printed
    assert "Each side ran its own suite." in printed


def test_sentence_of_the_test_split_that_changes_makes_accuracy_incomparable(bench_models: Run, gated: Path) -> None:
    """Each side reads its own file; the check says that it cannot compare, and sizes are judged all the same."""
    file = gated / "benchmarks" / "sentences.csv"
    text = LocalSentences(path=file).load(gated).test[0].text
    edit(gated, "benchmarks/sentences.csv", f"{text},", f"{text} truly,")
    asked = r"tiny.Figures.track_(size|accuracy)\('baseline'"
    status, found, printed = judged_methods(bench_models, gated, "--bench", asked)
    assert (status, found) == (2, {"track_size 'baseline'": "unchanged", "track_accuracy 'baseline'": "failed"}), (
        printed
    )
    assert "the sides answer different examples" in printed
