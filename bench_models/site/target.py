"""Empties the folder that a site is written to; refuses one that holds anything else."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from bench_models.errors import BenchModelsError
from bench_models.site.publishing import FOLDER, SCRIPTS

_ELSEWHERE = "give --output (or html_dir in asv's configuration) a folder of the site's own, such as .asv/html"
# Beside its templates; a site that was cut short holds these, and not yet the index.json that asv writes last.
_WRITTEN = {"graphs", "regressions.json", "regressions.xml", FOLDER, SCRIPTS}


def target_of(html: Path, kept: Iterable[Path]) -> Path:
    """Return the folder that ``html`` leads to; nothing is changed here.

    Raises ``BenchModelsError`` where it holds one of ``kept``, or anything that is no site.
    """
    try:
        target = html.resolve()
        for each in kept:
            if each.resolve().is_relative_to(target):
                raise BenchModelsError(
                    f"the site would replace {html}, which is or holds {each.resolve()}: {_ELSEWHERE}"
                )
        if not _is_free(target):
            raise BenchModelsError(
                f"the site would replace {html}, which holds other things than a site: {_ELSEWHERE}, or empty it"
            )
    except (OSError, RuntimeError) as error:  # the latter for links in a circle
        raise BenchModelsError(f"{html} cannot hold the site ({error}): {_ELSEWHERE}") from error
    return target


def make_room(target: Path) -> None:
    """Leave an empty folder where ``target_of`` found that one may be.

    Raises ``BenchModelsError`` where there cannot be one.
    """
    try:
        if target.exists():
            shutil.rmtree(target)
        target.mkdir(parents=True)
    except OSError as error:
        raise BenchModelsError(f"{target} cannot hold the site ({error}): {_ELSEWHERE}") from error


def _is_free(target: Path) -> bool:
    return not target.exists() or not any(target.iterdir()) or _is_site(target)


def _is_site(folder: Path) -> bool:
    """Know asv's pages by what no other site has, ours by their style sheet, and both where they were cut short."""
    names = {each.name for each in folder.iterdir()}
    if ".git" in names:
        return False
    if {"asv.js", "index.json"} <= names:
        return True
    begun = "asv.js" in names or (folder / FOLDER / "site.css").is_file()
    return begun and names <= _templates() | _WRITTEN


def _templates() -> set[str]:
    import asv

    return {each.name for each in (Path(asv.__file__).parent / "www").iterdir()}
