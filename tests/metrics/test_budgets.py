"""A budget is kept or broken where the sentences show it, and open where they do not."""

import pytest

from bench_models.metrics.budgets import BudgetLine, Status, fails, judge, worst
from bench_models.metrics.scorecard import Scorecard
from bench_models.suites.suite import Budget


def _card(lost: int = 0, won: int = 0, size_bytes: int = 500, *, sentences: int = 1000, equal: int = 0) -> Scorecard:
    """Return a card that differs from the baseline's in ``lost + won`` test sentences; ``equal`` more are alike."""
    answers = [0] * lost + [1] * (sentences - lost)
    if won:
        answers[-won:] = [0] * won
    truth = (1,) * (sentences - sentences // 8) + (0,) * (sentences // 8)
    return Scorecard(
        parameters=1,
        size_bytes=size_bytes,
        naive_size_bytes=1,
        sparsity=0.0,
        answers=tuple(answers),
        truth=truth,
        elsewhere=(1,) * equal,
    )


def _judged(budget: Budget, card: Scorecard) -> dict[str, BudgetLine]:
    baseline = _card(size_bytes=1000, sentences=len(card.truth), equal=len(card.elsewhere))
    return {line.figure: line for line in judge(budget, baseline, card)}


@pytest.mark.parametrize(
    ("lost", "won", "sentences", "status"),
    [
        (0, 0, 1000, "kept"),
        (10, 0, 1000, "kept"),
        (20, 10, 1000, "kept"),
        (40, 20, 1000, "open"),  # 2 points, which may be more than 3 elsewhere
        (30, 0, 1000, "open"),  # on the limit
        (38, 0, 1000, "open"),  # 3.8 points, which may be less elsewhere
        (80, 10, 1000, "broken"),
        (300, 150, 10_000, "kept"),  # the same shares, seen in more sentences
        (500, 0, 10_000, "broken"),
    ],
)
def test_drop_is_kept_or_broken_where_sentences_show_it(lost: int, won: int, sentences: int, status: Status) -> None:
    """By bounds, not by the point."""
    budget = Budget(max_accuracy_drop_points=3.0, min_size_reduction_pct=50.0)
    line = _judged(budget, _card(lost, won, sentences=sentences))["accuracy drop"]

    assert status == line.status
    assert line.value == pytest.approx(100 * (lost - won) / sentences)


@pytest.mark.parametrize(("size_bytes", "status"), [(500, "kept"), (501, "broken")])
def test_size_is_exact(size_bytes: int, status: Status) -> None:
    """Half is half, and a byte more is not."""
    budget = Budget(max_accuracy_drop_points=3.0, min_size_reduction_pct=50.0)

    assert status == _judged(budget, _card(size_bytes=size_bytes))["size reduction"].status


def test_product_reviews_of_the_readme_are_open() -> None:
    """274 sentences that lost 1.82 points of 1.5 show neither: it was called broken by chance."""
    budget = Budget(max_accuracy_drop_points=1.5, min_size_reduction_pct=30.0)
    line = _judged(budget, _card(lost=9, won=4, sentences=274))["accuracy drop"]

    assert line.value == pytest.approx(1.82, abs=0.01)
    assert line.status == "open"
    assert not fails(line.status, strict=False)
    assert fails(line.status, strict=True)
    assert "open, as it cannot be told from so few sentences: about 13,000 instead of 274 would tell" in line.sentence(
        "int8"
    )


def test_budget_forgives_the_rounding_of_its_own_arithmetic() -> None:
    """29 of 1,000 bytes are 2.9 %, whatever binary fractions say."""
    budget = Budget(max_accuracy_drop_points=2.9, min_size_reduction_pct=2.9)

    assert _judged(budget, _card(size_bytes=971))["size reduction"].status == "kept"


@pytest.mark.parametrize(
    ("flips", "status"), [(0, "kept"), (100, "open"), (160, "broken")], ids=["none", "5 percent", "8 percent"]
)
def test_agreement_counts_sentences_without_labels(flips: int, status: Status) -> None:
    """At least 95 % equal answers, of 1,000 test sentences and 1,000 others."""
    budget = Budget(max_accuracy_drop_points=100.0, min_size_reduction_pct=0.0, min_agreement_pct=95.0)
    line = _judged(budget, _card(lost=flips, equal=1000))["agreement"]

    assert line.sentences_count == 2000
    assert line.value == pytest.approx(100 - flips / 20)
    assert status == line.status


def test_agreement_is_judged_only_where_it_is_asked_for() -> None:
    """A student need not answer as the baseline does."""
    budget = Budget(max_accuracy_drop_points=100.0, min_size_reduction_pct=0.0)

    assert set(_judged(budget, _card())) == {"accuracy drop", "size reduction"}


def test_drop_on_its_limit_says_that_no_number_of_sentences_would_tell() -> None:
    """Nobody should label thousands of them for it."""
    budget = Budget(max_accuracy_drop_points=3.0, min_size_reduction_pct=0.0)
    line = _judged(budget, _card(lost=30))["accuracy drop"]

    assert line.sentences_needed_count is None
    assert line.sentence("int8").endswith("open, as it lies too near the limit for any number of sentences to tell")


def test_open_budget_says_how_many_sentences_would_tell() -> None:
    """And so many do, if all stays as it is."""
    budget = Budget(max_accuracy_drop_points=3.0, min_size_reduction_pct=0.0)
    line = _judged(budget, _card(lost=30, won=10))["accuracy drop"]
    assert line.status == "open"
    assert line.sentences_needed_count is not None
    times = -(-line.sentences_needed_count // 1000) + 1

    assert (
        _judged(budget, _card(lost=30 * times, won=10 * times, sentences=1000 * times))["accuracy drop"].status
        == "kept"
    )
    assert "instead of 1,000 would tell" in line.sentence("int8")


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [(("kept", "kept"), "kept"), (("kept", "open"), "open"), (("open", "broken", "kept"), "broken"), ((), "kept")],
)
def test_worst_line_is_the_variants_status(statuses: tuple[Status, ...], expected: Status) -> None:
    """Broken outweighs open, and open outweighs kept."""
    assert expected == worst(statuses)


def test_sentence_names_variant_figure_interval_and_budget() -> None:
    """All that is needed to act on it."""
    budget = Budget(max_accuracy_drop_points=1.0, min_size_reduction_pct=50.0)
    lines = _judged(budget, _card(lost=40, size_bytes=600))
    drop = lines["accuracy drop"]
    assert drop.interval is not None

    assert drop.sentence("int8") == (
        f"int8: accuracy drop is 4.00 points (90% interval {drop.interval.low:.2f} to {drop.interval.high:.2f}), the "
        "budget is at most 1.00 points: broken"
    )
    assert lines["size reduction"].sentence("int8") == (
        "int8: size reduction is 40.00 %, the budget is at least 50.00 %: broken"
    )
