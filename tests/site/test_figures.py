"""The site draws the figure of a suite whose budgets it knows, from the commit's report or from what asv recorded."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support.drawing import REAL
from support.site_project import Project, make

from bench_models.site import publishing
from bench_models.site.building import build
from bench_models.site.scripts import Copy
from bench_models.suites.rotten_tomatoes import SUITE

Publish = Callable[..., Project]


@pytest.fixture
def publish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made_up: list[Copy]) -> Publish:
    """Return a function that publishes two commits of the default suite."""
    monkeypatch.setattr(publishing, "copies", lambda _: made_up)

    def published(spoil: Callable[[Project], None] = lambda _: None) -> Project:
        project = make(tmp_path / "project", commits=2, variants=tuple(SUITE.names), suite="rotten_tomatoes")
        spoil(project)
        monkeypatch.chdir(project.root)
        assert build(Path("asv.conf.json"), None) == 0
        return project

    return published


def _figure(project: Project, theme: str = "light") -> str:
    return (project.html / "bench-models" / f"figure-rotten_tomatoes-{theme}.svg").read_text(encoding="utf-8")


def test_figure_says_what_asv_recorded(publish: Publish) -> None:
    """In both themes, which the page chooses between, with every number in words."""
    project = publish()
    page = (project.html / "bench-models" / "index.html").read_text(encoding="utf-8")
    light, dark = _figure(project), _figure(project, "dark")

    assert f"at {project.commits[-1][:8]}</title>" in light
    assert "accuracy 91.2 %, 86.7 MiB, baseline" in light
    assert "speed-up 1.08, accuracy 90.8 %" in light  # what asv tracks, not the ratio of two latencies
    assert light != dark
    assert 'srcset="figure-rotten_tomatoes-dark.svg" media="(prefers-color-scheme: dark)"' in page
    assert 'src="figure-rotten_tomatoes-light.svg"' in page


def _keep(project: Project, text: str) -> None:
    (project.root / "results").mkdir()
    (project.root / "results" / "rotten-tomatoes.json").write_text(text, encoding="utf-8")


def test_the_commits_own_report_goes_first(publish: Publish) -> None:
    """It has the intervals that asv does not keep."""
    text = REAL.read_text(encoding="utf-8")
    commit = json.loads(text)["commit"]

    drawn = _figure(publish(lambda project: _keep(project, text.replace(commit, project.commits[-1]))))

    assert "accuracy 91.2 %" not in drawn
    assert "accuracy 8" in drawn


@pytest.mark.parametrize("text", [REAL.read_text(encoding="utf-8"), "{"], ids=["another commit's", "damaged"])
def test_another_report_is_not_drawn(publish: Publish, text: str) -> None:
    """Whatever lies in the folder, the figure is of the commit that the page is about."""
    assert "accuracy 91.2 %" in _figure(publish(lambda project: _keep(project, text)))


def test_a_failed_baseline_leaves_no_figure(publish: Publish) -> None:
    """Nothing can be judged against it, and the page says why its numbers are missing."""

    def spoil(project: Project) -> None:
        for commit in project.commits:
            file = project.result(commit)
            data = json.loads(file.read_text(encoding="utf-8"))
            data["results"]["rotten_tomatoes.Figures.track_size"][0][0] = None
            file.write_text(json.dumps(data), encoding="utf-8")

    project = publish(spoil)
    page = (project.html / "bench-models" / "index.html").read_text(encoding="utf-8")

    assert not list((project.html / "bench-models").glob("*.svg"))
    assert "Size of baseline: rotten_tomatoes.Figures.track_size(baseline) failed under asv" in page
    assert "<picture>" not in page
