"""asv's own discovery finds what the suites measure, and nothing of the mixins."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench_models.build import Builder
from bench_models.metrics import FIGURES, LATENCIES
from bench_models.metrics.scorecard import score

ROOT = Path(__file__).resolve().parents[2]

DISCOVER = """
import json, sys
from asv_runner.discovery import disc_benchmarks
from asv_runner._aux import update_sys_path
update_sys_path(sys.argv[1])
found = {b.name: [b.unit, b.params, b.version, b.setup_cache_key] for b in disc_benchmarks(sys.argv[1])}
print(json.dumps([found, "torch" in sys.modules]))
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
    expected = {f"rotten_tomatoes.Figures.track_{figure.name}": figure.unit for figure in FIGURES}
    expected |= {f"rotten_tomatoes.Latency.time_{scenario.name}": "seconds" for scenario in LATENCIES}

    assert expected == {name: facts[0] for name, facts in found.items()}
    assert all("'pruned30-int8'" in facts[1][0] for facts in found.values())  # type: ignore[index]


def test_history_survives_a_new_comment(discovered: tuple[dict[str, list[object]], bool]) -> None:
    """A benchmark's version is set, not a digest of its source."""
    found, _ = discovered

    assert {"1"} == {facts[2] for facts in found.values()}
    assert all(str(facts[3]).startswith("rotten_tomatoes:") for facts in found.values())


def test_discovery_imports_no_torch(discovered: tuple[dict[str, list[object]], bool]) -> None:
    """A suite's file is a table."""
    _, torch_imported = discovered

    assert not torch_imported


def test_known_figure_is_tracked_without_torch(builder: Builder, tiny_suite: Path) -> None:
    """setup_cache and a track_ benchmark read the scorecards that are there."""
    for variant in builder.suite.variants:
        score(builder, variant)
    code = (
        "import pickle, sys\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "from benchmarks import measures\n"
        "from bench_models.suites import load\n"
        "prepared = pickle.loads(pickle.dumps(measures.prepare(load(sys.argv[1]))))\n"
        "Tiny = type('Tiny', (measures.Figures,), {'suite': load(sys.argv[1])})\n"
        "print(Tiny().track_size(prepared, 'int8') > 0, Tiny.params, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tiny_suite)], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "True [['baseline', 'pruned', 'int8']] False"
