"""Writes what is added to the site of asv: our pages, the link to them, and local copies of the scripts of asv's page.

asv's plugin calls it when asv has written its own pages.
"""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

from bench_models.asv.folder import ResultFiles, result_files
from bench_models.errors import extra_for
from bench_models.results_branch import records
from bench_models.results_branch.records import read_accepted, read_checks
from bench_models.site import asv_page
from bench_models.site.asv_graphs import GraphReader, histories_of
from bench_models.site.model import FOLDER, Commit, Instructions, Site
from bench_models.site.render import assets, pages
from bench_models.site.summary import tables
from bench_models.text import installing

log = logging.getLogger(__name__)

NEWEST_CHECKS = 30
# As asv's own folders, relative to where its configuration lies: asv works there.
BESIDE = Path(records.FOLDER)
ASIDE_RESULTS = BESIDE / records.ASIDE / records.RESULTS

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
    site = replace(
        bare,
        has_asv=True,
        left_aside=(*bare.left_aside, *_unknown(found, revisions)),
        commits=tuple(commits.values()),
        histories=histories,
        tables=tables(histories, tuple(commits.values()), found.files, kept),
        instructions=None if commits else _instructions(conf),
    )
    site = _of_models(site, reader, Path(conf.benchmark_dir), html / FOLDER) if site.tables else site
    _write(site, html / FOLDER)
    asv_page.change(html, f"{FOLDER}/index.html")


def publish_nothing(conf: Any) -> None:
    """Write pages that say what to do: without results asv itself writes nothing."""
    html = Path(conf.html_dir)
    bare = _bare(conf, result_files(Path(conf.results_dir), ASIDE_RESULTS))
    _write(replace(bare, instructions=_instructions(conf)), html / FOLDER)
    (html / "index.html").write_text(_FORWARD, encoding="utf-8")


def _of_models(site: Site, reader: GraphReader, benchmarks: Path, folder: Path) -> Site:
    """Add what only model suites have: standings of budgets, leaderboards, and figures, drawn into ``folder``."""
    try:
        from bench_models.site import model_leaderboard, model_suite
    except ModuleNotFoundError as error:
        if extra_for(error) is None:
            raise
        log.warning(
            "budgets, leaderboards and the trade-off figure are left out, as %s is not installed: run %s",
            error.name,
            installing("models"),
        )
        return site
    judged = tuple(model_suite.judged(table, benchmarks) for table in site.tables)
    of_variants = {each.suite: [row.history for row in each.rows] for each in judged}
    led = {suite: model_leaderboard.leaderboard(suite, histories, reader) for suite, histories in of_variants.items()}
    leaderboards = {suite: history for suite, history in led.items() if history}
    return replace(
        site,
        histories=(*site.histories, *leaderboards.values()),
        tables=judged,
        pictures=frozenset(table.suite for table in judged if model_suite.draw(table, folder)),
        leaderboards=leaderboards,
    )


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
