"""``bench-models site``: what ``asv publish`` does, with our pages, also where there are no results yet."""

import logging
import os
import sys
from pathlib import Path
from typing import Any

from bench_models.asv.unreadable import BENCHMARKS, MACHINE, put_back, set_aside
from bench_models.errors import BenchModelsError
from bench_models.site.publishing import ASIDE_RESULTS, BESIDE, publish_nothing
from bench_models.site.target import make_room, target_of
from bench_models.text import one_line

log = logging.getLogger(__name__)

# What a site never replaces, as the configuration calls it.
_FOLDERS = ("repo", "results_dir", "benchmark_dir", "env_dir")


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
    target = target_of(shown, (here, Path(), Path(config.name), BESIDE, *_kept(conf)))
    conf.html_dir = str(target)
    put_back(Path(conf.results_dir), ASIDE_RESULTS)
    set_aside(Path(conf.results_dir), ASIDE_RESULTS)  # asv would end at the first of them; the pages name them
    if _has_results(conf):
        _publish(conf, target)
    else:
        make_room(target)
        publish_nothing(conf)
        log.warning("there is nothing to show in %s: the site says what to do", conf.results_dir)
    # Not by logging, whose messages asv formats as it likes.
    sys.stdout.write(f"the site is in {shown}: `python -m http.server --directory {shown}` shows it\n")
    return 0


def _loaded(name: str) -> Any:
    from asv.config import Config
    from asv.util import UserError

    try:
        conf = Config.load(name)
    except (UserError, ValueError, KeyError, TypeError) as error:
        raise BenchModelsError(f"{name} is damaged ({error}): mend it") from error
    for folder in (*_FOLDERS, "html_dir"):
        if not isinstance(getattr(conf, folder), str):
            raise BenchModelsError(f"{name} is damaged ({folder} is {getattr(conf, folder)!r}): give it a folder")
    return conf


def _kept(conf: Any) -> list[Path]:
    return [Path(getattr(conf, folder)) for folder in _FOLDERS]


def _has_results(conf: Any) -> bool:
    kept = Path(conf.results_dir)
    return (kept / BENCHMARKS).is_file() and any(file.name != MACHINE for file in kept.glob("*/*.json"))


def _publish(conf: Any, target: Path) -> None:
    """Run asv's own command in this process: a project that does not name the plugin gets its pages, too."""
    from asv.commands.publish import Publish
    from asv.util import ProcessError, UserError

    import bench_models.site.plugin  # noqa: F401  # asv finds its subclasses

    try:
        _require_branches(conf)  # asv would end at them after it has removed the former site
        make_room(target)
        Publish.run(conf, pull=False)
    except ProcessError as error:
        said = one_line(f"{error.stderr or error.stdout or ''}")
        raise BenchModelsError(f"asv cannot publish the results: {error}: {said}") from error
    except (UserError, OSError) as error:
        raise BenchModelsError(f"asv cannot publish the results: {error}") from error


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
