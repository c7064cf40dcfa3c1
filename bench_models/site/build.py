"""``bench-models site``: runs ``asv publish`` with our pages, also where no plugin is named or nothing is measured yet.

A site replaces its folder, so a folder that holds anything else is refused.
"""

import logging
import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench_models.asv.folder import BENCHMARKS, MACHINE, put_back, set_aside
from bench_models.asv.results import config_at
from bench_models.errors import BenchModelsError
from bench_models.site.asv_page import SCRIPTS
from bench_models.site.model import FOLDER
from bench_models.site.publish import ASIDE_RESULTS, BESIDE, publish_nothing
from bench_models.text import fault_of, one_line

log = logging.getLogger(__name__)

# What a site never replaces, as the configuration calls it.
_FOLDERS = ("repo", "results_dir", "benchmark_dir", "env_dir")
_ELSEWHERE = "give --output (or html_dir in asv's configuration) a folder of the site's own, such as .asv/html"
# What a site holds beside asv's templates; one that was cut short lacks the index.json that asv writes last.
_WRITTEN = {"graphs", "regressions.json", "regressions.xml", FOLDER, SCRIPTS}


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
