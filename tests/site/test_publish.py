"""What publishing writes, for good results, bad ones and none."""

import datetime as dt
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asv.commands.publish import Publish
from asv.config import Config
from support.site_pages import Tags, pages_of
from support.site_project import MACHINE, Project, add_checks, describe

from bench_models.errors import BenchModelsError
from bench_models.site.build import build

AT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
Published = Callable[..., Project]


def test_each_variant_has_a_page_and_a_row(published: Published) -> None:
    """The table leads to the pages, and they to asv's graphs."""
    pages = pages_of(published(add_checks))

    of_variants = {"history-tiny--baseline.html", "history-tiny--int8.html"}
    assert set(pages) == {"index.html", "checks.html", "leaderboard-tiny.html", *of_variants}
    for variant in ("baseline", "int8"):
        assert f'<a href="history-tiny--{variant}.html">{variant}</a>' in pages["index.html"]
        address = f"../index.html#tiny.Figures.track_size?p-variant=%27{variant}%27"
        assert address in pages[f"history-tiny--{variant}.html"]
    assert "86.7 MiB" in pages["index.html"]
    assert "1.08\N{MULTIPLICATION SIGN} as fast" in pages["index.html"]


def test_asvs_page_leads_here_and_loads_nothing_from_elsewhere(published: Published, made_up: list[object]) -> None:
    """Its scripts lie beside it, each with the digest that the browser checks."""
    project = published()
    tags = Tags((project.html / "index.html").read_text(encoding="utf-8")).found
    local = [attrs for _, attrs in tags if "integrity" in attrs]

    links = [str(attrs["href"]) for tag, attrs in tags if tag == "a" and "href" in attrs]
    assert links.count("bench-models/index.html") == 1
    assert len(local) == len(made_up) == 10
    for attrs in local:
        file = project.html / str(attrs.get("src") or attrs.get("href"))
        assert file.is_file()
    loaded = [str(attrs.get("src") or attrs.get("href")) for tag, attrs in tags if tag in {"script", "link"}]
    remote = [address for address in loaded if "//" in address]
    assert remote == []


def test_what_cannot_be_read_is_named_and_the_rest_published(published: Published) -> None:
    """A file cut short, one there twice and those of a machine that nobody described, each with its name."""

    def spoil(project: Project) -> None:
        cut, doubled, foreign = (project.result(commit) for commit in project.commits[:3])
        cut.write_text(cut.read_text(encoding="utf-8")[:-40], encoding="utf-8")
        shutil.copy(doubled, doubled.with_name(doubled.name.replace("existing", "Copy-of-existing")))
        (project.asv / "results" / "nobody").mkdir()
        shutil.move(foreign, project.asv / "results" / "nobody" / foreign.name)

    project = published(spoil)
    page = pages_of(project)["index.html"]
    left = page[page.index('id="left"') :]

    assert len(re.findall("<li>", left)) == 3
    assert f"{MACHINE}/{project.commits[0][:8]}-existing-py3.11.json" in left
    assert f"{MACHINE}/{project.commits[1][:8]}-Copy-of-existing-py3.11.json" in left
    assert f"nobody/{project.commits[2][:8]}-existing-py3.11.json" in left
    assert "machine name is not" in left
    assert "from 10 commits with results" in page


def test_asv_publish_alone_names_them_too(tmp_path: Path, published: Published) -> None:
    """Without our command nothing is moved aside, and what asv passes over is named all the same."""
    project = published()
    cut = project.result(project.commits[0])
    cut.write_text(cut.read_text(encoding="utf-8")[:-40], encoding="utf-8")

    Publish.run(Config.load("asv.conf.json"), pull=False)

    assert f"{MACHINE}/{cut.name} is left aside: " in pages_of(project)["index.html"]
    assert cut.exists()
    assert not (tmp_path / "project" / ".asv" / "aside").exists()


def test_results_of_a_commit_that_is_nowhere_are_named(published: Published) -> None:
    """What asv says of them is in its log only."""

    def spoil(project: Project) -> None:
        file = project.result(project.commits[0])
        data = json.loads(file.read_text(encoding="utf-8")) | {"commit_hash": "d" * 40}
        file.with_name(f"dddddddd{file.name[8:]}").write_text(json.dumps(data), encoding="utf-8")

    page = pages_of(published(spoil))["index.html"]

    assert f"{MACHINE}/dddddddd-existing-py3.11.json is not shown: the repository has no commit dddddddd" in page
    assert "from 12 commits with results" in page


def test_bad_checks_and_reasons_are_named(published: Published) -> None:
    """What lies beside the results went through many hands as well."""

    def spoil(project: Project) -> None:
        add_checks(project)
        (project.asv / "checks" / f"{'0' * 40}.json").write_text("{", encoding="utf-8")
        entries = json.loads((project.asv / "accepted.json").read_text(encoding="utf-8"))
        (project.asv / "accepted.json").write_text(json.dumps([*entries, {"commit": "x"}]), encoding="utf-8")

    page = pages_of(published(spoil))["index.html"]

    assert f"{'0' * 40}.json is left aside" in page
    assert "entry 2 of .asv/accepted.json is left aside" in page
    assert "octocat" in page


def test_no_results_is_a_page_that_says_how_to_make_them(published: Published) -> None:
    """Asv itself would write nothing; a folder of pages of another time is made anew."""
    project = published(lambda project: shutil.rmtree(project.asv / "results"))
    pages = pages_of(project)

    assert "There are no results yet" in pages["index.html"]
    assert "asv run" in pages["index.html"]
    assert "url=bench-models/index.html" in (project.html / "index.html").read_text(encoding="utf-8")
    assert build(Path("asv.conf.json"), None) == 0
    assert set(pages) == {"index.html", "checks.html"}


@pytest.mark.parametrize("name", ["benchmarks.json", f"{MACHINE}/machine.json"])
def test_results_that_cannot_be_used_are_counted(published: Published, name: str) -> None:
    """They are there, so the page says what mends them; with a good file back all are used, and nothing is named."""
    kept: list[bytes] = []

    def spoil(project: Project) -> None:
        file = project.asv / "results" / name
        kept.append(file.read_bytes())
        file.write_bytes(b"{")

    project = published(spoil)
    page = pages_of(project)["index.html"]
    assert "There are no results yet" not in page
    assert "12 result files are there, and cannot be used" in page
    assert "asv machine --yes" in page
    assert "asv run --bench just-discover" in page
    assert f"remove .asv/aside/results/{name} to hear no more of it" in page

    assert page.count(f"; .asv/results/{MACHINE}/machine.json brings it back") == (12 if MACHINE in name else 0)

    (project.asv / "results" / name).write_bytes(kept[0])
    assert build(Path("asv.conf.json"), None) == 0
    page = pages_of(project)["index.html"]
    assert "from 12 commits with results" in page
    assert 'id="left"' not in page


def test_ways_to_results_are_those_of_the_project(published: Published) -> None:
    """Those of asv first; a suite and a workflow of this package only where they are."""

    def alone(project: Project) -> None:
        shutil.rmtree(project.asv / "results")

    project = published(alone)
    page = pages_of(project)["index.html"]
    assert "asv run --set-commit-hash" in page
    assert "publish.yml" not in page
    assert "bench-models run" not in page

    for name in ("benchmarks/rotten_tomatoes.py", ".github/workflows/publish.yml"):
        (project.root / name).parent.mkdir(parents=True)
        (project.root / name).touch()
    build(Path("asv.conf.json"), None)
    page = pages_of(project)["index.html"]
    assert "publish.yml" in page
    assert "bench-models run" in page


def test_folders_that_are_no_names_are_one_sentence(published: Published) -> None:
    """A configuration is written by hand."""
    project = published()
    file = project.root / "asv.conf.json"
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | {"html_dir": 5}), encoding="utf-8")

    with pytest.raises(BenchModelsError, match=r"asv\.conf\.json is damaged .*html_dir is 5"):
        build(Path("asv.conf.json"), None)


def test_no_project_is_refused(tmp_path: Path) -> None:
    """The sentence says where to run it."""
    with pytest.raises(BenchModelsError, match=r"there is no .*asv\.conf\.json: run this in a project"):
        build(tmp_path / "asv.conf.json", None)


def test_a_branch_that_is_not_there_is_one_sentence(published: Published) -> None:
    """It names the branch, and the former site stays."""
    project = published()
    file = project.root / "asv.conf.json"
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | {"branches": ["nope"]}), encoding="utf-8")

    with pytest.raises(BenchModelsError, match=r"the repository has no branch nope, .*mend `branches`"):
        build(Path("asv.conf.json"), None)
    assert (project.html / "index.json").is_file()


def test_trouble_of_git_is_one_sentence(published: Published) -> None:
    """Whatever git has against the repository, it says itself."""
    project = published()
    (project.root / ".git" / "HEAD").unlink()

    with pytest.raises(BenchModelsError, match=r"asv cannot publish the results: .*not a git repository"):
        build(Path("asv.conf.json"), None)
    assert (project.html / "index.json").is_file()


def test_another_projects_suite_is_shown_by_modules(published: Published) -> None:
    """Benchmarks without variants, with parameters or without, get a page for each module."""

    def rename(project: Project) -> None:
        kept = project.asv / "results"
        plain: dict[str, Any] = {
            "params": [],
            "param_names": [],
            "type": "track",
            "unit": "widgets",
            "version": "1",
            "code": "",
        }
        with_count = plain | {"params": [["10", "'<b>'", "'c'"]], "param_names": ["count"]}
        names = ("pkg.sorting.track_all", "pkg.sorting.Sorted.track_count")
        describe(kept, [plain | {"name": names[0]}, with_count | {"name": names[1]}])
        for commit in project.commits:
            file = project.result(commit)
            data = json.loads(file.read_text(encoding="utf-8"))
            data["results"] = {
                "pkg.sorting.track_all": [[3.5], [], "1", 0],
                "pkg.sorting.Sorted.track_count": [[None, 7.0, 9.0], [["10", "'<b>'", "'c'"]], "1", 0],
            }
            file.write_text(json.dumps(data), encoding="utf-8")

    project = published(rename)
    pages = pages_of(project)

    assert set(pages) == {"index.html", "checks.html", "history-pkg.sorting.html"}
    row = re.sub("<[^>]*>", " ", pages["index.html"].partition('id="others"')[2].partition("</section>")[0])
    assert re.search(r"pkg\.sorting\s+2\s+", row)  # benchmarks, of three series
    assert re.search(r"track_all:\s+3\.5 widgets\s+at\s+" + project.commits[-1][:8], row)
    assert "<strong>3.5 widgets</strong>" in pages["history-pkg.sorting.html"]
    assert "Sorted.track_count, count &lt;b&gt;" in pages["history-pkg.sorting.html"]
    assert "count 10" not in pages["history-pkg.sorting.html"]
