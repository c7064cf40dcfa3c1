"""The rule on flipped answers keeps its promises, counted exactly."""

import importlib.util
import re
from pathlib import Path
from random import Random

import pytest
from accuracy_power import chances
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from bench_models.stats.sequential import EQUIVALENCE_ALPHA
from bench_models.verdict.answers import ACCURACY_ALPHA, decided, smallest_seen

ROOT = Path(__file__).resolve().parents[2]
COUNTS = (200, 1083, 2000)
MARGIN = 0.0087


@pytest.mark.parametrize("count", COUNTS)
def test_random_flips_are_red_at_most_as_often_as_is_said(count: int) -> None:
    """However many of them there are."""
    assert all(chances(0, stray, count, MARGIN).get("regressed", 0.0) <= ACCURACY_ALPHA for stray in range(150))


@pytest.mark.parametrize("count", COUNTS)
def test_loss_of_the_margins_size_is_called_unchanged_one_time_in_twenty_at_most(count: int) -> None:
    """Whatever flips besides."""
    loss = -(-MARGIN * count // 1)
    assert all(
        chances(int(loss), stray, count, MARGIN).get("unchanged", 0.0) <= EQUIVALENCE_ALPHA
        for stray in range(0, 150, 3)
    )


@pytest.mark.parametrize("stray", [0.0, 0.002, 0.01])
@pytest.mark.parametrize("count", [400, 450, 770, 1083, 2008, 5000, 10_000])
def test_loss_that_chance_draws_is_called_unchanged_one_time_in_twenty_at_most(count: int, stray: float) -> None:
    """A change that loses each answer with a chance of the margin flips fewer in some examples: every case is counted.

    ``stray`` is the chance with which it wins an answer, and loses one besides.
    """
    calm = 0.0
    for won in range(int(count * stray + 5 * (count * stray) ** 0.5) + 1):
        others = count - won
        called = [decided(lost, won, count, MARGIN) == "unchanged" for lost in range(won + int(count * MARGIN) + 2)]
        chances_of = binom.pmf(range(len(called)), others, (MARGIN + stray) / (1 - stray))
        calm += float(binom.pmf(won, count, stray)) * sum(chances_of[called])
    assert calm <= EQUIVALENCE_ALPHA


def test_chances_are_those_of_a_simulation() -> None:
    """The enumeration counts what flips at random would do."""
    draw, stray, loss, times = Random(0), 20, 12, 4000
    lost = [loss + sum(draw.random() < 0.5 for _ in range(stray)) for _ in range(times)]
    red = sum(decided(each, stray + loss - each, 1083, MARGIN) == "regressed" for each in lost) / times
    assert chances(loss, stray, 1083, MARGIN)["regressed"] == pytest.approx(red, abs=0.03)
    assert sum(chances(loss, stray, 1083, MARGIN).values()) == pytest.approx(1)


@given(st.integers(0, 60), st.integers(0, 60))
def test_what_is_lost_and_what_is_won_mirror(lost: int, won: int) -> None:
    """The rule favours neither side."""
    mirrored = {"regressed": "improved", "improved": "regressed"}
    there, back = decided(lost, won, 1083, MARGIN), decided(won, lost, 1083, MARGIN)
    assert back == mirrored.get(there, there)


@given(st.integers(0, 120))
def test_smallest_loss_that_is_seen_is_the_smallest(stray: int) -> None:
    """Nine times in ten, by counting every way."""
    loss = smallest_seen(stray, 1083, MARGIN)
    seen = [chances(each, stray, 1083, MARGIN).get("regressed", 0.0) >= 0.9 for each in (loss - 1, loss)]
    assert seen == [False, True]


@pytest.mark.parametrize("made", ["table", "harmless"])
def test_page_shows_what_is_computed(made: str) -> None:
    """Both tables of docs/check.md."""
    spec = importlib.util.spec_from_file_location("accuracy_power", ROOT / "tools" / "accuracy_power.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert getattr(script, made)() in (ROOT / "docs" / "check.md").read_text(encoding="utf-8")


def test_page_says_how_many_have_to_be_lost() -> None:
    """Beside so many that are won: docs/check.md names the smallest numbers that are red."""
    page = " ".join((ROOT / "docs" / "check.md").read_text(encoding="utf-8").split())
    told = page.partition("Of 1,083 sentences that is ")[2].partition(".")[0]
    found = [(int(lost), int(won.replace("none", "0"))) for lost, won in re.findall(r"(\d+) lost and (\w+) won", told)]
    assert len(found) == 3
    for lost, won in found:
        assert [decided(each, won, 1083, MARGIN) for each in (lost - 1, lost)] == ["undecided", "regressed"]
