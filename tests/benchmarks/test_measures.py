"""asv's own discovery finds what the suites measure, and nothing of the mixins."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from asv.config import Config
from support.tiny_project import edited

from bench_models import suites
from bench_models.build import Builder
from bench_models.check.planning import plan
from bench_models.check.sides.suite import discovery_of
from bench_models.metrics import (
    AGAINST_BASELINE,
    AGREEMENT,
    BUDGET,
    FIGURES,
    LATENCIES,
    LOGIT_DIFFERENCE,
    OF_RUNTIMES,
    RATIOS,
)
from bench_models.metrics.scorecard import score
from bench_models.runtimes.artifact import ArtifactRuntime
from bench_models.verdict.measurements import SIDES

# A port that nobody listens to.
GONE = "http://127.0.0.1:9"

ROOT = Path(__file__).resolve().parents[2]

DISCOVER = """
import json, sys
from asv_runner.discovery import disc_benchmarks
from asv_runner._aux import update_sys_path
update_sys_path(sys.argv[1])
found = {
    b.name: [b.unit, b.params, b.version, b.setup_cache_key, all(getattr(of, "check", True) for of in b._attr_sources)]
    for b in disc_benchmarks(sys.argv[1])
}
print(json.dumps([found, "torch" in sys.modules]))
"""


DESCRIBE = """
import json, sys
from asv_runner.discovery import disc_benchmarks
from asv_runner._aux import update_sys_path
from bench_models.check.worker.runner import described
update_sys_path(sys.argv[1])
print(json.dumps([described(b) for b in disc_benchmarks(sys.argv[1])]))
"""


@pytest.fixture(scope="module")
def discovered() -> tuple[dict[str, list[object]], bool]:
    """Return what asv_runner finds in benchmarks/, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", DISCOVER, str(ROOT / "benchmarks")], capture_output=True, text=True, check=True
    )
    found, torch_imported = json.loads(done.stdout)
    return found, torch_imported


def test_asv_finds_every_metric_of_every_suite(discovered: tuple[dict[str, list[object]], bool]) -> None:
    """With its unit, and with the variants as its parameter."""
    found, _ = discovered
    expected: dict[str, str] = {}
    for suite in map(suites.module_name, suites.BUILT_IN):
        expected |= {f"{suite}.Figures.track_{figure.name}": figure.unit for figure in (*FIGURES, *AGAINST_BASELINE)}
        expected |= {f"{suite}.Latency.time_{scenario.name}": "seconds" for scenario in LATENCIES}
        expected |= {f"{suite}.SpeedUp.track_{ratio.name}": "x" for ratio in RATIOS}
    expected |= {f"rotten_tomatoes.RuntimeFigures.track_{figure.name}": figure.unit for figure in OF_RUNTIMES}

    assert expected == {name: facts[0] for name, facts in found.items()}
    for name, facts in found.items():
        variants = suites.load(name.split(".")[0].replace("_", "-")).variants
        of_runtimes = ".RuntimeFigures." in name
        known = [each.name for each in variants if not of_runtimes or isinstance(each.runtime, ArtifactRuntime)]
        assert facts[1] == [[repr(variant) for variant in known]]
        assert len(known) > 1


def test_check_asks_for_accuracy_and_not_for_the_error_rate_besides() -> None:
    """They are one outcome, and two tests of it are one too many; asv tracks both."""
    done = subprocess.run(
        [sys.executable, "-c", DESCRIBE, str(ROOT / "benchmarks")], capture_output=True, text=True, check=True
    )
    found = discovery_of({"benchmarks": json.loads(done.stdout)})
    names = {each.benchmark.name.rpartition(".")[2] for each in plan(dict.fromkeys(SIDES, found), 60.0)}

    tracked = {f"track_{figure.name}" for figure in (*FIGURES, *OF_RUNTIMES, AGREEMENT)}
    left_out = {"track_error_rate", "track_logit_difference"}
    assert names == (tracked | {f"time_{scenario.name}" for scenario in LATENCIES}) - left_out


def test_history_survives_a_new_comment(discovered: tuple[dict[str, list[object]], bool]) -> None:
    """A benchmark's version is set, not a digest of its source."""
    found, _ = discovered

    assert {"1"} == {facts[2] for facts in found.values()}
    assert all(str(facts[3]).startswith(f"{name.split('.')[0]}:") for name, facts in found.items())


def test_check_leaves_out_what_it_is_told_by_others(discovered: tuple[dict[str, list[object]], bool]) -> None:
    """It measures times by itself, tests answers once, and leaves budgets to the main job."""
    found, _ = discovered
    left_out = {name.rpartition("track_")[2] for name, facts in found.items() if not facts[4]}

    assert left_out == {"error_rate", "disagreement", "logit_difference", "budget", "speed_up", "relative_latency"}


def test_asv_judges_what_improves_downwards() -> None:
    """It would call a better accuracy or speed-up a regression; and a budget's status is a verdict already."""
    config = Config.load(str(ROOT / "asv.conf.json"))
    unjudged = [pattern for pattern, first in config.regressions_first_commits.items() if first is None]
    for metric in (*FIGURES, *OF_RUNTIMES, *AGAINST_BASELINE, *RATIOS):
        name = f"suite.Kind.track_{metric.name}"
        assert any(re.search(pattern, name) for pattern in unjudged) == (
            metric.better == "higher" or metric in {BUDGET, LOGIT_DIFFERENCE}
        ), name


def test_discovery_imports_no_torch(discovered: tuple[dict[str, list[object]], bool]) -> None:
    """A suite's file is a table."""
    _, torch_imported = discovered

    assert not torch_imported


def test_known_figure_is_tracked_without_torch(
    builder: Builder, tiny_suite: Path, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """setup_cache and a track_ benchmark read the scorecards that are there.

    A scorecard's key names the CPU's flags, so the other process is told of the CPU what this one is told.
    """
    told = request.config.getoption("--bf16")
    for variant in builder.suite.variants:
        score(builder, variant)
    code = (
        "import pickle, sys\n"
        f"sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / 'tests')!r}]\n"
        "import contextlib\nfrom support import arithmetic\n"
        "from benchmarks import measures\n"
        "from bench_models.suites import load\n"
        "told = sys.argv[2]\n"
        "with arithmetic.flags(with_bf16=told == 'with') if told else contextlib.nullcontext():\n"
        "    prepared = pickle.loads(pickle.dumps(measures.prepare(load(sys.argv[1]))))\n"
        "Tiny = type('Tiny', (measures.Figures,), {'suite': load(sys.argv[1])})\n"
        "print(Tiny().track_size(prepared, 'int8') > 0, Tiny.params, 'torch' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(tiny_suite), told or ""]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "True [['baseline', 'pruned', 'int8']] False"


_PREPARE = """
import sys
sys.path.insert(0, sys.argv[1])
from bench_models.suites import load
from benchmarks import measures
suite = load(sys.argv[2])
prepared = measures.prepare(suite)
for mixin in (measures.Figures, measures.Latency):
    kind = type("Kind", (mixin,), {"suite": suite})
    try:
        kind().setup(prepared, sys.argv[3])
        print(sys.argv[3], "is measured")
    except NotImplementedError as skip:
        print(sys.argv[3], "is skipped:", skip)
"""


def _prepared(suite: str, variant: str, **environment: str) -> list[str]:
    """Return what asv would be told of a variant in the setup of its figures, and in that of its latencies."""
    command = [sys.executable, "-c", _PREPARE, str(ROOT), suite, variant]
    with TemporaryDirectory() as folder:  # asv runs a suite's setup_cache in one, too
        environment = os.environ | environment
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


@pytest.mark.parametrize("name", [name for name in suites.BUILT_IN if name != suites.DEFAULT])
@pytest.mark.parametrize("environment", [{"HF_HUB_OFFLINE": "1"}, {"HF_HUB_OFFLINE": "0", "HF_ENDPOINT": GONE}])
def test_suite_of_the_hub_is_skipped_with_the_reason(name: str, environment: dict[str, str]) -> None:
    """Where no hub is to be had: by every benchmark, in asv's way."""
    of_figures, of_latencies = _prepared(name, "baseline", **environment)

    assert of_figures == of_latencies
    assert of_figures.startswith("baseline is skipped: config.json of ")
    assert "cannot be downloaded" in of_figures


def test_rows_that_wait_for_training_are_skipped_until_it_is_asked_for(
    tiny_suite: Path, untrained_builder: Builder
) -> None:
    """Where a suite says so: asv would train for hours."""
    text = tiny_suite.read_text(encoding="utf-8")
    patient = edited(text, "    variants=(", "    trains_unasked=False,\n    variants=(")
    tiny_suite.write_text(patient, encoding="utf-8")
    waits = "int8 is skipped: training baseline may take hours: `bench-models build tiny int8` does it"
    assert _prepared(str(tiny_suite), "int8") == [waits, waits]
    untrained_builder.train("int8")
    assert _prepared(str(tiny_suite), "int8") == ["int8 is measured", "int8 is measured"]
