"""A variant stands as asv recorded the verdict, and the figure is of the commit's report or of what asv recorded."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support.drawing import REAL
from support.site_project import Project, make

from bench_models.metrics.budgets import STATUSES, Status
from bench_models.outcomes import Failed, Measured, Outcome
from bench_models.site import asv_page
from bench_models.site.asv_page import Copy
from bench_models.site.build import build
from bench_models.site.model_suite import ACCURACY, SIZE, standings, suite_called
from bench_models.site.summary import BUDGET
from bench_models.suites.rotten_tomatoes import SUITE

Publish = Callable[..., Project]


@pytest.fixture
def publish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made_up: list[Copy]) -> Publish:
    """Return a function that publishes two commits of the default suite."""
    monkeypatch.setattr(asv_page, "copies", lambda _: made_up)

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


def _values(**statuses: Status) -> dict[str, dict[str, Outcome[float]]]:
    """Return values of variants that keep their budgets, but for some."""
    verdicts: dict[str, Outcome[float]] = {
        name: Measured(value=STATUSES.index(statuses.get(name, "kept"))) for name in SUITE.names
    }
    measured: dict[str, Outcome[float]] = {name: Measured(value=1.0) for name in SUITE.names}
    return {SIZE: dict(measured), ACCURACY: dict(measured), BUDGET: verdicts}


def test_variants_stand_as_they_were_judged() -> None:
    """In the words of the report; a row without a budget is named as such."""
    found = standings(SUITE, _values(bf16="broken", pruned30="open"))

    assert {name: word for name, word in found.items() if word != "kept"} == {
        "baseline": "baseline",
        "bf16": "broken",
        "pruned30": "open",
        **{row.name: "no budget" for row in SUITE.variants[1:] if row.budget is None},
    }


@pytest.mark.parametrize("name", ["bf16", "baseline"])
def test_what_was_not_measured_is_not_judged(name: str) -> None:
    """A failed variant is not a kept budget, and without a baseline nothing is judged."""
    figures = _values()
    figures[SIZE][name] = Failed(error="no memory")
    found = standings(SUITE, figures)

    assert found[name] == "not measured"
    assert found["fp16"] == ("kept" if name == "bf16" else "not judged")


def test_what_was_recorded_without_a_verdict_is_not_judged() -> None:
    """By older versions, or where the baseline failed: accuracies alone do not tell how many sentences flipped."""
    figures = _values()
    figures[BUDGET]["bf16"] = Failed(error="the baseline failed")

    assert standings(SUITE, figures)["bf16"] == "not judged"
    assert standings(SUITE, {name: figures[name] for name in (SIZE, ACCURACY)})["fp16"] == "not judged"


def test_suites_are_found_by_their_module(tiny_suite: Path) -> None:
    """Those of this package, those of a project, and none where benchmarks are of another kind."""
    assert suite_called("rotten_tomatoes", Path("nowhere")) == SUITE
    found = suite_called(tiny_suite.stem, tiny_suite.parent)
    assert found is not None
    assert found.baseline.name == "baseline"
    assert suite_called("other", tiny_suite.parent) is None
    assert suite_called("../secrets", tiny_suite.parent) is None
