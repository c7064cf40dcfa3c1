"""Changes to the page that asv publishes: local copies of its scripts, and a way from there to ours."""

import re
from collections.abc import Sequence

from bench_models.errors import BenchModelsError
from bench_models.site.scripts import Copy

_REMOTE = re.compile(r"""<(?P<kind>script|link)\b[^>]*?\b(?:src|href)="(?P<address>https?://[^"]+)"[^>]*>""")
_ENTRY_BEFORE = '<li id="nav-li-graphdisplay">'
_REGRESSIONS = '<a href="#/regressions">Regressions</a></li>'


def with_local_scripts(page: str, copies: Sequence[Copy], folder: str) -> str:
    """Return the page with a file in ``folder`` in place of every script and style sheet from elsewhere.

    Raises ``BenchModelsError`` for an address that no copy stands in for: asv's page has changed.
    """
    known = {copy.address: copy for copy in copies}

    def local(tag: re.Match[str]) -> str:
        copy = known.get(tag["address"])
        if copy is None:
            raise BenchModelsError(
                f"asv's page loads {tag['address']}, of which no copy is known, and keeps its addresses: "
                "use the version of asv that this package was made for, or add it to bench_models/site/scripts.py"
            )
        source = f'{folder}/{copy.name}" integrity="{copy.integrity}"'
        if tag["kind"] == "link":
            return f'<link rel="stylesheet" href="{source}>'
        return f'<script src="{source} onerror="js_load_failure()">'

    return _REMOTE.sub(local, page)


def with_entry(page: str, address: str, words: str) -> str:
    """Return the page with a link in its navigation.

    Raises ``BenchModelsError`` when the navigation is not where it was.
    """
    if page.count(_ENTRY_BEFORE) != 1 or _REGRESSIONS not in page:
        raise BenchModelsError(
            "asv's page has no navigation where this package knows it, so it gets no link to the pages of variants: "
            "use the version of asv that this package was made for, or open bench-models/index.html by its address"
        )
    entry = f'<li id="nav-li-bench-models"><a href="{address}">{words}</a></li>\n        '
    return page.replace(_ENTRY_BEFORE, entry + _ENTRY_BEFORE)
