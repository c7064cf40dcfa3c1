"""Publishes the history: asv's own site, our pages beside it, and local copies of the scripts that asv's page loads.

``publish`` is what asv's plugin does. ``build`` is ``bench-models site``, which also does it where the project does not
name the plugin, or has no results yet. A site replaces its folder, so a folder that holds anything else is refused.
"""

import logging
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

from bench_models.asv.folder import BENCHMARKS, MACHINE, ResultFiles, put_back, result_files, set_aside
from bench_models.asv.results import config_at
from bench_models.errors import BenchModelsError, extra_for, fault_of, installing
from bench_models.results_branch import records
from bench_models.results_branch.records import read_accepted, read_checks
from bench_models.site import asv_page
from bench_models.site.asv_graphs import GraphReader, histories_of
from bench_models.site.asv_page import SCRIPTS
from bench_models.site.model import FOLDER, Commit, Instructions, Site, Table
from bench_models.site.render import assets, pages
from bench_models.site.summary import tables
from bench_models.text import one_line

log = logging.getLogger(__name__)

NEWEST_CHECKS = 30
# As asv's own folders, relative to where its configuration lies: asv works there.
BESIDE = Path(records.FOLDER)
ASIDE_RESULTS = BESIDE / records.ASIDE / records.RESULTS

# What a site never replaces, as the configuration calls it.
_FOLDERS = ("repo", "results_dir", "benchmark_dir", "env_dir")
_ELSEWHERE = "give --output (or html_dir in asv's configuration) a folder of the site's own, such as .asv/html"
# What a site holds beside asv's templates; one that was cut short lacks the index.json that asv writes last.
_WRITTEN = {"graphs", "regressions.json", "regressions.xml", FOLDER, SCRIPTS}

_FORWARD = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="refresh" content="0; url={FOLDER}/index.html">
<title>Nothing to show yet</title>
<p><a href="{FOLDER}/index.html">Nothing can be shown yet: what to do</a></p>
</html>
"""


def publish(conf: Any, repo: Any, benchmarks: dict[str, Any], graphs: Any, revisions: dict[str, int]) -> None:
    """Write our pages into asv's folder; ``conf`` and the others are what asv hands to its plugins."""
    html, kept = Path(conf.html_dir), Path(conf.results_dir)
    found = result_files(kept, ASIDE_RESULTS)
    bare = _bare(conf, found)
    # asv draws no commit of a branch that it does not publish, and numbers tags as well.
    drawn = {revision for _, graph in graphs for revision in graph.data_points}
    commits = {
        revision: Commit(sha=sha, revision=revision, at=found.dates[sha])
        for sha, revision in revisions.items()
        if sha in found.dates and revision in drawn
    }
    reader = GraphReader(
        conf=conf, repo=repo, graphs=graphs, revisions=revisions, commits=commits, accepted=bare.accepted
    )
    histories = histories_of(reader, benchmarks)
    shown = tables(histories, tuple(commits.values()), found.files, kept)
    judged, pictures = _with_budgets(shown, Path(conf.benchmark_dir), html / FOLDER)
    site = replace(
        bare,
        has_asv=True,
        left_aside=(*bare.left_aside, *_unknown(found, revisions)),
        commits=tuple(commits.values()),
        histories=histories,
        tables=judged,
        pictures=pictures,
        instructions=None if commits else _instructions(conf),
    )
    _write(site, html / FOLDER)
    asv_page.change(html, f"{FOLDER}/index.html")


def publish_nothing(conf: Any) -> None:
    """Write pages that say what to do: without results asv itself writes nothing."""
    html = Path(conf.html_dir)
    bare = _bare(conf, result_files(Path(conf.results_dir), ASIDE_RESULTS))
    _write(replace(bare, instructions=_instructions(conf)), html / FOLDER)
    (html / "index.html").write_text(_FORWARD, encoding="utf-8")


def _with_budgets(shown: tuple[Table, ...], benchmarks: Path, folder: Path) -> tuple[tuple[Table, ...], frozenset[str]]:
    """Return the tables with the standing of each budget, and the suites whose figure is drawn."""
    if not shown:
        return (), frozenset()
    try:
        from bench_models.site import model_suite
    except ModuleNotFoundError as error:
        if extra_for(error) is None:
            raise
        log.warning(
            "budgets and the trade-off figure are left out, as %s is not installed: run %s",
            error.name,
            installing("models"),
        )
        return shown, frozenset()
    judged = tuple(model_suite.judged(table, benchmarks) for table in shown)
    return judged, frozenset(table.suite for table in judged if model_suite.draw(table, folder))


def _bare(conf: Any, found: ResultFiles) -> Site:
    """Return the site without asv's part: what lies beside the results."""
    accepted, bad_accepted = read_accepted(BESIDE)
    checks, bad_checks = read_checks(BESIDE, NEWEST_CHECKS)
    return Site(
        project=conf.project,
        show_commit_url=conf.show_commit_url or "",
        made_at=datetime.now(tz=UTC),
        checks=tuple(reversed(checks)),
        accepted=accepted,
        left_aside=(*found.left_aside, *bad_accepted, *bad_checks),
        result_files=found.count,
    )


def _instructions(conf: Any) -> Instructions:
    # asv takes no range where it does not install the project itself.
    given = "--set-commit-hash $(git rev-parse HEAD)" if conf.environment_type == "existing" else "HEAD^!"
    return Instructions(
        measure=f"asv run {given}",
        has_suite=_has_suite(Path(conf.benchmark_dir)),
        has_workflow=Path(".github/workflows/publish.yml").is_file(),
    )


def _has_suite(benchmarks: Path) -> bool:
    """Say whether a suite of this package lies there, and the libraries that measure it are installed."""
    try:
        from bench_models.suites import BUILT_IN, module_name
    except ModuleNotFoundError as error:
        if extra_for(error) is None:
            raise
        return False
    return any((benchmarks / f"{module_name(name)}.py").is_file() for name in BUILT_IN)


def _unknown(found: ResultFiles, revisions: dict[str, int]) -> Iterator[str]:
    for commit in sorted(found.dates.keys() - revisions.keys()):
        files = ", ".join(f"{file.parent.name}/{file.name}" for file in found.files[commit])
        yield f"{files} is not shown: the repository has no commit {commit[:8]}; fetch it, or remove the file"


def _write(site: Site, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in chain(assets(), pages(site)):
        (folder / name).write_text(text, encoding="utf-8")
    for sentence in site.left_aside:
        log.warning("%s", sentence)


def build(config: Path, html: Path | None) -> int:
    """Publish the site of the asv project that ``config`` belongs to; return the exit status.

    Raises ``BenchModelsError`` where there is no such project, its site would replace anything but a site, or asv
    gives up.
    """
    if not config.is_file():
        raise BenchModelsError(f"there is no {config}: run this in a project with an asv suite, or give --config")
    here, html = Path.cwd(), html.absolute() if html else None
    os.chdir(config.absolute().parent)  # as asv does: its folders are relative to its configuration
    conf = _loaded(config.name)
    shown = html or Path(conf.html_dir)
    precious = (here, Path(), Path(config.name), BESIDE, *(Path(getattr(conf, folder)) for folder in _FOLDERS))
    target = _target_of(shown, precious)
    conf.html_dir = str(target)
    results = Path(conf.results_dir)
    put_back(results, ASIDE_RESULTS)
    set_aside(results, ASIDE_RESULTS)  # asv would end at the first of them; the pages name them
    if (results / BENCHMARKS).is_file() and any(file.name != MACHINE for file in results.glob("*/*.json")):
        _publish(conf, target)
    else:
        _make_room(target)
        publish_nothing(conf)
        log.warning("there is nothing to show in %s: the site says what to do", results)
    # Not by logging, whose messages asv formats as it likes.
    sys.stdout.write(f"the site is in {shown}: `python -m http.server --directory {shown}` shows it\n")
    return 0


def _loaded(name: str) -> Any:
    conf = config_at(Path(name))
    for folder in (*_FOLDERS, "html_dir"):
        if not isinstance(getattr(conf, folder), str):
            raise BenchModelsError(f"{name} is damaged ({folder} is {getattr(conf, folder)!r}): give it a folder")
    return conf


def _publish(conf: Any, target: Path) -> None:
    """Run asv's own command in this process: a project that does not name the plugin gets its pages, too."""
    from asv.commands.publish import Publish
    from asv.util import ProcessError, UserError

    import bench_models.site.plugin  # noqa: F401  # asv finds its subclasses

    try:
        _require_branches(conf)  # asv would end at them after it has removed the former site
        _make_room(target)
        Publish.run(conf, pull=False)
    except ProcessError as error:
        said = one_line(f"{error.stderr or error.stdout or ''}")
        raise BenchModelsError(f"asv cannot publish the results: {error}: {said}") from error
    except (UserError, OSError) as error:
        raise BenchModelsError(f"asv cannot publish the results: {fault_of(error)}") from error


def _require_branches(conf: Any) -> None:
    from asv.repo import NoSuchNameError, get_repo

    repo = get_repo(conf)
    for branch in conf.branches:
        try:
            repo.get_hash_from_name(branch)
        except NoSuchNameError as error:
            raise BenchModelsError(
                f"the repository has no branch {error}, which asv's configuration names: mend `branches` there, "
                "or fetch the branch"
            ) from error


def _target_of(html: Path, precious: Iterable[Path]) -> Path:
    """Return the folder that ``html`` leads to; nothing is changed here.

    Raises ``BenchModelsError`` where it holds one of ``precious``, or anything that is not a site.
    """
    try:
        target = html.resolve()
        for each in precious:
            if each.resolve().is_relative_to(target):
                raise BenchModelsError(
                    f"the site would replace {html}, which is or holds {each.resolve()}: {_ELSEWHERE}"
                )
        if target.exists() and any(target.iterdir()) and not _is_site(target):
            raise BenchModelsError(
                f"the site would replace {html}, which holds other things than a site: {_ELSEWHERE}, or empty it"
            )
    except (OSError, RuntimeError) as error:  # the latter for links in a circle
        raise BenchModelsError(f"{html} cannot hold the site ({fault_of(error)}): {_ELSEWHERE}") from error
    return target


def _make_room(target: Path) -> None:
    """Leave an empty folder where ``_target_of`` found that one may be."""
    try:
        if target.exists():
            shutil.rmtree(target)
        target.mkdir(parents=True)
    except OSError as error:
        raise BenchModelsError(f"{target} cannot hold the site ({fault_of(error)}): {_ELSEWHERE}") from error


def _is_site(folder: Path) -> bool:
    """Recognise asv's pages by files that no other site has, ours by their style sheet, and both when cut short."""
    import asv

    names = {each.name for each in folder.iterdir()}
    if ".git" in names:
        return False
    if {"asv.js", "index.json"} <= names:
        return True
    templates = {each.name for each in (Path(asv.__file__).parent / "www").iterdir()}
    begun = "asv.js" in names or (folder / FOLDER / "site.css").is_file()
    return begun and names <= templates | _WRITTEN
