"""Reports of made-up checks, and the archives that carry them."""

import io
import json
import zipfile
from typing import Any

from msgspec import convert

from bench_models.check.report.document import Report, as_json
from bench_models.check.report.make import report_on
from support.observing import exact, recorded, timed


def report(**others: Any) -> dict[str, Any]:  # noqa: ANN401  # any key of a report
    """Return the report of a check with a slower and an unchanged benchmark and a larger size."""
    measurements = [timed("suite.time_slow", change=0.2), timed("suite.time_same", change=0.0), exact(100, 150)]
    made: dict[str, Any] = json.loads(as_json(report_on(recorded(*measurements))))
    return made | others


def decoded(made: dict[str, Any]) -> Report:
    """Return a report that was JSON."""
    return convert(made, Report)


def green() -> dict[str, Any]:
    """Return what differs in the report of a check that found nothing."""
    calm = [change for change in report()["changes"] if change["verdict"] == "unchanged"]
    return {"exit_status": 0, "changes": calm}


def zipped(content: bytes | str, name: str = "report.json", **more: str) -> bytes:
    """Return an archive with a file, and others."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for each, text in {name: content, **more}.items():
            archive.writestr(each, text)
    return buffer.getvalue()


def packed(**others: Any) -> bytes:  # noqa: ANN401  # any key of a report
    """Return a report in its archive."""
    return zipped(json.dumps(report(**others)))
