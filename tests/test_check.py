"""The check from end to end, in a repository that has an asv suite and knows nothing of this project."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from support.checking import Run, check, measured, verdicts
from support.tiny_project import asv_project, commit_all, git

from bench_models.check.pair_runner import THOROUGH
from bench_models.check.record import read

pytestmark = pytest.mark.slow

_CODE = '''
def total(count):
    """Add numbers up."""
    found = 0
    for number in range(count):
        found += number
    return found


def sizes():
    return ["small", "large"]
'''

# As projects write them: a module-level function, a class with parameters, setup and setup_cache.
_SUITE = """
import os
import time

import protocol
import counting


def time_function():
    counting.total(20_000)


time_function.margin = 15.0


def track_total():
    return counting.total(protocol.LENGTH)


track_total.unit = "things"


def track_nothing():
    return float("nan")


class Cached:
    params = counting.sizes()
    param_names = ["size"]

    def setup_cache(self):
        return {"small": 10_000, "large": 40_000}

    def setup(self, cache, size):
        if getattr(counting, "UNSUPPORTED", None) == size:
            raise NotImplementedError("not here")
        self.count = cache[size]

    def time_total(self, cache, size):
        counting.total(self.count)

    time_total.margin = 15.0


class Fragile:
    timeout = 3

    def time_fragile(self):
        getattr(counting, "misbehave", int)()

    def teardown(self):
        getattr(counting, "misbehave_at_the_end", int)()

    time_fragile.margin = 20.0
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a repository with a module, an asv suite and one commit, ``base``."""
    # The check has a module of the name protocol, too.
    files = {"counting.py": _CODE, "protocol.py": "LENGTH = 100\n", "suite/sums.py": _SUITE}
    root = asv_project(tmp_path / "project", files)
    commit_all(root, "Count")
    git("tag", "base", cwd=root)
    return root


def change(project: Path, code: str) -> None:
    """Commit another module."""
    (project / "counting.py").write_text(code, encoding="utf-8")
    commit_all(project, "Change")


SLOWER = _CODE.replace("range(count)", "range(count + count // 4)").replace("found += number", "found += number")
HARMLESS = _CODE.replace("Add numbers up.", "Add numbers.")


@pytest.mark.parametrize(
    ("minutes", "expected", "said"),
    [("0.001", 2, "0.001 minutes are too few: 2 of 2 benchmarks"), ("30", 0, "No regression among 2 of 2 benchmarks")],
)
def test_check_ends_within_its_budget_of_minutes(
    bench_models: Run, project: Path, minutes: str, expected: int, said: str
) -> None:
    """A budget that is too small for anything is an error, and not a green check."""
    change(project, HARMLESS)
    options = ("--bench", "track_total|time_function", "--budget-minutes", minutes, "--all")
    status, _, printed = check(bench_models, project, "base", *options)
    assert (status, said in printed) == (expected, True), printed


def test_slow_down_is_red_and_the_first_line_says_so(bench_models: Run, project: Path) -> None:
    """Name, size and both times."""
    change(project, SLOWER)
    status, report, printed = check(bench_models, project, "base", "--bench", "time_function|time_total")
    assert (status, verdicts(report)["sums.time_function"]) == (1, "regressed"), printed
    assert "regressed" in report["sentence"]
    assert "% slower (" in report["sentence"]
    assert (project / "results" / "check" / "report.md").read_text(encoding="utf-8").startswith(report["sentence"])


_VARIANTS = """
import counting


class Latency:
    params = ["fast", "small"]
    param_names = ["variant"]

    def time_single_stream(self, variant):
        counting.total(counting.COUNTS[variant])

    time_single_stream.margin = 10.0


class Figures:
    params = ["fast", "small"]
    param_names = ["variant"]

    def track_size(self, variant):
        return {"fast": 100, "small": 50}[variant]

    def track_accuracy(self, variant):
        return 0.9

    track_size.unit, track_accuracy.unit = "bytes", "share"
    track_accuracy.better = "higher"
"""


def test_variant_that_has_become_the_slowest_and_largest_is_no_longer_worth_having(
    bench_models: Run, project: Path
) -> None:
    """It was there because it was fast; the other one is measured, too, and has not changed."""
    (project / "suite" / "models.py").write_text(_VARIANTS, encoding="utf-8")
    change(project, _CODE + 'COUNTS = {"fast": 20_000, "small": 30_000}\n')
    change(project, _CODE + 'COUNTS = {"fast": 60_000, "small": 30_000}\n')
    status, report, printed = check(bench_models, project, "HEAD~1", "--bench", r"^models\.")
    found = verdicts(report)
    assert (status, found.pop("models.Latency.time_single_stream 'fast'")) == (1, "regressed"), printed
    assert {*found.values()} == {"unchanged"}, printed
    assert "**fast of models is no longer worth having: small is faster (" in printed


def test_harmless_change_is_green(bench_models: Run, project: Path) -> None:
    """Timed, cached and tracked benchmarks alike, all of them measured."""
    change(project, HARMLESS)
    status, report, printed = check(bench_models, project, "base", "--all")
    assert status == 0, printed
    found = verdicts(report)
    assert {"sums.time_function", "sums.track_total", "sums.Cached.time_total 'small'"} <= measured(report)
    assert "regressed" not in found.values()


def test_each_way_to_break_a_benchmark_is_named_and_the_others_are_judged(bench_models: Run, project: Path) -> None:
    """A new and a missing parameter, a skip, a wrong number, and a benchmark that raises on HEAD alone."""
    broken = _CODE.replace('"small", "large"', '"large"').replace("found = 0", "found = 1")
    change(project, broken + "\n\ndef misbehave():\n    raise ValueError(7)\n")
    status, report, printed = check(bench_models, project, "base")
    found = verdicts(report)
    assert status == 1, printed
    assert found["sums.Cached.time_total 'small'"] == "lost"
    assert found["sums.track_total"] == "unchanged"  # 4,951 instead of 4,950 is less than 3 %
    assert found["sums.Fragile.time_fragile"] == "regressed"
    assert "ValueError: 7" in report["sentence"]


def test_what_head_skips_is_lost_until_somebody_accepts_it(bench_models: Run, project: Path) -> None:
    """It raises NotImplementedError in its setup, as torch does for a missing kernel."""
    change(project, f'{_CODE}\n\nUNSUPPORTED = "small"\n')
    status, report, printed = check(bench_models, project, "base", "--bench", "time_total|track_total")
    assert (status, verdicts(report)["sums.Cached.time_total 'small'"]) == (1, "lost"), printed
    assert "1 of 3 benchmarks is lost: measured on BASE, and not on HEAD" in report["sentence"]
    said = "measured on BASE, skipped (NotImplementedError('not here')) on HEAD"
    assert f"`sums.Cached.time_total('small')` is lost: {said}" in report["sentence"]


_MORE = """
import counting


def track_dead():
    raise ValueError(counting.__doc__)


def track_alive():
    return 1


class Sized:
    params = counting.sizes()

    def track_sized(self, size):
        if size == "small":
            raise ValueError("dead")
        return 1


class Late:
    def __init__(self):
        self.calls = 0

    def time_late(self):
        self.calls += 1
        if self.calls == 6:
            raise ValueError("six")
        counting.time.sleep(0.005)

    time_late.number = 1
    time_late.warmup_time = 0.0


class Right:
    def track_right(self):
        return counting.SHARE

    def answers(self):
        return [(str(number), number < 90) for number in range(100)]

    track_right.outcomes = "answers"
    track_right.better = "higher"


def track_twin():
    return 1


track_twin.check = False
"""


def test_benchmark_that_is_dead_on_both_sides_is_named_and_no_reason_to_fail(bench_models: Run, project: Path) -> None:
    """With another message on either side, beside a module that neither can import; one may be taken away, too."""
    (project / "suite" / "more.py").write_text(_MORE, encoding="utf-8")
    (project / "suite" / "gpu.py").write_text("import cupy_is_not_here\n", encoding="utf-8")
    change(project, f'"""One."""\n{_CODE}')
    change(project, f'"""Two."""\n{_CODE}'.replace('"small", "large"', '"large"'))
    status, report, printed = check(bench_models, project, "HEAD~1", "HEAD", "--bench", "track_dead|alive|sized")
    assert status == 0, printed
    assert verdicts(report) == {
        "more.track_dead": "fails on both",
        "more.track_alive": "unchanged",
        "more.Sized.track_sized 'large'": "unchanged",
        "more.Sized.track_sized 'small'": "skipped",
    }
    assert "No regression among 2 of 4 benchmarks; 1 fails on both sides; 1 is skipped." in report["sentence"]
    assert "`more.track_dead` fails on both sides: ValueError: Two." in report["sentence"]
    assert "suite.gpu cannot be imported on HEAD: " in printed


def test_check_of_nothing_but_dead_benchmarks_is_no_pass(bench_models: Run, project: Path) -> None:
    """It measured nothing; nor does one of what the suite leaves out of checks, which says so."""
    (project / "suite" / "more.py").write_text(_MORE, encoding="utf-8")
    change(project, HARMLESS)
    change(project, _CODE)
    status, report, printed = check(bench_models, project, "HEAD~1", "HEAD", "--bench", "track_dead|track_nothing")
    assert (status, set(verdicts(report).values())) == (2, {"fails on both", "skipped"}), printed
    assert "Nothing was shown of 2 benchmarks" in report["sentence"]
    status, report, printed = check(bench_models, project, "HEAD~1", "HEAD", "--bench", "track_twin")
    assert (status, report) == (2, {})
    assert "the suite leaves out of checks what matches 'track_twin' (`check = False`): more.track_twin" in printed


def test_benchmark_that_dies_late_fails_on_both_sides(bench_models: Run, project: Path) -> None:
    """In the second block, where it is HEAD's turn first."""
    (project / "suite" / "more.py").write_text(_MORE, encoding="utf-8")
    change(project, f"import time\n{HARMLESS}")
    change(project, f"import time\n{_CODE}")
    asked = ("--all", "--bench", "track_alive|time_late")
    status, report, printed = check(bench_models, project, "HEAD~1", "HEAD", *asked)
    assert (status, verdicts(report)["more.Late.time_late"]) == (0, "fails on both"), printed


def test_number_that_collapses_beside_equal_answers_is_red(bench_models: Run, project: Path) -> None:
    """Whoever computes it wrongly must not pass."""
    (project / "suite" / "more.py").write_text(_MORE, encoding="utf-8")
    change(project, f"SHARE = 0.9\n{_CODE}")
    change(project, f"SHARE = 0.1\n{_CODE}")
    status, report, printed = check(bench_models, project, "HEAD~1", "HEAD", "--bench", "track_right")
    assert status == 1, printed
    (right,) = report["changes"]
    said = "number and answers disagree: 0.9 became 0.1, and the answers say: all 100 answers the same"
    assert (right["verdict"], right["reason"].partition(";")[0]) == ("regressed", said)


def test_benchmark_that_was_adapted_cannot_be_compared(bench_models: Run, project: Path) -> None:
    """It fails on BASE because HEAD's code has another name for what it calls, and may be ten times slower."""
    adapted = _SUITE.replace("counting.total(20_000)", "counting.add_up(200_000)")
    (project / "suite" / "sums.py").write_text(adapted, encoding="utf-8")
    change(project, f"{_CODE}\n\nadd_up = total\n")
    status, report, printed = check(bench_models, project, "base", "--bench", "time_function|track_total")
    assert (status, verdicts(report)["sums.time_function"]) == (0, "not comparable"), printed
    (adapted_one,) = (each for each in report["changes"] if each["benchmark"] == "sums.time_function")
    assert "no attribute 'add_up'" in adapted_one["reason"]
    assert "No regression among 1 of 2 benchmarks; 1 is not comparable." in report["sentence"]


_NEW = """
class New:
    timeout = 5

    def setup_cache(self):
        return counting.LATER

    def track_new(self, cache):
        return cache

    def track_no_number(self, cache):
        return float("nan")

    def track_infinite(self, cache):
        return float("inf")

    def track_unbuildable(self, cache):
        raise ValueError("no such layer")

    def track_fatal(self, cache):
        os._exit(3)

    def time_new(self, cache):
        pass

    def time_unbuildable(self, cache):
        raise ValueError("no such layer")


class Unprepared:
    def setup_cache(self):
        raise ValueError("no such file")

    def track_unprepared(self, cache):
        return 1
"""


def test_new_benchmark_that_fails_is_named_and_is_no_pass(bench_models: Run, project: Path) -> None:
    """There is nothing to compare it with, but it could not be measured; one that works is new."""
    suite = project / "suite" / "sums.py"
    suite.write_text(_SUITE + _NEW, encoding="utf-8")
    change(project, f"{HARMLESS}\n\nLATER = 7\n")
    status, report, printed = check(bench_models, project, "base", "--bench", "New|Unprep|track_total")
    reasons = {each["benchmark"].rpartition(".")[2]: each["reason"] for each in report["changes"]}
    assert status == 2, printed
    assert {name.rpartition(".")[2]: verdict for name, verdict in verdicts(report).items()} == {
        "track_total": "unchanged",
        "track_new": "new",
        "time_new": "new",
        "track_no_number": "skipped",
        **dict.fromkeys(reasons.keys() & {"track_infinite", "track_unbuildable", "track_fatal"}, "failed"),
        **dict.fromkeys(reasons.keys() & {"time_unbuildable", "track_unprepared"}, "failed"),
    }
    for name in ("track_unbuildable", "time_unbuildable"):
        assert reasons[name] == "new, and failed on HEAD: ValueError: no such layer"
    assert (
        reasons["track_infinite"]
        == "new, and failed on HEAD: ValueError: returned inf, where a finite number was expected"
    )
    assert reasons["track_fatal"].startswith("new, and failed on HEAD: its worker died")
    assert reasons["track_unprepared"].startswith("new, and failed on HEAD: setup_cache: ValueError: no such file")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("import os; os._exit(3)", "its worker died"),
        ("import time; time.sleep(60)", "no answer within the benchmark's timeout of 3 s"),
    ],
)
def test_worker_that_dies_or_hangs_costs_its_own_benchmark_only(
    bench_models: Run, project: Path, fault: str, said: str
) -> None:
    """It fails on HEAD, and everything else has its verdict."""
    change(project, f"{_CODE}\n\ndef misbehave():\n    {fault}\n")
    status, report, printed = check(bench_models, project, "base", "--bench", "fragile|track_total")
    assert status == 1, printed
    (fragile,) = (each for each in report["changes"] if each["benchmark"] == "sums.Fragile.time_fragile")
    assert said in fragile["reason"]
    assert verdicts(report)["sums.track_total"] == "unchanged"


_LOOKS_ROUND = """

import sys
from pathlib import Path

CHECK = str(Path(sys.argv[1]).parent.parent)  # where both sides have their sockets
quick = total


def total(count):
    for process in Path("/proc").glob("[0-9]*"):
        try:
            state = (process / "stat").read_text().rpartition(")")[2].split()[0]
            if state == "T" and CHECK in (process / "cmdline").read_text():
                Path("SEEN").touch()
        except OSError:
            pass
    return quick(count)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it looks into /proc")
def test_one_side_sleeps_while_the_other_is_timed(bench_models: Run, project: Path, tmp_path: Path) -> None:
    """Both sides share a core: what one keeps running would slow the other down, too, and hide itself."""
    change(project, _CODE + _LOOKS_ROUND.replace("SEEN", str(tmp_path / "seen")))
    _, _, printed = check(bench_models, project, "base", "--bench", "time_function")
    assert (tmp_path / "seen").exists(), printed


def test_worker_that_prints_garbage_disturbs_nobody(bench_models: Run, project: Path) -> None:
    """What it prints goes to a file, not between the messages."""
    change(project, f"{_CODE}\n\ndef misbehave():\n    print('{{' * 10, flush=True)\n")
    status, report, printed = check(bench_models, project, "base", "--bench", "track_total|fragile")
    assert "failed" not in verdicts(report).values(), printed
    assert status in {0, 1}


def test_module_that_cannot_be_imported_on_one_side_is_shown_and_the_rest_judged(
    bench_models: Run, project: Path
) -> None:
    """What HEAD cannot makes the check incomplete; where BASE cannot, there is nothing to compare, which is said."""
    (project / "suite" / "other.py").write_text(
        "import counting\n\n\ndef track_one():\n    return 1\n", encoding="utf-8"
    )
    change(project, _CODE.replace("def sizes", "def other_sizes"))
    status, report, printed = check(bench_models, project, "base", "--bench", "track")
    assert status == 2, printed
    assert "has no attribute 'sizes'" in report["broken_modules"]["head"]["suite.sums"]
    assert "1 module cannot be imported on HEAD" in report["sentence"]
    assert verdicts(report)["other.track_one"] == "unchanged"
    change(project, _CODE)
    status, report, printed = check(bench_models, project, "HEAD~1", "HEAD", "--bench", "track")
    assert status == 0, printed
    assert "has no attribute 'sizes'" in report["broken_modules"]["base"]["suite.sums"]
    assert verdicts(report)["sums.track_total"] == "not comparable"


@pytest.mark.parametrize(
    ("returned", "verdict", "said"),
    [
        ("float('nan')", "lost", "measured on BASE, skipped (returned no number) on HEAD"),
        ("None", "lost", "measured on BASE, skipped (returned no number) on HEAD"),
        ("float('inf')", "regressed", "fails on HEAD and not on BASE: ValueError: returned inf"),
    ],
)
def test_number_that_is_none_is_red_where_there_was_one(
    bench_models: Run, project: Path, returned: str, verdict: str, said: str
) -> None:
    """Under asv a NaN says "not here": what skips on HEAD alone is lost."""
    change(project, _CODE.replace("    return found", f"    return {returned}"))
    status, report, printed = check(bench_models, project, "base", "--bench", "track")
    assert (status, verdicts(report)["sums.track_total"]) == (1, verdict), printed
    assert said in report["sentence"]
    assert verdicts(report)["sums.track_nothing"] == "skipped"


def test_number_that_is_none_is_no_success_where_base_fails(bench_models: Run, project: Path) -> None:
    """HEAD measures nothing either, so it must not read as if it did."""
    change(project, _CODE.replace("    return found", "    raise ValueError(found)"))
    change(project, _CODE.replace("    return found", "    return None"))
    _, report, printed = check(bench_models, project, "HEAD~1", "HEAD", "--bench", "track")
    assert verdicts(report)["sums.track_total"] == "skipped", printed


def test_benchmark_that_cannot_be_torn_down_is_a_regression(bench_models: Run, project: Path) -> None:
    """Under asv it fails, too."""
    change(project, f"{_CODE}\n\ndef misbehave_at_the_end():\n    raise ValueError(8)\n")
    status, report, printed = check(bench_models, project, "base", "--bench", "fragile")
    assert (status, "ValueError: 8" in report["sentence"]) == (1, True), printed


def test_slow_set_up_does_not_make_a_pair_endless(bench_models: Run, project: Path) -> None:
    """It runs before each block, as asv runs it before each sample; a pair's time includes it."""
    slow = "\n\ndef pause():\n    time.sleep(0.1)\n\n\ntime_function.setup = pause\ntime_function.number = 3\n"
    (project / "suite" / "sums.py").write_text(f"{_SUITE}{slow}", encoding="utf-8")
    change(project, HARMLESS)
    status, _, printed = check(bench_models, project, "base", "--all", "--bench", "time_function")
    assert status == 0, printed
    (measurements,) = (each for each in read(project / "results" / "check").measurements if each.pairs)
    assert max(len(pair.base) for pair in measurements.pairs) <= THOROUGH.side_s / 0.1 + 2


def test_clock_that_stands_still_is_an_error_of_its_benchmark(bench_models: Run, project: Path) -> None:
    """Zero seconds are no time. A clock of another name is another one, which makes times incomparable."""
    suite = f"{_SUITE}\n\ndef clock():\n    return CLOCK()\n\n\ntime_function.timer = clock\n"
    (project / "suite" / "sums.py").write_text(suite.replace("CLOCK", "time.perf_counter"), encoding="utf-8")
    change(project, _CODE)
    git("tag", "--force", "base", cwd=project)
    (project / "suite" / "sums.py").write_text(suite.replace("CLOCK", "int"), encoding="utf-8")
    change(project, HARMLESS)
    status, report, printed = check(bench_models, project, "base", "--bench", "time_function|track_total")
    assert (status, verdicts(report)["sums.time_function"]) == (1, "regressed"), printed
    assert "its clock showed 0.0 s" in report["sentence"]


def test_unlike_circumstances_are_refused_by_name(bench_models: Run, project: Path) -> None:
    """A commit that sets another number of threads is not slower or faster code."""
    change(project, f"import os\n\nos.environ['OMP_NUM_THREADS'] = '2'\n{_CODE}")
    status, report, printed = check(bench_models, project, "base", "--bench", "track_total")
    assert status == 2, printed
    assert "OMP_NUM_THREADS: 1 on BASE, 2 on HEAD" in report["sentence"]


def test_uncommitted_change_is_measured_and_named(bench_models: Run, project: Path) -> None:
    """It can be HEAD, and nothing else."""
    (project / "counting.py").write_text(_CODE.replace("found = 0", "found = 5000"), encoding="utf-8")
    status, report, printed = check(bench_models, project, "base", "--bench", "track_total")
    assert status == 1, printed
    assert report["head"]["uncommitted"] == ["counting.py"]
    assert "with uncommitted changes" in report["sentence"]


def test_shards_merge_into_the_whole(bench_models: Run, project: Path) -> None:
    """Two machines measure, a third one merges."""
    change(project, HARMLESS)
    for index in "12":
        mine = ("--shard", f"{index}/2", "--output", f"results/{index}")
        check(bench_models, project, "base", "--bench", "track|time_total", *mine)
    done = bench_models("merge", "results/1", "results/2", cwd=project)
    report = json.loads((project / "results" / "merged" / "report.json").read_text(encoding="utf-8"))
    names = {
        "sums.track_total",
        "sums.track_nothing",
        "sums.Cached.time_total 'small'",
        "sums.Cached.time_total 'large'",
    }
    assert names == verdicts(report).keys()
    assert report["exit_status"] == done.returncode
    alone = bench_models("merge", "results/1", cwd=project)
    assert (alone.returncode, "shard 2/2 is missing" in alone.stderr) == (2, True)


def test_spawned_workers_give_a_verdict_too(bench_models: Run, project: Path) -> None:
    """Where there is no fork, or the device is CUDA."""
    change(project, SLOWER)
    status, report, printed = check(bench_models, project, "base", "--spawn", "--bench", "track_nothing|time_function")
    assert status == 1, printed
    assert verdicts(report) == {"sums.track_nothing": "skipped", "sums.time_function": "regressed"}


def test_different_pins_get_an_environment_each_and_are_listed(bench_models: Run, project: Path) -> None:
    """A change that only bumps a library is judged like any other."""
    pins = '[project]\nname = "counting"\nversion = "1"\ndependencies = ["tabulate=={version}"]\n'
    modules = '[tool.setuptools]\npy-modules = ["counting", "protocol"]\n'
    for version in ("0.9.0", "0.10.0"):
        (project / "pyproject.toml").write_text(pins.format(version=version) + modules, encoding="utf-8")
        commit_all(project, f"Pin tabulate {version}")
    status, report, printed = check(bench_models, project, "HEAD~1", "HEAD", "--bench", "track_total")
    assert status == 0, printed
    assert report["environments"] == "one each"
    assert report["changed_libraries"] == {"tabulate": {"base": "0.9.0", "head": "0.10.0"}}
    assert verdicts(report) == {"sums.track_total": "unchanged"}


def killed(project: Path, log: Path, scratch: str, ending: signal.Signals) -> "subprocess.Popen[bytes]":
    """Start a check whose temporary folders lie in ``scratch``, and send it a signal once it has measured a pair."""
    command = [sys.executable, "-m", "bench_models", "check", "base", "--all", "--python", "same"]
    environment = os.environ | {"PYTHONSAFEPATH": "1", "TMPDIR": scratch}
    # A shell that runs the tests in the background makes them ignore Ctrl-C, and what they start with them.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with log.open("w") as file:
            running = subprocess.Popen(command, cwd=project, env=environment, stdout=file, stderr=file)
    finally:
        signal.signal(signal.SIGINT, before)
    record = project / "results" / "check" / "record.jsonl"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (record.exists() and '"line": "pair"' in record.read_text()):
        time.sleep(0.05)
    running.send_signal(ending)
    return running


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_check_keeps_what_was_measured_and_leaves_nothing_behind(
    project: Path, tmp_path: Path, ending: signal.Signals
) -> None:
    """Report, no worktree, no process: for Ctrl-C, and for a job that is cancelled."""
    change(project, HARMLESS)
    scratch = tempfile.mkdtemp(prefix="t")  # not tmp_path: a socket's path is short
    running = killed(project, tmp_path / "log", scratch, ending)
    assert running.wait(timeout=30) == 130, (tmp_path / "log").read_text()
    report = json.loads((project / "results" / "check" / "report.json").read_text(encoding="utf-8"))
    assert "interrupted" in report["sentence"]
    assert any(each["pairs"] for each in report["changes"])
    assert git("worktree", "list", cwd=project).count("\n") == 1
    Path(scratch).rmdir()  # which raises unless it is empty
    workers = subprocess.run(["pgrep", "--full", scratch], capture_output=True, check=False)
    assert not workers.stdout


def test_next_check_removes_what_a_killed_one_left_behind(bench_models: Run, project: Path, tmp_path: Path) -> None:
    """Nobody can clean up after oneself when the system ends one at once."""
    change(project, HARMLESS)
    scratch = tempfile.mkdtemp(prefix="t")
    assert killed(project, tmp_path / "log", scratch, signal.SIGKILL).wait(timeout=30) == -signal.SIGKILL
    assert list(Path(scratch).iterdir())
    status, _, printed = check(bench_models, project, "base", "--bench", "track_total", TMPDIR=scratch)
    assert status == 0, printed
    Path(scratch).rmdir()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere",), "git knows no commit nowhere here: give a branch (main)"),
        (("base", "base"), "are the same commit"),
        (("base", "--config", "other.json"), "there is no other.json in HEAD"),
        (("base", "--bench", "nothing_like_it"), "no benchmark matches 'nothing_like_it'"),
        (("base", "--shard", "3/2"), "--shard is i/n"),
        (("base", "--bench", "("), "--bench '(' is not a regular expression"),
        (("base", "--output", "counting.py"), "--output counting.py cannot be written to"),
        (("base", "--python", "/nowhere/python"), "--python /nowhere/python cannot be run"),
    ],
)
def test_bad_input_is_one_sentence(bench_models: Run, project: Path, arguments: tuple[str, ...], said: str) -> None:
    """And status 2."""
    change(project, HARMLESS)
    done = bench_models("check", "--python", "same", *arguments, cwd=project)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert "Traceback" not in done.stderr


def test_shallow_clone_says_what_to_fetch(bench_models: Run, project: Path, tmp_path: Path) -> None:
    """As CI's checkout makes it."""
    change(project, HARMLESS)
    git("clone", "--quiet", "--depth=1", project.as_uri(), str(tmp_path / "shallow"), cwd=tmp_path)
    base = git("rev-parse", "base", cwd=project).strip()
    done = bench_models("check", base, "--python", "same", cwd=tmp_path / "shallow")
    assert done.returncode == 2
    assert f"`git fetch --depth=1 origin {base}`" in done.stderr
