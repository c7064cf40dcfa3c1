"""Benchmarks have titles, modules and pages by their names, and change points by the one rule of this project."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from support.site_project import Project

from bench_models.asv.history import histories
from bench_models.github.regression_issue import regressions
from bench_models.metrics import FIGURES, LATENCIES, OF_RUNTIMES, RATIOS
from bench_models.results_branch.records import Accepted, add_accepted
from bench_models.site.asv_graphs import display_of, file_of, module_of


def test_different_histories_have_different_files() -> None:
    """Also where their names hold what no file name may."""
    names = [("s", "a/b"), ("s", "a b"), ("s", "../a"), ("s", None), ("s.a", None), ("s", "a"), ("s.a", "a")]
    names += [("s", "a.a"), ("s", "a" * 300), ("s", "a" * 301)]
    files = [file_of(module, variant) for module, variant in names]

    assert len(set(files)) == len(names)
    assert all(re.fullmatch(r"history-[\w.-]{1,110}\.html", file) for file in files)


def test_modules_are_told_from_classes() -> None:
    """Asv's names do not say which is which, but by the capital."""
    assert module_of("pkg.module.Class.time_it") == "pkg.module"
    assert module_of("module.time_it") == "module"
    assert display_of("m.time_it", {"param_names": [], "unit": "seconds"}).show(0.0123) == "12.3ms"


def test_known_benchmarks_are_shown_as_their_metrics_say() -> None:
    """The site has titles of its own, and must not import the metrics, which need the libraries of models."""
    metrics = {f"Figures.track_{each.name}": each for each in FIGURES} | {
        f"SpeedUp.track_{each.name}": each for each in RATIOS
    }
    metrics |= {f"Latency.time_{each.name}": each for each in LATENCIES}
    metrics |= {f"RuntimeFigures.track_{each.name}": each for each in OF_RUNTIMES}
    for name, metric in metrics.items():
        display = display_of(f"suite.{name}", {"param_names": ["variant"]})
        assert (display.better, display.show) == (metric.better, metric.show), name
        assert display.title != name


def test_site_and_issue_mark_the_same_commits(published: Callable[..., Project]) -> None:
    """One rule on one fit: what the pages mark is what the issue tells, old steps and new ones alike."""

    def spoil(project: Project) -> None:
        for place, commit in enumerate(project.commits):
            file = project.result(commit)
            data = json.loads(file.read_text(encoding="utf-8"))
            rows = data["results"]
            rows["tiny.Figures.track_size"][0][0] = [1.0, 1.0, 1.0, 1.0, 1.5, 1.5, 1.5, 1.5, 2.0, 2.0, 2.0, 2.0][place]
            rows["tiny.Figures.track_size"][0][1] = 2.0 if place in {4, 5} else 1.0  # asv's rule sees two points
            rows["tiny.Figures.track_parameters"][0][1] = 9.0 if place > 9 else 1.0
            file.write_text(json.dumps(data), encoding="utf-8")

    project = published(spoil)
    told = regressions(histories(project.root, set(project.commits)), project.commits, ())
    marked = {
        (page.stem.partition("--")[2], title, commit)
        for page in (project.html / "bench-models").glob("history-*.html")
        for title, commit in _marks(page.read_text(encoding="utf-8"))
    }

    assert len(marked) > 3
    assert marked == {
        (
            each.series.parameters[0],
            display_of(each.series.benchmark, {"param_names": ["variant"]}).title,
            each.commit[:8],
        )
        for each in told
    }
    assert {commit for _, title, commit in marked if title == "Size"} == {
        project.commits[place][:8] for place in (4, 8)
    }
    asv_own = json.loads((project.html / "regressions.json").read_text(encoding="utf-8"))["regressions"]
    assert "tiny.Figures.track_parameters('int8')" in {each[0] for each in asv_own}
    assert ("int8", "Parameters") not in {each[:2] for each in marked}  # its new level has two points so far


@pytest.mark.parametrize(("away", "accepted"), [(-2, True), (2, True), (-3, False), (3, False)])
def test_site_and_issue_agree_on_what_is_accepted(
    published: Callable[..., Project], *, away: int, accepted: bool
) -> None:
    """Both forgive a commit or two, as the fit may move a change point by so many when points are added."""

    def spoil(project: Project) -> None:
        commit = project.commits[8 + away]  # int8 is slower from the ninth commit on
        at = datetime(2026, 3, 1, tzinfo=UTC)
        add_accepted(project.asv, [Accepted(commit=commit, pull_request=3, reason="worth it", by="o", at=at)])

    project = published(spoil)
    page = (project.html / "bench-models" / "history-tiny--int8.html").read_text(encoding="utf-8")
    told = regressions(histories(project.root, set(project.commits)), project.commits, (project.commits[8 + away],))

    assert ("worth it" in page) is accepted
    assert ('class="mark bad"' in page) is not accepted
    assert bool(told) is not accepted


def _marks(page: str) -> Iterator[tuple[str, str]]:
    """Return the title of each graph that has change points, with the commit that each of them is by or at."""
    for section in page.split("<section ")[1:]:
        title = re.findall(r"<h2[^>]*>([^<]*)</h2>", section)[0]
        listed = section.partition('<ol class="change-points">')[2].partition("</ol>")[0]
        for item in listed.split("<li>")[1:]:
            words = re.sub("<[^>]*>", "", item)
            yield title, re.findall(r"(?:by|at) ([0-9a-f]{8})", words)[0]
