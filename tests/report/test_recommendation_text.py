"""A recommendation in words, for the real rows of the default suite."""

from typing import Any

import pytest
from support.drawing import REAL, document, unmeasured

from bench_models.errors import BenchModelsError
from bench_models.report.document import read, report_of
from bench_models.report.recommendation_text import recommended


def _said(priority: str, tolerance: float, kept: dict[str, Any] | None = None) -> str:
    return recommended(report_of(kept, "kept") if kept else read(REAL), priority, tolerance)


def test_recommendation_says_what_why_and_what_would_change_it() -> None:
    """With its figures: the choice, the tie, the others, the larger tolerance."""
    said = _said("speed", 2.7)

    assert said.startswith("# rotten-tomatoes at e0aaa9ee: ship int8-dynamic\n")
    assert "int8-dynamic is among the fastest: 1.98 x (1.63 to 2.40), 55.9 MiB (35.5 % smaller)" in said
    assert "cannot be told apart from pruned30-int8 and student3; what it is preferred to is larger" in said
    assert "* student2: may lose 3.11 points (1.02 here)\n" in said
    assert "* student3: tied, and larger: 66.4 MiB\n" in said
    assert "* bf16: slower: 0.41 x (0.34 to 0.49)\n" in said
    assert "By the point alone it would be student2" in said
    assert "about 1,700 test sentences instead of 1,083 would show it" in said
    assert "From `--accuracy-tolerance 3.12` on it is student2" in said


@pytest.mark.parametrize("priority", ["speed", "accuracy", "size", "balanced"])
@pytest.mark.parametrize("tolerance", [0.3, 1.0, 2.0, 5.0, 50.0])
def test_each_row_has_its_line(priority: str, tolerance: float) -> None:
    """The one that is shipped in the title, the others below with a reason."""
    title, _, rest = _said(priority, tolerance).partition("\n")
    passed_over = rest.partition("Passed over:")[2].partition("What would change the answer:")[0]
    named = [line.removeprefix("* ").partition(": ")[0] for line in passed_over.splitlines() if line]
    chosen = title.rpartition(" ")[2]

    assert [line.name for line in read(REAL).variants if line.name != chosen] == named


def test_tie_of_accuracies_has_no_better_point_below_it() -> None:
    """What loses less than the choice is tied with it, and the best of them is named."""
    said = _said("accuracy", 3.2)

    assert "student2 is among the most accurate" in said
    assert "* bf16: tied, and slower: 0.41 x (0.34 to 0.49)\n" in said
    assert "* neurons50: less accurate: 1.57 points lost\n" in said
    assert "The best of them by its point is heads50, with 0.37 points gained." in said


def test_negative_loss_is_a_gain() -> None:
    """Wherever it is told: beside the limit, in the choice with its interval turned round, and by its point."""
    said = _said("speed", 0.3)

    assert "* heads50: may lose 0.93 points (0.37 gained here)\n" in said
    assert "79.9 MiB (7.8 % smaller), 0.37 points gained (-0.93 to 1.67)." in said
    assert "it would be heads50, which gains 0.37 points here, but may lose 0.93 elsewhere" in said


def test_figures_that_are_compared_are_told_apart() -> None:
    """By as many decimals as that takes; the other figure is that of the best, not of what a tie was broken for."""
    kept = document()
    exact = {"value": 1.004, "low": 1.004, "high": 1.004, "level": 0.95}
    kept["variants"][1] |= {"speed_up_single_stream_ratio": exact, "size_bytes": kept["variants"][0]["size_bytes"]}

    assert "* baseline: worse balanced: 1.000, not 1.002\n" in _said("balanced", 0.3, kept)
    assert "* baseline: worse balanced: 1.00, not 1.12\n" in _said("balanced", 2.0)


def test_printed_tolerance_leads_to_the_printed_answer() -> None:
    """It is rounded up."""
    assert "From `--accuracy-tolerance 3.12` on it is student2" in _said("speed", 2.7)
    assert _said("speed", 3.12).splitlines()[0].endswith("ship student2")


def test_unmeasured_row_is_passed_over_with_its_reason() -> None:
    """And the others are compared without it."""
    kept = document()
    kept["variants"][3] = unmeasured(kept["variants"][3], "no such kernel")

    assert "* int8-dynamic: not measured: no such kernel\n" in _said("size", 1.0, kept)


def test_unmeasured_baseline_leaves_nothing_to_recommend() -> None:
    """Nothing can be compared with it."""
    kept = document()
    kept["variants"][0] = unmeasured(kept["variants"][0], "out of memory")
    with pytest.raises(BenchModelsError, match=r"the baseline of rotten-tomatoes was not measured .*: out of memory"):
        _said("size", 1.0, kept)


def test_no_variant_within_the_tolerance_is_one_sentence() -> None:
    """1,083 sentences cannot show that nothing is lost."""
    with pytest.raises(
        BenchModelsError, match=r"no variant keeps an accuracy tolerance of 0 points: the closest is bf16"
    ):
        _said("balanced", 0.0)
