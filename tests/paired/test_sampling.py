"""How often numbers are taken, until it is known whether they repeat."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from observing import exact
from simulating import plausible

from bench_models.paired.groups import Planned
from bench_models.paired.notes import Notes
from bench_models.paired.sampling import Sampler
from bench_models.paired.shards import shares
from bench_models.stats.looks import LOOKS, SAME_REPEATS, VALUE_ALARM
from bench_models.verdict.change import Change
from bench_models.verdict.changes import judge
from bench_models.verdict.observations import Observed, Pair


class StandIn:
    """A pairing without processes: each side's number is drawn by its parent, or by each worker anew."""

    def __init__(
        self, planned: Sequence[Planned], numbers: dict[str, Callable[[], float]], *, of_parents: bool
    ) -> None:
        """Begin with a parent on either side."""
        self.notes = Notes(observed={each.subject: each.unmeasured() for each in planned}, kept=lambda _: None)
        self._draws, self._of_parents = numbers, of_parents
        self.renew(planned)

    def renew(self, _: Sequence[Planned]) -> None:
        """Draw what workers of these parents have in common."""
        self._inherited = {side: draw() for side, draw in self._draws.items()}

    def take(self, group: list[Planned]) -> None:
        """Take one pair of each."""
        for each in group:
            numbers = self._inherited if self._of_parents else {side: draw() for side, draw in self._draws.items()}
            self.notes.pair(each, Pair(base=(numbers["base"],), head=(numbers["head"],)))


def sampled(
    base: Callable[[], float], head: Callable[[], float], *, of_parents: bool = False, until_decided: bool = True
) -> tuple[Observed, Change]:
    """Return what a check takes of one number, and its verdict."""
    planned = Planned(
        subject=exact(1, 1).subject,
        group="suite.track_it",
        suite="own",
        lacking=False,
        base_cache=None,
        head_cache=None,
        timeout_s=60,
        cache_timeout_s=60,
        base=None,
        head=None,
        answers=False,
        from_nothing=False,
    )
    pairing: Any = StandIn([planned], {"base": base, "head": head}, of_parents=of_parents)
    looks = LOOKS if until_decided else LOOKS[-1:]
    Sampler(pairing=pairing, shares=shares([planned])).run([planned], looks, until_decided=until_decided)
    observed = pairing.notes.of(planned)
    return observed, judge([observed], shares([planned]))[0]


def test_number_that_is_the_same_everywhere_is_taken_five_times() -> None:
    """In a recording, too: there is no noise to learn of."""
    for until_decided in (True, False):
        observed, change = sampled(lambda: 7.0, lambda: 7.0, until_decided=until_decided)
        assert (len(observed.pairs), change.verdict) == (SAME_REPEATS, "unchanged")


def test_size_that_grows_is_taken_until_chance_is_ruled_out_and_is_a_regression() -> None:
    """Nothing that scatters would have repeated so often."""
    observed, change = sampled(lambda: 100.0, lambda: 105.0)
    assert (len(observed.pairs), change.verdict) == (5, "regressed")


@pytest.mark.parametrize("of_parents", [False, True], ids=["each worker", "each parent"])
def test_number_that_scatters_on_base_alone_is_hardly_ever_called_the_same(*, of_parents: bool) -> None:
    """It was in a quarter of checks, when two repeats were enough."""
    draw, same = random.Random(2), 0
    for _ in range(300):
        _, change = sampled(lambda: draw.choice((3.0, 4.0)), lambda: 4.0, of_parents=of_parents)
        same += change.reason.startswith("the same")
    assert plausible(same, 300, 1 / 32)


def test_number_that_scatters_is_taken_like_a_time() -> None:
    """Up to the last look, unless it is decided before."""
    draw = random.Random(0)
    observed, change = sampled(lambda: draw.choice((3.0, 4.0)), lambda: draw.choice((3.0, 4.0)))
    assert (len(observed.pairs), change.verdict) == (LOOKS[-1], "undecided")


@pytest.mark.parametrize("of_parents", [False, True], ids=["each worker", "each parent"])
def test_number_that_is_3_or_4_by_chance_is_hardly_ever_called_a_regression(*, of_parents: bool) -> None:
    """Whether each worker draws it or all workers of a parent have it in common, as they have its memory."""
    draw = random.Random(1)
    red = 0
    for _ in range(600):
        _, change = sampled(lambda: draw.choice((3.0, 4.0)), lambda: draw.choice((3.0, 4.0)), of_parents=of_parents)
        red += change.verdict == "regressed"
    assert plausible(red, 600, VALUE_ALARM)


def test_check_that_ends_early_calls_no_number_exact_that_was_taken_twice() -> None:
    """Two equal values are no proof that it repeats."""
    observed, _ = sampled(lambda: 100.0, lambda: 105.0)
    cut = replace(observed, pairs=observed.pairs[:2])
    assert judge([cut])[0].verdict == "undecided"
