"""The main job says what it will do, how long that takes by what was measured so far, and each row when it is done."""

import logging
import sys
from dataclasses import replace

import pytest
from support.runtimes import in_runtime
from support.tiny_project import with_row

from bench_models.build import Builder
from bench_models.metrics import scoring
from bench_models.metrics.latency import SpeedUp, Turns
from bench_models.metrics.scorecard import score
from bench_models.metrics.scoring import Scored
from bench_models.outcomes import Failed, Measured
from bench_models.recipes.cast import Cast
from bench_models.recipes.finetune import FineTune
from bench_models.recipes.prune import PruneL1
from bench_models.report import progress
from bench_models.report.progress import Plan, Table, duration, estimating, left_out, plan
from bench_models.runtimes.executorch_runtime import ExecuTorch
from bench_models.runtimes.onnx_runtime import OnnxRuntime

EQUAL = SpeedUp(
    run="a",
    single_stream=(Turns(baseline=(0.02, 0.02), variant=(0.01, 0.01)),) * 4,
    offline=(Turns(baseline=(0.2,), variant=(0.1,)),) * 4,
)
PLAN = Plan(training=(), scoring=("baseline", "pruned", "int8"), timing=("baseline", "pruned", "int8"))


def _of_four(builder: Builder) -> Builder:
    """Return a builder of a suite that takes four pairs."""
    return replace(builder, suite=replace(builder.suite, pairs=4))


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def monotonic(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return the clock of what is said."""
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


@pytest.fixture(autouse=True)
def _everything_is_said(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="bench_models.report.progress")


def test_plan_is_what_is_not_in_the_store(untrained_builder: Builder) -> None:
    """Before anything was done, and when one row was."""
    assert plan(untrained_builder) == Plan(
        training=("baseline",), scoring=("baseline", "pruned", "int8"), timing=("baseline", "pruned", "int8")
    )
    score(untrained_builder, untrained_builder.suite.baseline)
    assert plan(untrained_builder) == Plan(
        training=(), scoring=("pruned", "int8"), timing=("baseline", "pruned", "int8")
    )


def test_plan_leaves_out_what_cannot_be_opened_here(builder: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its runtime is not installed: nothing is trained, scored or timed for it."""
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    mine = in_runtime(builder, OnnxRuntime())
    assert plan(mine) == plan(builder)
    monkeypatch.undo()
    assert plan(mine).timing == ("baseline", "pruned", "int8", "onnx")


def test_plan_says_what_is_trained_and_what_reused() -> None:
    """And how long it takes, as far as anything is known."""
    rows = ("baseline", "pruned")

    assert Plan(training=("baseline",), scoring=rows, timing=rows).sentence() == (
        "2 rows to time; to train: baseline; to score: baseline, pruned (the first steps will show how long)"
    )
    assert Plan(training=(), scoring=("pruned",), timing=rows).sentence() == (
        "2 rows to time; to train: nothing; to score: pruned; scores of 1 row are reused (the first row will show how "
        "long)"
    )
    assert Plan(training=(), scoring=(), timing=rows).sentence() == (
        "2 rows to time; to train: nothing; to score: nothing; scores of 2 rows are reused (about 2 minutes on quiet "
        "cores, by rule of thumb)"
    )


def test_plan_says_whose_times_are_reused(builder: Builder) -> None:
    """Where all are, nothing is timed, the baseline included: it is timed beside the others."""
    rows = ("baseline", "pruned")
    assert Plan(training=(), scoring=(), timing=rows, timed=("int8",)).sentence() == (
        "2 rows to time; to train: nothing; to score: nothing; scores of 3 rows are reused; times of 1 row are reused, "
        "under the same conditions (--retime takes them anew) (about 2 minutes on quiet cores, by rule of thumb)"
    )
    assert Plan(training=(), scoring=(), timing=(), timed=rows).sentence() == (
        "0 rows to time; to train: nothing; to score: nothing; scores of 2 rows are reused; times of 2 rows are reused"
        ", under the same conditions (--retime takes them anew)"
    )
    assert plan(builder, ["pruned"]).timing == ("baseline", "int8")
    assert plan(builder, ["pruned"]).timed == ("pruned",)
    assert plan(builder, ["pruned", "int8"]).timing == ()
    assert plan(builder, ["pruned", "int8"]).timed == ("baseline", "pruned", "int8")
    alone = replace(builder, suite=builder.suite.only(["baseline"]))
    assert plan(alone).timing == ("baseline",)


def test_row_whose_times_are_reused_is_shown_with_them(builder: Builder, caplog: pytest.LogCaptureFixture) -> None:
    """At once, in one line."""
    card = score(builder, builder.suite["pruned"])
    caplog.clear()
    table = Table(
        builder=builder, plan=Plan(training=(), scoring=(), timing=(), timed=PLAN.timing), reused={"pruned": EQUAL}
    )
    table.scored(Scored(row="pruned", outcome=card, seconds=None))
    (line,) = caplog.messages
    assert line.split()[-4:] == ["10.0", "ms", "2.00", "x"]


def test_rows_that_are_not_measured_are_named_with_the_way_to_them(
    builder: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is said where all are; of those that the CPU emulates it is said that it does."""
    monkeypatch.setattr(scoring, "emulated_types", lambda: ("float16",))
    suite = builder.suite
    more = with_row(builder, "fp16", Cast(dtype="float16")).suite

    assert left_out(suite.only(["pruned"]), suite) == (
        "1 of 3 rows are not asked for: their names add them, and --all every row",
        "they are int8",
    )
    assert left_out(more.only(["pruned"]), more) == (
        "2 of 4 rows are not asked for: their names add them, and --all every row",
        "they are int8, fp16; this CPU emulates the 16-bit arithmetic of fp16",
    )
    assert left_out(suite, suite) == ("", "")


def test_baseline_is_timed_with_the_others(builder: Builder, caplog: pytest.LogCaptureFixture) -> None:
    """It is part of each pair, so that its line comes last."""
    card = score(builder, builder.suite["baseline"])
    assert isinstance(card, Measured)
    caplog.clear()
    table = Table(builder=_of_four(builder), plan=PLAN)
    table.baseline({"int8": Failed(error="no such kernel")})
    assert caplog.messages == []
    table.baseline({"pruned": Measured(value=EQUAL), "int8": Failed(error="no such kernel")})
    (line,) = caplog.messages
    assert (line.split()[0], line.split()[-2:]) == ("baseline", ["20.0", "ms"])


def test_table_grows_by_a_line_for_each_row(builder: Builder, caplog: pytest.LogCaptureFixture) -> None:
    """Aligned; the times come when a row has all its pairs, and a failure with its reason."""
    card = score(builder, builder.suite["pruned"])
    assert isinstance(card, Measured)
    caplog.clear()
    table = Table(builder=_of_four(builder), plan=PLAN)
    table.head()
    table.scored(Scored(row="pruned", outcome=card, seconds=None))
    table.scored(Scored(row="int8", outcome=Failed(error="no such kernel"), seconds=1.0))
    table.timed("pruned", None)
    table.timed("pruned", Measured(value=replace(EQUAL, single_stream=EQUAL.single_stream[:3])))
    table.timed("pruned", Measured(value=EQUAL))
    share, size = f"{100 * card.value.accuracy:.1f} %", f"{card.value.size_bytes / 2**10:.0f} KiB"

    assert caplog.messages == [
        "variant     accuracy        size     latency    speed-up",
        f"pruned    {share:>10}  {size:>10}",
        "int8      not measured: no such kernel",
        f"pruned    {share:>10}  {size:>10}     10.0 ms      2.00 x",
    ]


@pytest.mark.parametrize(
    ("emulated", "said"),
    [
        ((), "the other rows take about 60 s to score, if they are as fast"),
        (
            ("bfloat16", "float16"),
            "the other rows take about 30 s to score, if they are as fast; fp16 and bf16 perhaps longer, as this CPU "
            "emulates 16-bit arithmetic",
        ),
    ],
)
def test_first_rows_say_how_long_the_others_take_to_score(
    builder: Builder,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    emulated: tuple[str, ...],
    said: str,
) -> None:
    """Once, when each core has scored one; neither a scorecard of the store nor an emulated row tells of them."""
    monkeypatch.setattr(progress, "side_by_side", lambda: 2)
    monkeypatch.setattr(scoring, "emulated_types", lambda: emulated)
    card = score(builder, builder.suite["pruned"])
    steps = {"fp16": Cast(dtype="float16"), "bf16": Cast(dtype="bfloat16"), "int2": PruneL1(amount=0.1)}
    for name, step in steps.items():
        builder = with_row(builder, name, step)
    caplog.clear()
    rows = ("baseline", "pruned", "int8", *steps)
    table = Table(builder=builder, plan=Plan(training=("baseline",), scoring=rows, timing=("pruned", *rows)))
    for row, seconds in (("kept", None), ("baseline", 20.0), ("pruned", 40.0), ("int8", 100.0), ("fp16", 5.0)):
        table.scored(Scored(row=row, outcome=card, seconds=seconds))
        assert any("take" in each for each in caplog.messages) == (row not in {"kept", "baseline"})

    assert [each for each in caplog.messages if "take" in each] == [said]


def test_row_whose_file_takes_minutes_to_write_is_named(
    builder: Builder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever the others take."""
    monkeypatch.setattr(progress, "side_by_side", lambda: 1)
    card = score(builder, builder.suite["pruned"])
    builder = in_runtime(builder, ExecuTorch(), name="lowered")
    rows = ("baseline", "pruned", "lowered")
    caplog.clear()
    table = Table(builder=builder, plan=Plan(training=(), scoring=rows, timing=rows))
    table.scored(Scored(row="pruned", outcome=card, seconds=3.0))
    assert caplog.messages[-1] == (
        "the other rows take about 6 s to score, if they are as fast; lowered minutes more, unless what is shipped is "
        "kept already"
    )


def test_first_round_says_how_long_timing_takes(
    builder: Builder, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """As each row has as many pairs."""
    table = Table(builder=_of_four(builder), plan=PLAN)
    table.began()
    clock.now = 10
    table.timed("pruned", None)
    clock.now = 30
    table.timed("int8", None)
    clock.now = 50
    table.timed("pruned", None)

    assert caplog.messages == ["a first pair of each row took 30 s: 4 of them take about 2 minutes"]


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "1 s"), (89, "89 s"), (90, "2 minutes"), (5340, "89 minutes"), (6000, "1 h 40 min")]
)
def test_duration_is_as_exact_as_an_estimate(seconds: float, words: str) -> None:
    """Seconds, minutes, hours."""
    assert duration(seconds) == words


def test_training_says_after_its_first_steps_how_long_all_takes(
    untrained_builder: Builder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Once for the run, and of each later training how long that takes; afterwards, nobody listens any more."""
    monkeypatch.setattr(progress, "_SHORT_S", 0.0)
    builder = with_row(untrained_builder, "again", FineTune(learning_rate=1e-3, max_epochs=1))
    with estimating(plan(builder), sentences=100):
        builder.train("again")
    told = [each for each in caplog.messages if "steps" in each]
    builder.store.root.rename(builder.store.root.with_name("elsewhere"))
    builder.train("baseline")

    assert len(told) == 2
    assert "for all: this training takes at most " in told[0]
    assert " steps, 1 other as long each, and the rest " in told[0]
    assert told[1].startswith("this training takes at most ")
    assert [each for each in caplog.messages if "steps" in each] == told
