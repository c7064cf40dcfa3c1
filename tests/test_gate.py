"""The gate fires: a commit for each kind of fault that a model repository knows, and the check of it."""

from pathlib import Path

import pytest
from checking import Run, judged
from tiny_project import TINY_BENCHMARKS, TINY_SUITE, TRAINING, commit_all, edited, sentences

from bench_models import suites

pytestmark = pytest.mark.slow

# Words that the tiny tokenizer does not know, so that what matters comes after the eighth token.
_OPENING = "as far as anybody can tell"
_MANNERS = ("quietly", "at once", "again", "today")

_PADDED = """        width = 128 - batch.input_ids.shape[1]
        batch = Batch(
            input_ids=np.pad(batch.input_ids, ((0, 0), (0, width))),
            attention_mask=np.pad(batch.attention_mask, ((0, 0), (0, width))),
        )
        with self._inference_mode():
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
    """Every variant computes on what the mask then hides."""
    edit(gated, "bench_models/runtimes/eager.py", "        with self._inference_mode():\n", _PADDED)
    status, found, printed = judged_methods(bench_models, gated, "--bench", "tiny.Latency")
    assert status == 1, printed
    assert {verdict for name, verdict in found.items() if "offline" in name} == {"regressed"}
    assert "% slower" in printed


def test_quantization_that_skips_the_feed_forward_layers_is_larger(bench_models: Run, gated: Path) -> None:
    """They stay in fp32, in that variant alone."""
    edit(gated, "bench_models/recipes/quantize.py", _QUANTIZE, _ATTENTION_ONLY)
    status, found, printed = judged_methods(bench_models, gated, "--bench", "tiny.Figures")
    assert status == 1, printed
    assert found["track_size 'int8'"] == "regressed"
    assert {found[f"track_size '{name}'"] for name in ("baseline", "pruned")} == {"unchanged"}


def test_variant_that_raises_is_a_regression_that_says_why(bench_models: Run, gated: Path) -> None:
    """And the other variants are judged."""
    edit(
        gated,
        "bench_models/recipes/prune.py",
        "        for linear in",
        '        raise ValueError("no layers")\n        for linear in',
    )
    status, found, printed = judged_methods(bench_models, gated, "--bench", "tiny.Figures")
    assert status == 1, printed
    assert {found[f"track_{name} 'pruned'"] for name in ("size", "accuracy", "sparsity")} == {"regressed"}
    assert found["track_accuracy 'int8'"] == "unchanged"
    assert "no layers" in printed


def test_fp32_weights_beside_the_int8_ones_are_found(bench_models: Run, gated: Path) -> None:
    """The forward pass does not show them; the artifact does."""
    kept = f'{_QUANTIZE}\n            quantized.add_module("original", model)'
    edit(gated, "bench_models/recipes/quantize.py", _QUANTIZE, kept)
    status, found, printed = judged_methods(bench_models, gated, "--bench", "tiny.Figures")
    assert status == 1, printed
    assert {found[f"track_{name} 'int8'"] for name in ("size", "naive_size", "parameters")} == {"regressed"}
    assert found["track_accuracy 'int8'"] == "unchanged"


def test_inputs_cut_to_eight_tokens_cost_accuracy_sentence_by_sentence(bench_models: Run, gated: Path) -> None:
    """The report shows sentences that were right before."""
    edit(gated, "bench_models/tokens.py", "MAX_TOKENS = 128", "MAX_TOKENS = 8")
    status, found, printed = judged_methods(bench_models, gated, "--bench", "tiny.Figures")
    assert status == 1, printed
    assert found["track_accuracy 'baseline'"] == "regressed"
    assert f"| right to wrong | {_OPENING}" in " ".join(printed.split())


def test_change_of_the_documentation_stays_green(bench_models: Run, gated: Path) -> None:
    """All benchmarks, latencies included."""
    (gated / "README.md").write_text("Read this.\n", encoding="utf-8")
    commit_all(gated, "Edit the docs")
    status, found, printed = judged_methods(bench_models, gated, "--bench", "tiny")
    assert status == 0, printed
    assert len(found) == 3 * 7  # accuracy and error rate are one outcome and one test


def test_stronger_pruning_of_the_real_model_costs_accuracy(bench_models: Run, project: Path, users_store: Path) -> None:
    """60 % instead of 30 %: both rows that are pruned lose, the others do not. Of those that CI has trained."""
    edit(project, "bench_models/suites/rotten_tomatoes.py", "PruneL1(amount=0.3)", "PruneL1(amount=0.6)")
    rows = ("baseline", "int8-dynamic", "pruned30", "pruned30-int8", "student3")
    asked = rf"rotten_tomatoes.Figures.track_accuracy\('({'|'.join(rows)})'\)"
    environment = {"BENCH_MODELS_HOME": str(users_store), suites.ROWS: " ".join(rows)}
    status, found, printed = judged_methods(bench_models, project, "--bench", asked, **environment)
    assert status == 1, printed
    assert len(found) == len(rows)
    pruned = ("pruned30", "pruned30-int8")
    assert {found[f"track_accuracy '{name}'"] for name in pruned} == {"regressed"}
    assert {verdict for name, verdict in found.items() if not any(f"'{each}'" in name for each in pruned)} == {
        "unchanged"
    }


def test_recipe_inside_the_suite_is_judged_with_own_suites_and_named_without(bench_models: Run, gated: Path) -> None:
    """The rule of asv hides such a change: the suite is HEAD's on both sides."""
    edit(gated, "benchmarks/tiny.py", "PruneL1(amount=0.5)", "PruneL1(amount=0.9)")
    hidden, found, printed = judged_methods(bench_models, gated, "--bench", "tiny.Figures.track_sparsity")
    assert (hidden, found["track_sparsity 'pruned'"]) == (0, "unchanged")
    assert "The suite changed (benchmarks/tiny.py): HEAD's ran on both sides" in printed
    _, found, printed = judged_methods(bench_models, gated, "--bench", "tiny.Figures.track_sparsity", "--own-suites")
    assert found["track_sparsity 'pruned'"] == "improved"
    assert "Each side ran its own suite." in printed
