"""A recording is judged as the check would have been that takes its rounds one after the other."""

from dataclasses import replace

from support.observing import answered, exact, recorded, timed

from bench_models.check.replay import stopped
from bench_models.check.report.findings import findings
from bench_models.stats.sequential import LOOKS


def test_what_is_decided_at_the_first_look_counts_no_further() -> None:
    """However many pairs were recorded of it; a number has as many repeats as it takes to call it exact."""
    record = recorded(timed(spread=0.001, pairs=LOOKS[-1]), exact(1.0, 2.0, repeats=LOOKS[-1]), answered(3, 2))
    timed_one, exact_one, answered_one = stopped(record).measurements
    assert len(timed_one.pairs) == LOOKS[0]
    assert LOOKS[0] < len(exact_one.pairs) < LOOKS[-1]
    assert answered_one == record.measurements[2]
    verdicts = {str(change.benchmark): change.verdict for change in findings(stopped(record)).changes}
    assert (verdicts["suite.time_it"], verdicts["suite.track_it"]) == ("unchanged", "regressed")


def test_what_stays_open_takes_every_pair() -> None:
    """It is as wide as the margin at the end."""
    record = recorded(timed(spread=0.08, pairs=LOOKS[-1]))
    assert stopped(record) == record


def test_check_that_was_green_before_the_machine_changed_is_green() -> None:
    """The recording's later rounds would have made it red, had a check gone on."""
    calm, slow = timed(spread=0.002, pairs=LOOKS[0]), timed(change=0.08, spread=0.002, pairs=LOOKS[-1] - LOOKS[0])
    record = recorded(replace(calm, pairs=calm.pairs + slow.pairs))
    assert [findings(each).exit_status for each in (record, stopped(record))] == [1, 0]


def test_real_regression_is_red_in_a_recording_too() -> None:
    """And rests on as many pairs as the check would have taken."""
    record = stopped(recorded(*(timed(f"suite.time_{name}", change=0.08, pairs=LOOKS[-1]) for name in "abc")))
    assert findings(record).exit_status == 1
    assert len(record.measurements[0].pairs) < LOOKS[-1]
