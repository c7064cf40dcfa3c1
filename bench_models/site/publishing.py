"""Everything that our pages add to asv's: the pages themselves, the link to them, and local copies of scripts."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench_models.errors import BenchModelsError
from bench_models.results_branch import mirror
from bench_models.results_branch.accepted_regressions import read_accepted
from bench_models.results_branch.stored_checks import read_checks
from bench_models.site.asv_page import with_entry, with_local_scripts
from bench_models.site.collecting import Published, between, commits_of, histories_of, now, regressions_in
from bench_models.site.current import tables
from bench_models.site.figures import pictures
from bench_models.site.histories import Commit
from bench_models.site.rendering import Site, Ways, assets, pages, written
from bench_models.site.scripts import Copy, copies
from bench_models.site.survey import Survey, survey
from bench_models.storage import home
from bench_models.suites import BUILT_IN, module_name

log = logging.getLogger(__name__)

FOLDER = "bench-models"
SCRIPTS = "scripts"
NEWEST_CHECKS = 30
# As asv's own folders, relative to where its configuration lies: asv works there.
BESIDE = Path(mirror.FOLDER)
ASIDE_RESULTS = BESIDE / mirror.ASIDE / mirror.RESULTS


def publish(conf: Any, repo: Any, benchmarks: dict[str, Any], graphs: Any, revisions: dict[str, int]) -> None:
    """Write our pages into asv's folder; ``conf`` and the others are what asv hands to its plugins."""
    html, kept = Path(conf.html_dir), Path(conf.results_dir)
    surveyed = survey(kept, ASIDE_RESULTS)
    bare = _bare(conf, surveyed)
    commits = _measured(commits_of(revisions, surveyed.dates), graphs)
    published = Published(
        benchmarks=benchmarks,
        graphs=graphs,
        commits=commits,
        regressions=regressions_in(html),
        accepted=bare.accepted,
        between=between(repo),
    )
    histories = histories_of(published)
    shown = tables(histories, tuple(commits.values()), surveyed.files, kept=kept, benchmarks=Path(conf.benchmark_dir))
    folder = html / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    site = replace(
        bare,
        has_asv=True,
        left_aside=(*bare.left_aside, *_unknown(surveyed, revisions)),
        commits=tuple(commits.values()),
        histories=histories,
        tables=shown,
        pictures=pictures(shown, folder),
    )
    _write(site, folder)
    _change_asv_page(html)


def publish_nothing(conf: Any) -> None:
    """Write pages that say what to do: asv itself writes nothing without them."""
    html = Path(conf.html_dir)
    _write(_bare(conf, survey(Path(conf.results_dir), ASIDE_RESULTS)), html / FOLDER)
    written(html, iter([("index.html", _FORWARD)]))


def _bare(conf: Any, surveyed: Survey) -> Site:
    """Return the site without asv's part: what lies beside the results."""
    accepted, bad_accepted = read_accepted(BESIDE)
    checks, bad_checks = read_checks(BESIDE, NEWEST_CHECKS)
    return Site(
        project=conf.project,
        show_commit_url=conf.show_commit_url or "",
        made_at=now(),
        checks=tuple(reversed(checks)),
        accepted=accepted,
        left_aside=(*surveyed.left_aside, *bad_accepted, *bad_checks),
        result_files=surveyed.result_files,
        ways=_ways(conf),
    )


def _ways(conf: Any) -> Ways:
    suites = [Path(conf.benchmark_dir) / f"{module_name(name)}.py" for name in BUILT_IN]
    # asv takes no range where it does not install the project itself.
    given = "--set-commit-hash $(git rev-parse HEAD)" if conf.environment_type == "existing" else "HEAD^!"
    return Ways(
        measure=f"asv run {given}",
        has_suite=any(file.is_file() for file in suites),
        has_workflow=Path(".github/workflows/publish.yml").is_file(),
    )


_FORWARD = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="refresh" content="0; url={FOLDER}/index.html">
<title>Nothing to show yet</title>
<p><a href="{FOLDER}/index.html">Nothing can be shown yet: what to do</a></p>
</html>
"""


def _measured(commits: dict[int, Commit], graphs: Any) -> dict[int, Commit]:
    """Leave out the commits that asv draws nowhere, such as those of branches that it does not publish."""
    drawn = {revision for _, graph in graphs for revision in graph.data_points}
    return {revision: commit for revision, commit in commits.items() if revision in drawn}


def _unknown(surveyed: Survey, revisions: dict[str, int]) -> Iterator[str]:
    for commit in sorted(surveyed.dates.keys() - revisions.keys()):
        files = ", ".join(f"{file.parent.name}/{file.name}" for file in surveyed.files[commit])
        yield f"{files} is not shown: the repository has no commit {commit[:8]}; fetch it, or remove the file"


def _write(site: Site, folder: Path) -> None:
    written(folder, assets())
    written(folder, pages(site))
    for sentence in site.left_aside:
        log.warning("%s", sentence)


def _change_asv_page(html: Path) -> None:
    """Lead from asv's page to ours, and let it load its scripts from beside it.

    Publishing goes on without either: each trouble is a warning of one line.
    """
    file = html / "index.html"
    page = file.read_text(encoding="utf-8")
    try:
        page = with_entry(page, f"{FOLDER}/index.html", "Variants and checks")
    except BenchModelsError as error:
        log.warning("%s", error)
    try:
        local = copies(home())
        page = with_local_scripts(page, local, SCRIPTS)
        _write_scripts(html / SCRIPTS, local)
    except BenchModelsError as error:
        log.warning("asv's page keeps the addresses of its scripts, and needs a network to be read: %s", error)
    file.write_text(page, encoding="utf-8")


def _write_scripts(folder: Path, local: Sequence[Copy]) -> None:
    folder.mkdir(exist_ok=True)
    for copy in local:
        (folder / copy.name).write_bytes(copy.content)
