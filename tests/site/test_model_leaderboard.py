"""The leaderboard line over the commits: who led, and where the frontier itself became worse."""

import json
import re
from collections.abc import Callable

import pytest
from support.site_project import Project

Publish = Callable[..., Project]

ADDRESS = "leaderboard-tiny.html"


def _pages(project: Project) -> tuple[str, str]:
    """Return the overview and the page of the leaderboard, without their tags and with plain spaces."""
    folder = project.html / "bench-models"
    texts = [(folder / name).read_text(encoding="utf-8") for name in ("index.html", ADDRESS)]
    overview, page = (" ".join(re.sub(r"<[^>]+>", " ", text).split()) for text in texts)
    return overview, page


def _record(project: Project, benchmark: str, values: list[float | None], place: int = 1) -> None:
    """Change what asv recorded of one variant, by the places of the commits."""
    for commit, value in zip(project.commits, values, strict=True):
        file = project.result(commit)
        data = json.loads(file.read_text(encoding="utf-8"))
        data["results"][f"tiny.{benchmark}"][0][place] = value
        file.write_text(json.dumps(data), encoding="utf-8")


def test_slower_leader_is_a_regression_of_the_frontier(published: Publish) -> None:
    """The overview has the newest line and names the regression; the page has it commit by commit."""
    project = published()
    overview, page = _pages(project)
    slow = project.commits[8][:8]

    said = "Speed-up of the fastest within 1 point: 1.08 x (int8); Size of the smallest within 1 point: 43.3 MiB (int8)"
    assert f"Leaderboard : {said}" in overview
    assert f'<a href="{ADDRESS}">' in (project.html / "bench-models" / "index.html").read_text(encoding="utf-8")
    regressions = overview.partition("Regressions that last")[2]
    assert re.search(
        rf"Leaderboard Relative latency of the fastest within 1 point \+25\.0 %, .* at {slow}", regressions
    )
    assert "asv's graph" not in page
    assert "those of the speed-up are in the relative latency" in page
    assert len(re.findall(r"int8 1\.35 x", page)) == 8
    assert len(re.findall(r"int8 1\.08 x", page)) == 4


@pytest.mark.parametrize(
    ("benchmark", "spoilt"),
    [
        ("Figures.track_accuracy", 0.9),  # 1.2 points less than the baseline
        ("Figures.track_budget", 2.0),  # broken
        ("Figures.track_budget", 7.0),  # of another version
        ("Figures.track_budget", None),  # no verdict
    ],
)
def test_whoever_loses_more_than_a_point_or_breaks_its_budget_does_not_lead(
    published: Publish, benchmark: str, spoilt: float | None
) -> None:
    """Then the baseline leads, which nothing is faster or smaller than, and the frontier has become worse."""
    kept = {"Figures.track_accuracy": 0.908, "Figures.track_budget": 0.0}[benchmark]

    def spoil(project: Project) -> None:
        _record(project, benchmark, [*[kept] * 8, *[spoilt] * 4])

    overview, _ = _pages(published(spoil))
    assert "fastest within 1 point: 1.00 x (baseline); Size of the smallest within 1 point: 86.7 MiB" in overview
    assert re.search(r"Leaderboard Size of the smallest within 1 point \+100\.0 %", overview)


def test_faster_leader_is_no_regression(published: Publish) -> None:
    """A speed-up that rises is what people work for."""

    def spoil(project: Project) -> None:
        _record(project, "SpeedUp.track_speed_up", [*[1.35] * 6, *[2.7] * 6])

    overview, page = _pages(published(spoil))
    assert "fastest within 1 point: 2.70 x (int8)" in overview
    assert "Leaderboard Relative latency" not in overview
    assert "No regression in its history lasts" in page


@pytest.mark.parametrize(
    "setting",
    [
        {"regressions_thresholds": {".*track_relative_latency": 0.3}},
        {"regressions_thresholds": {r".*track_relative_latency\('int8'\)": 0.3}},
        {"regressions_first_commits": {".*track_relative_latency": None}},
        {"regressions_first_commits": {".*track_relative_latency": "main"}},
    ],
)
def test_frontier_regresses_from_what_the_configuration_calls_a_regression(
    published: Publish, setting: dict[str, object]
) -> None:
    """One that allows latencies a rise by a quarter, or judges them from a later commit, allows it whoever leads."""

    def spoil(project: Project) -> None:
        file = project.root / "asv.conf.json"
        file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | setting), encoding="utf-8")

    overview, _ = _pages(published(spoil))
    assert "fastest within 1 point: 1.08 x (int8)" in overview
    assert "Leaderboard Relative latency" not in overview


def test_suite_in_which_nothing_is_compared_has_no_leaderboard(published: Publish) -> None:
    """Without speed-ups nobody can lead."""

    def spoil(project: Project) -> None:
        for place in (0, 1):
            _record(project, "SpeedUp.track_speed_up", [None] * 12, place)

    folder = published(spoil).html / "bench-models"
    assert not (folder / ADDRESS).exists()
    assert "Leaderboard" not in (folder / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("place", [0, 1])
def test_commit_at_which_the_leader_or_the_baseline_was_not_measured_is_left_out(
    published: Publish, place: int
) -> None:
    """A run of a few rows is no regression of the frontier; the line says of which commit it is."""

    def spoil(project: Project) -> None:
        size = 90_900_000.0 / (1 + place)
        _record(project, "Figures.track_size", [*[size] * 6, None, *[size] * 2, *[None] * 3], place)

    project = published(spoil)
    overview, page = _pages(project)
    assert f"Leaderboard , last known at {project.commits[8][:8]} , as whoever led was not measured since" in overview
    assert project.commits[7][:8] in page
    assert project.commits[6][:8] not in page


def test_other_machine_with_a_few_figures_takes_nothing_away(published: Publish) -> None:
    """Settings are named by what differs between a benchmark's own graphs, which is not what joins them."""

    def spoil(project: Project) -> None:
        file = project.result(project.commits[-1])
        data = json.loads(file.read_text(encoding="utf-8"))
        data["results"] = {name: row for name, row in data["results"].items() if "Figures" in name}
        data["params"]["machine"] = "laptop"
        other = file.parents[1] / "laptop"
        other.mkdir()
        (other / file.name).write_text(json.dumps(data), encoding="utf-8")
        machine = json.loads((file.parent / "machine.json").read_text(encoding="utf-8"))
        (other / "machine.json").write_text(json.dumps(machine | {"machine": "laptop"}), encoding="utf-8")

    project = published(spoil)
    overview, page = _pages(project)
    assert "fastest within 1 point: 1.08 x (int8)" in overview
    assert re.search(r"Leaderboard Relative latency of the fastest within 1 point \+25\.0 %", overview)
    assert len(re.findall(r"int8 1\.35 x", page)) == 8
