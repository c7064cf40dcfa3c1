"""The verdict on a merged pull request, kept on the results branch for the history to show."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from bench_models.errors import BenchModelsError
from bench_models.service.figures import rebuilt
from bench_models.service.kept import KeptCheck, keep_check, kept_check

# A check of 150 benchmarks takes a tenth of it. What is kept stays on the branch for good.
LARGEST_REPORT_BYTES = 512 * 2**10


def keep_verdict(folder: Path, number: int, report: dict[str, Any], at: datetime) -> Path:
    """Write the verdict on a pull request below ``folder`` (a clone's ``.asv``), from where ``ci-keep`` pushes it."""
    try:
        figures = rebuilt(report)
    except (ValueError, RecursionError) as error:
        raise BenchModelsError(f"the report on pull request {number} has no figures to keep: {error}") from error
    size = len(json.dumps(figures))
    if size > LARGEST_REPORT_BYTES:
        raise BenchModelsError(
            f"the figures of pull request {number} have {size:,} bytes, and {LARGEST_REPORT_BYTES:,} are kept: look at "
            "them in the artifact of its check"
        )
    return keep_check(folder, KeptCheck(at=at, pull_request=number, report=figures))


def is_there(folder: Path, head: str) -> bool:
    """Say whether the verdict on a commit is kept already: whole, and as it would be written now."""
    kept = kept_check(folder, head)
    return kept is not None and kept.report == rebuilt(kept.report)
