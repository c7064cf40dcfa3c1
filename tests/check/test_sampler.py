"""How often numbers are taken, until it is known whether they repeat."""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest
from support.observing import exact, plan_of
from support.simulating import plausible

from bench_models.check.both_sides import LostError, Progress
from bench_models.check.planning import Planned, shares
from bench_models.check.sampler import Sampler
from bench_models.outcomes import Failed
from bench_models.stats.sequential import LOOKS, SAME_REPEATS, VALUE_ALPHA
from bench_models.verdict.change import Change
from bench_models.verdict.judge import judge
from bench_models.verdict.measurements import SIDES, Measurements, Pair, SideName

if TYPE_CHECKING:
    from bench_models.check.record import Recorder


class Nobody:
    """Is told of pairs, and does nothing."""

    def pair(self, *_: object) -> None:
        """Take one more pair."""

    answers = unaffected = trouble = pair


class StandIn:
    """A runner of pairs without processes: each side's number is drawn by its parent, or by each worker anew."""

    def __init__(
        self, planned: Sequence[Planned], numbers: dict[str, Callable[[], float]], *, of_parents: bool
    ) -> None:
        """Begin with a parent on either side."""
        self.progress = Progress(
            measurements={each.benchmark: each.not_measured() for each in planned}, recorder=cast("Recorder", Nobody())
        )
        self._draws, self._of_parents = numbers, of_parents
        self.renew(planned)

    def renew(self, _: Sequence[Planned]) -> None:
        """Draw what workers of these parents have in common."""
        self._inherited = {side: draw() for side, draw in self._draws.items()}

    def take(self, group: list[Planned]) -> None:
        """Take one pair of each."""
        for each in group:
            numbers = self._inherited if self._of_parents else {side: draw() for side, draw in self._draws.items()}
            self.progress.add_pair(each, Pair(base=(numbers["base"],), head=(numbers["head"],)))


PLANNED = plan_of(exact(1, 1).benchmark)


def sampled(
    base: Callable[[], float], head: Callable[[], float], *, of_parents: bool = False, until_decided: bool = True
) -> tuple[Measurements, Change]:
    """Return what a check takes of one number, and its verdict."""
    runner = StandIn([PLANNED], {"base": base, "head": head}, of_parents=of_parents)
    return _judged(runner, LOOKS if until_decided else LOOKS[-1:], until_decided=until_decided)


def _judged(runner: Any, looks: Sequence[int], *, until_decided: bool = True) -> tuple[Measurements, Change]:  # noqa: ANN401
    Sampler(runner=runner, shares=shares([PLANNED])).run([PLANNED], looks, until_decided=until_decided)
    measurements = runner.progress.of(PLANNED)
    return measurements, judge([measurements], shares([PLANNED]))[0]


def test_number_that_is_the_same_everywhere_is_taken_five_times() -> None:
    """In a recording, too: there is no noise to learn of."""
    for until_decided in (True, False):
        measurements, change = sampled(lambda: 7.0, lambda: 7.0, until_decided=until_decided)
        assert (len(measurements.pairs), change.verdict) == (SAME_REPEATS, "unchanged")


def test_size_that_grows_is_taken_until_chance_is_ruled_out_and_is_a_regression() -> None:
    """Nothing that scatters would have repeated so often."""
    measurements, change = sampled(lambda: 100.0, lambda: 105.0)
    assert (len(measurements.pairs), change.verdict) == (5, "regressed")


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
    measurements, change = sampled(lambda: draw.choice((3.0, 4.0)), lambda: draw.choice((3.0, 4.0)))
    assert (len(measurements.pairs), change.verdict) == (LOOKS[-1], "undecided")


@pytest.mark.parametrize("of_parents", [False, True], ids=["each worker", "each parent"])
def test_number_that_is_3_or_4_by_chance_is_hardly_ever_called_a_regression(*, of_parents: bool) -> None:
    """Whether each worker draws it or all workers of a parent have it in common, as they have its memory."""
    draw = random.Random(1)
    red = 0
    for _ in range(600):
        _, change = sampled(lambda: draw.choice((3.0, 4.0)), lambda: draw.choice((3.0, 4.0)), of_parents=of_parents)
        red += change.verdict == "regressed"
    assert plausible(red, 600, VALUE_ALPHA)


def test_check_that_ends_early_calls_no_number_exact_that_was_taken_twice() -> None:
    """Two equal values are no proof that it repeats."""
    measurements, _ = sampled(lambda: 100.0, lambda: 105.0)
    cut = replace(measurements, pairs=measurements.pairs[:2])
    assert judge([cut])[0].verdict == "undecided"


def test_no_pair_begins_after_the_time_is_spent() -> None:
    """What was not even looked at once is told, what is undecided stays so."""
    draw = random.Random(3)
    runner = StandIn([PLANNED], dict.fromkeys(SIDES, lambda: draw.choice((3.0, 4.0))), of_parents=False)
    ended = Sampler(runner=runner, shares=shares([PLANNED]), ends_at=time.monotonic())  # type: ignore[arg-type]
    ended.run([PLANNED])
    assert (runner.progress.pairs(PLANNED), ended.unseen([PLANNED])) == (0, [PLANNED])
    Sampler(runner=runner, shares=shares([PLANNED])).run([PLANNED], LOOKS[:1])  # type: ignore[arg-type]
    assert (runner.progress.pairs(PLANNED), ended.unseen([PLANNED])) == (LOOKS[0], [])


class Failing(StandIn):
    """A runner whose sides raise now and then, by chance or beside each other only."""

    def __init__(self, fails: Callable[[SideName], bool], *, alone: bool = False, together: bool = True) -> None:
        """Let numbers scatter, so that all pairs are taken."""
        draw = random.Random(5)
        super().__init__([PLANNED], dict.fromkeys(SIDES, lambda: draw.choice((3.0, 4.0))), of_parents=False)
        self._fails, self._alone, self._together = fails, alone, together

    def take(self, group: list[Planned]) -> None:
        """Take a pair, or lose it."""
        troubles = {side: Failed(error="OSError: busy") for side in SIDES if self._fails(side)}
        if troubles:
            raise LostError(group[0], troubles, again=True, together=self._together)
        super().take(group)

    def works_alone(self, _: Planned, __: SideName) -> bool:
        """Say whether the other side was the reason."""
        return self._alone


def _judge_failing(
    fails: Callable[[SideName], bool], *, alone: bool = False, together: bool = True
) -> tuple[Measurements, Change]:
    return _judged(Failing(fails, alone=alone, together=together), LOOKS)


def test_what_fails_by_chance_on_both_sides_is_hardly_ever_called_a_failure() -> None:
    """One process of fifty: each pair has a second try, and only a side that fails far more often stands out."""
    draw = random.Random(6)
    verdicts = [_judge_failing(lambda _: draw.random() < 0.02, alone=True)[1].verdict for _ in range(200)]
    assert verdicts.count("undecided") >= 185
    assert verdicts.count("regressed") <= 2


def test_what_fails_far_more_often_on_head_is_a_regression() -> None:
    """A process of five, though each second try works."""
    draw = random.Random(7)
    verdicts = [_judge_failing(lambda side: side == "head" and draw.random() < 0.2)[1].verdict for _ in range(50)]
    assert verdicts.count("regressed") >= 40


def test_side_that_fails_twice_at_one_pair_has_failed() -> None:
    """There is no third try."""
    measurements, change = _judge_failing(lambda side: side == "head")
    assert (measurements.head, change.verdict) == (Failed(error="OSError: busy"), "regressed")


def test_side_that_works_alone_is_not_blamed() -> None:
    """Both use one port, say: nothing is known of either."""
    change = _judge_failing(lambda side: side == "base", alone=True)[1]
    assert change.verdict == "failed"
    assert "BASE fails twice beside the other side, and works alone (OSError: busy)" in change.reason


def test_what_fails_while_the_other_side_does_nothing_is_blamed() -> None:
    """That it can be opened alone says nothing of a call that raises later."""
    assert _judge_failing(lambda side: side == "head", alone=True, together=False)[1].verdict == "regressed"


def test_base_that_fails_after_some_pairs_does_not_take_them_away_in_silence() -> None:
    """It was compared, so that it is no pass that the comparison ended."""
    calls = iter(range(1000))
    _, change = _judge_failing(lambda side: side == "base" and next(calls) >= 4)
    assert (change.verdict, change.reason) == ("failed", "fails (OSError: busy) on BASE after 4 pairs")
