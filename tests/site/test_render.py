"""What the pages say, mark and escape, and that they can be followed without seeing them."""

import datetime as dt
import json
import math
import re
import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from support.site_pages import Tags, pages_of
from support.site_project import MACHINE, Project, add_checks

from bench_models.results_branch.records import Accepted, add_accepted, read_accepted
from bench_models.site.build import build
from bench_models.site.render import LONGEST_TEXT

AT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
Published = Callable[..., Project]


def test_exact_change_has_no_interval(published: Published) -> None:
    """What was counted is exact; what was timed keeps its interval."""

    def spoil(project: Project) -> None:
        add_checks(project)
        for file in (project.asv / "checks").glob("*.json"):
            kept = json.loads(file.read_text(encoding="utf-8"))
            first, second = kept["report"]["changes"][:2]
            first |= {"verdict": "regressed", "change_pct": {"value": 50.0, "low": 50.0, "high": 50.0, "level": 0.95}}
            second |= {"verdict": "regressed", "change_pct": {"value": 40.0, "low": 30.0, "high": 50.0, "level": 0.95}}
            file.write_text(json.dumps(kept), encoding="utf-8")

    page = pages_of(published(spoil))["checks.html"]

    assert '+50.0 %<span class="beneath">exact</span>' in page
    assert '+40.0 %<span class="beneath">+30.0 % to +50.0 %</span>' in page


@pytest.mark.parametrize(
    ("verdict", "shown", "tone"),
    [
        ("lost", "lost", "bad"),
        ("missing", "lost", "bad"),
        ("not comparable", "not comparable", "unsure"),
        ("fails on both", "fails on both", "unsure"),
    ],
)
def test_verdict_without_numbers_is_marked(published: Published, verdict: str, shown: str, tone: str) -> None:
    """What earlier versions called missing is read as lost."""

    def spoil(project: Project) -> None:
        add_checks(project)
        for file in (project.asv / "checks").glob("*.json"):
            kept = json.loads(file.read_text(encoding="utf-8"))
            kept["report"]["changes"][0] |= {"verdict": verdict, "change_pct": None, "reason": "gone"}
            file.write_text(json.dumps(kept), encoding="utf-8")

    page = pages_of(published(spoil))["checks.html"]

    assert re.search(rf'<span class="badge {tone}"><span aria-hidden="true">.</span> {shown}</span>', page)


def test_checks_page_without_checks_names_the_workflow_that_keeps_them(published: Published) -> None:
    """It is the one that a merge starts, as the check's own job may write nothing."""
    page = pages_of(published())["checks.html"]

    assert "<code>publish.yml</code> keeps the verdicts on those that are merged" in page


def test_text_of_a_stranger_is_bounded_and_shows_what_it_is(published: Published) -> None:
    """A check's report was written by a pull request: nothing hidden, nothing without an end, and no crash."""
    planted = "\ud800\N{RIGHT-TO-LEFT OVERRIDE}<b>" + "x" * 20_000

    def spoil(project: Project) -> None:
        add_checks(project)
        for file in (project.asv / "checks").glob("*.json"):
            kept = json.loads(file.read_text(encoding="utf-8"))
            kept["report"]["sentence"] = planted
            for change in kept["report"]["changes"]:
                change |= {"benchmark": planted, "parameters": [planted], "reason": planted, "verdict": "regressed"}
            file.write_text(json.dumps(kept), encoding="utf-8")

    pages = pages_of(published(spoil))
    for page in pages.values():
        assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in page
        assert "x" * (LONGEST_TEXT + 1) not in page
    assert "&lt;b&gt;xxx" in pages["checks.html"]


def test_regressions_are_marked_and_accepted_ones_say_why(published: Published) -> None:
    """The same step is open without an entry, and accepted with one that names a commit inside it."""

    def spoil(project: Project) -> None:
        for commit in project.commits[7:9]:  # what became slower is one of three commits, then
            project.result(commit).unlink()
        accepted = Accepted(commit=project.commits[8], pull_request=3, reason="worth it", by="o", at=AT)
        add_accepted(project.asv, [accepted])

    project = published(spoil)
    page = pages_of(project)["history-tiny--int8.html"]
    assert 'class="mark accepted"' in page
    assert "worth it" in page
    assert 'class="mark bad"' not in page
    assert read_accepted(project.asv)[0][0].reason == "worth it"

    (project.asv / "accepted.json").unlink()
    build(Path("asv.conf.json"), None)
    page = pages_of(project)["history-tiny--int8.html"]
    assert 'class="mark bad"' in page
    assert "not accepted" in page


def test_what_failed_at_the_newest_commit_says_so(published: Published) -> None:
    """A cell without a number has a word, and the reason below the table; a zero is not a failure."""

    def spoil(project: Project) -> None:
        file = project.result(project.commits[-1])
        data = json.loads(file.read_text(encoding="utf-8"))
        data["results"]["tiny.Figures.track_size"][0][1] = None
        data["results"]["tiny.Figures.track_accuracy"][0][1] = math.nan
        file.write_text(json.dumps(data), encoding="utf-8")

    page = pages_of(published(spoil))["index.html"]

    assert "2 numbers missing: why" in page
    assert "Size of int8: tiny.Figures.track_size(int8) failed under asv" in page
    assert "Accuracy of int8: tiny.Figures.track_accuracy(int8) was skipped" in page
    assert page.count("</span> failed</span>") == page.count("</span> skipped</span>") == 1
    assert ">0.0 %" in page  # the baseline's sparsity


def test_machines_are_told_apart(published: Published) -> None:
    """Each has a line of its own, named in words, and so has each regression."""

    def spoil(project: Project) -> None:
        kept = project.asv / "results"
        shutil.copytree(kept / MACHINE, kept / "other")
        for file in (kept / "other").glob("*.json"):
            data = json.loads(file.read_text(encoding="utf-8"))
            (data if file.name == "machine.json" else data["params"])["machine"] = "other"
            file.write_text(json.dumps(data), encoding="utf-8")

    page = pages_of(published(spoil))["history-tiny--int8.html"]

    assert page.count('class="line line-1" d="M') == 11 + 11  # a line in each graph, and in its legend
    assert "</svg> machine other</li>" in page
    assert re.search(r"\(2026-01-0\d\), machine runner", page)


def test_pages_hold_no_scripts_or_styles_of_their_own(published: Published) -> None:
    """The policy in each page allows files of the site only, and nothing in the pages needs more."""
    for name, page in pages_of(published(add_checks)).items():
        tags = Tags(page).found
        policies = [attrs["content"] for tag, attrs in tags if attrs.get("http-equiv") == "Content-Security-Policy"]
        assert len(policies) == 1, name
        assert "unsafe" not in str(policies[0])
        assert str(policies[0]).startswith("default-src 'none'; script-src 'self'")
        assert [attrs for _, attrs in tags if any(key == "style" or key.startswith("on") for key in attrs)] == []
        assert [attrs.get("src") for tag, attrs in tags if tag == "script"] == ["site.js"]
        assert "style" not in {tag for tag, _ in tags}


def test_headings_and_tables_can_be_followed(published: Published) -> None:
    """One first heading, none skipped; each table has a caption, and each of its headings a scope."""
    for name, page in pages_of(published(add_checks)).items():
        tags = Tags(page).found
        levels = [int(tag[1]) for tag, _ in tags if re.fullmatch("h[1-6]", tag)]
        assert levels.index(1) == 0, name
        assert levels.count(1) == 1, name
        assert all(after <= before + 1 for before, after in pairwise(levels)), name
        names = [tag for tag, _ in tags]
        assert names.count("table") == names.count("caption")
        assert {attrs.get("scope") for tag, attrs in tags if tag == "th"} <= {"col", "row"}
        assert [attrs.get("lang") for tag, attrs in tags if tag == "html"] == ["en"]


def test_names_that_hold_markup_are_text(published: Published) -> None:
    """The project's name and an accepted reason are shown as they were written."""
    page = pages_of(published(add_checks))["index.html"]

    assert "tiny &lt;project&gt;" in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "<img src=x" not in page
