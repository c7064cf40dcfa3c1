"""Which file of a benchmark runs on either side, and what is new, lost or compared."""

from typing import Any

import pytest

from bench_models.errors import BenchModelsError
from bench_models.outcomes import Failed, Skipped
from bench_models.paired.groups import Planned, left_out, plan
from bench_models.verdict.changes import judge
from bench_models.verdict.observations import Absent


def described(name: str, version: str = "1", rows: tuple[str, ...] = (), **others: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return a benchmark as a worker describes it."""
    return {
        "name": name,
        "type": "track",
        "version": version,
        "odd_version": None,
        "parameters": [[row] for row in rows] or [[]],
        "unit": "unit",
        "timeout_s": None,
        "better": None,
        "margin_pct": None,
        "answers": False,
        "checked": True,
        "cache": None,
        "cache_timeout_s": None,
        **others,
    }


def found(*benchmarks: dict[str, Any], **broken: str) -> dict[str, Any]:
    """Return what a side finds in a suite."""
    return {"benchmarks": list(benchmarks), "broken": {name.replace("_", "."): error for name, error in broken.items()}}


def planned(base: dict[str, Any], head: dict[str, Any], lent: dict[str, Any] | None = None) -> dict[str, Planned]:
    """Return the plan by name."""
    return {str(each.subject): each for each in plan({"base": base, "head": head}, 60, lent)}


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
    assert verdict == judge([each.unmeasured()])[0].verdict
