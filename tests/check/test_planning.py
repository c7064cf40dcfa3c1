"""Which file of a benchmark runs on either side, and what is new, lost or compared."""

import math
from fractions import Fraction
from typing import Any

import pytest
from asv_runner.benchmarks.peakmem import PeakMemBenchmark
from asv_runner.benchmarks.time import TimeBenchmark
from asv_runner.benchmarks.track import TrackBenchmark

from bench_models.check.planning import LONGEST_S, Planned, plan
from bench_models.check.sides.suite import Discovery, discovery_of, left_out
from bench_models.check.worker import runner
from bench_models.errors import BenchModelsError
from bench_models.outcomes import Failed, Skipped
from bench_models.verdict.judge import judge
from bench_models.verdict.measurements import Absent


def described(name: str, version: str = "1", rows: tuple[str, ...] = (), **others: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return a benchmark as a worker describes it."""
    return {
        "name": name,
        "type": "track",
        "version": version,
        "odd_version": None,
        "odd_timeouts": [],
        "parameters": [[row] for row in rows] or [[]],
        "unit": "unit",
        "timeout_s": None,
        "better": None,
        "margin_pct": None,
        "answers": False,
        "timer": None,
        "sampling": {},
        "cold": False,
        "checked": True,
        "cache": None,
        "cache_timeout_s": None,
        **others,
    }


def found(*benchmarks: dict[str, Any], **broken: str) -> Discovery:
    """Return what a side finds in a suite."""
    modules = {name.replace("_", "."): error for name, error in broken.items()}
    return discovery_of({"benchmarks": list(benchmarks), "broken": modules})


def planned(base: Discovery, head: Discovery, lent: Discovery | None = None) -> dict[str, Planned]:
    """Return the plan by name."""
    return {str(each.benchmark): each for each in plan({"base": base, "head": head}, 60, lent)}


def test_same_version_runs_from_each_sides_own_file() -> None:
    """With the setup_cache that either file names; a row of one side alone is new or gone."""
    base = found(described("a.track_it", rows=("old", "both"), cache="a:1"))
    head = found(described("a.track_it", rows=("both", "new"), cache="a:9"))
    all_of_it = planned(base, head)
    both, new, old = (all_of_it[f"a.track_it({row})"] for row in ("both", "new", "old"))
    assert {each.suite for each in all_of_it.values()} == {"own"}
    assert (both.runs, both.cache("base"), both.cache("head")) == (True, "a:1", "a:9")
    assert (new.base, new.head, new.lacking) == (Absent(), None, False)
    assert (old.base, old.head) == (None, Absent())


def test_other_version_runs_from_heads_file_on_both_sides() -> None:
    """As BASE finds it there; a row that HEAD dropped with the same stroke is still missed."""
    base = found(described("a.track_it", "1", rows=("old", "both")))
    head = found(described("a.track_it", "2", rows=("both", "new"), cache="a:9"))
    all_of_it = planned(base, head, head)
    assert [all_of_it[f"a.track_it({row})"].suite for row in ("both", "new", "old")] == ["head", "head", "own"]
    assert all(all_of_it[f"a.track_it({row})"].runs for row in ("both", "new"))
    assert all_of_it["a.track_it(both)"].cache("base") == "a:9"
    assert all_of_it["a.track_it(old)"].head == Absent()
    both, new = (all_of_it[f"a.track_it({row})"] for row in ("both", "new"))
    assert (both.lacking, both.rewritten, new.lacking, new.rewritten) == (False, True, True, False)


def test_what_heads_file_meets_in_bases_tree_is_bases_trouble_or_makes_it_new() -> None:
    """New is what BASE's own suite does not have; a module that BASE cannot import may have it."""
    base = found(described("a.track_it"), suite_c="ImportError: c")
    head = found(described("a.track_it", "2"), described("b.track_new"), described("c.track_mended"))
    lent = found(suite="ImportError: later")
    all_of_it = planned(base, head, lent)
    failed = Failed(error="suite cannot be imported: ImportError: later")
    assert (all_of_it["a.track_it"].base, all_of_it["c.track_mended"].base) == (failed, failed)
    assert (all_of_it["b.track_new"].base, all_of_it["b.track_new"].lacking) == (Absent(), True)
    assert {each.head for each in all_of_it.values()} == {None}


def test_version_that_is_not_a_string_is_refused_on_head_alone() -> None:
    """BASE's is what asv takes it for: a pull request that mends it can be green."""
    odd, good = found(described("a.track_it", "1.1", odd_version="1.1")), found(described("a.track_it", "1.1"))
    assert planned(odd, good)["a.track_it"].suite == "own"
    with pytest.raises(BenchModelsError, match=r'a\.track_it: version is a string, such as "1", not 1\.1'):
        planned(good, odd)


AMBIGUOUS = [["1, 2", "3"], ["1", "2, 3"]]


def test_parameters_that_are_written_alike_are_refused_on_head_alone() -> None:
    """Records know benchmarks by their text, so the figures of both would be one's."""
    odd, good = found(described("a.track_it", parameters=AMBIGUOUS)), found(described("a.track_it", rows=("4", "5")))
    with pytest.raises(BenchModelsError, match=r"written a\.track_it\(1, 2, 3\), .*'1, 2', '3'.* and .*'1', '2, 3'"):
        planned(good, odd)
    both = plan({"base": odd, "head": good}, 60)
    assert [str(each.benchmark) for each in both] == ["a.track_it(4)", "a.track_it(5)", "a.track_it(1, 2, 3)"]


def test_parameters_of_base_that_are_written_as_others_of_head_are_no_second_benchmark() -> None:
    """BASE's suite was ambiguous, and HEAD kept one of the two."""
    base = found(described("a.track_it", parameters=AMBIGUOUS))
    head = found(described("a.track_it", parameters=[["1", "2, 3"]]))
    (each,) = plan({"base": base, "head": head}, 60)
    assert (each.benchmark.parameters, each.runs) == (("1", "2, 3"), True)


def test_two_benchmarks_of_one_name_are_refused_on_head_alone() -> None:
    """As two functions are called `wrapper` whose decorator forgot to pass their names on."""
    odd, good = found(*[described("a.wrapper")] * 2), found(described("a.track_it"), described("a.wrapper"))
    with pytest.raises(BenchModelsError, match=r"2 benchmarks of the name a\.wrapper: .* functools\.wraps"):
        planned(good, odd)
    assert len(plan({"base": odd, "head": good}, 60)) == 2
    unchecked = found(*[described("a.wrapper", checked=False)] * 2)
    assert planned(unchecked, unchecked) == {}


def test_timeout_that_is_no_time_is_refused_on_head_alone() -> None:
    """On BASE it counts as none: a pull request that mends it can be green."""
    odd, good = found(described("a.track_it", odd_timeouts=["'10'"])), found(described("a.track_it", timeout_s=10.0))
    assert planned(odd, good)["a.track_it"].timeout_s == 60.0
    with pytest.raises(BenchModelsError, match=r"a\.track_it: timeout is a positive number of seconds, not '10'"):
        planned(good, odd)


def test_endless_timeout_is_a_day() -> None:
    """A socket cannot wait for ever by a number, and a check should not."""
    both = found(described("a.track_it", timeout_s=math.inf), described("b.track_it", cache_timeout_s=math.inf))
    all_of_it = planned(both, both)
    assert all_of_it["a.track_it"].timeout_s == all_of_it["b.track_it"].cache_timeout_s == LONGEST_S


@pytest.mark.parametrize("given", ["10", math.nan, -1, 0, True])
def test_what_is_no_time_is_described_in_the_words_of_the_suite(given: object) -> None:
    """Whichever of the two timeouts it is."""

    def track_it() -> int:
        return 1

    def track_other() -> int:
        return 1

    track_it.timeout = given  # type: ignore[attr-defined]  # as suites do
    track_other.timeout = Fraction(1, 2)  # type: ignore[attr-defined]
    odd, good = (TrackBenchmark(each.__name__, each, [each]) for each in (track_it, track_other))
    odd.setup_cache_timeout = given
    about, other = runner.described(odd), runner.described(good)
    assert (about["timeout_s"], about["cache_timeout_s"], about["odd_timeouts"]) == (None, None, [repr(given)] * 2)
    assert (other["timeout_s"], other["cache_timeout_s"], other["odd_timeouts"]) == (0.5, None, [])


def test_peak_of_memory_is_measured_in_a_process_that_was_started() -> None:
    """By the name that asv_runner gives the type: a forked one has its parent's memory, too."""
    classes = PeakMemBenchmark, TimeBenchmark
    kinds = {each.__name__: each(each.__name__, _function, [_function]).type for each in classes}
    both = found(*(described(name, type=kind) for name, kind in kinds.items()))
    assert [each.from_nothing for each in planned(both, both).values()] == [True, False]


def _function() -> None:
    pass


def test_what_neither_side_checks_is_not_planned() -> None:
    """It is named for whoever asks for it."""
    both = found(described("a.track_it", rows=("1",), checked=False), described("a.track_other"))
    assert list(planned(both, both)) == ["a.track_other"]
    assert left_out(both) == ["a.track_it(1)"]


@pytest.mark.parametrize(
    ("base", "version", "verdict"), [(True, "1", "lost"), (True, "2", "lost"), (False, "1", "not comparable")]
)
def test_what_one_side_leaves_out_is_not_forgotten(base: bool, version: str, verdict: str) -> None:  # noqa: FBT001
    """HEAD takes something away that BASE has: somebody has to want that."""
    old, new = found(described("a.track_it", checked=base)), found(described("a.track_it", version, checked=not base))
    each = planned(old, new)["a.track_it"]
    assert Skipped(reason="the suite leaves it out of checks: check = False") in {each.base, each.head}
    assert verdict == judge([each.not_measured()])[0].verdict


def timed(**others: Any) -> Discovery:  # noqa: ANN401
    """Return what is found in a suite with one benchmark that is timed."""
    each = described("a.time_it", type="time", timer="time.perf_counter", sampling={"number": "1"}) | others
    return found(each)


def test_margin_of_zero_is_kept_where_head_widens_it() -> None:
    """It is for numbers that repeat; a time's was never sound, and HEAD's counts."""
    old, new = described("a.track_it", margin_pct=0), described("a.track_it", margin_pct=500.0)
    assert planned(found(old), found(new))["a.track_it"].benchmark.margin_pct == 0
    assert planned(timed(margin_pct=0), timed(margin_pct=5.0))["a.time_it"].benchmark.margin_pct == 5.0


@pytest.mark.parametrize(
    ("base", "head", "seconds"), [(10.0, None, 60), (90.0, None, 90), (None, 90.0, 90), (90.0, 5.0, 90)]
)
def test_longer_timeout_counts_where_one_side_states_none(
    base: float | None, head: float | None, seconds: float
) -> None:
    """A default that is shorter than what BASE had would end what BASE could do."""
    old, new = found(described("a.track_it", timeout_s=base)), found(described("a.track_it", timeout_s=head))
    each = planned(old, new)["a.track_it"]
    assert (each.timeout_s, each.cache_timeout_s) == (seconds, seconds)


def test_outcomes_that_only_head_names_are_not_asked_of_base() -> None:
    """BASE's file has no such method; where HEAD's file runs on both sides, it has."""
    old, new = found(described("a.track_it")), found(described("a.track_it", answers=True))
    assert not planned(old, new)["a.track_it"].answers
    lent = found(described("a.track_it", "2", answers=True))
    assert planned(old, lent, lent)["a.track_it"].answers


def test_other_clock_is_no_improvement() -> None:
    """Seconds of the processor do not count what sleeps: somebody has to accept that."""
    each = planned(timed(), timed(timer="time.process_time"))["a.time_it"]
    assert each.head == Skipped(reason="its timer was 'time.perf_counter' and is 'time.process_time'")
    assert judge([each.not_measured()])[0].verdict == "lost"


def test_other_way_of_sampling_is_named() -> None:
    """As the version does not tell."""
    assert planned(timed(), timed(sampling={"number": "9"}))["a.time_it"].redescribed == ("number was 1 and is 9",)


def test_what_base_times_cold_stays_cold() -> None:
    """A commit that warms it up beside would hide how long the first call takes."""
    assert planned(timed(cold=True), timed())["a.time_it"].cold
    assert not planned(timed(), timed(cold=True))["a.time_it"].cold


def test_only_what_is_warmed_up_shares_a_process() -> None:
    """A number may depend on what ran before it, and so does a first call."""
    names = ("a.C.time_one", "a.C.time_two", "a.C.time_cold", "a.C.track_one", "a.C.track_two")
    both = found(
        *(
            described(name, type=name.split(".")[2].split("_")[0], timer="t", cold=name.endswith("cold"))
            for name in names
        )
    )
    groups = [each.group for each in planned(both, both).values()]
    assert groups == [
        "a.C:time()",
        "a.C:time()",
        "a.C.time_cold:time()",
        "a.C.track_one:track()",
        "a.C.track_two:track()",
    ]
