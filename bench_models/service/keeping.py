"""The verdict of a finished check, kept on the results branch for the history to show."""

import json
from datetime import datetime
from pathlib import Path

from bench_models.errors import BenchModelsError
from bench_models.service.finished import Finished
from bench_models.service.kept import KeptCheck, keep_check

# A check of 150 benchmarks takes a tenth of it. What a stranger sends stays on the branch for good.
LARGEST_REPORT_BYTES = 512 * 2**10


def keep_finished(folder: Path, check: Finished, at: datetime) -> Path:
    """Write the verdict below ``folder`` (a clone's ``.asv``), from where ``ResultsBranch.push`` takes it."""
    size = len(json.dumps(check.report))
    if size > LARGEST_REPORT_BYTES:
        raise BenchModelsError(
            f"the report of run {check.run.id} has {size:,} bytes, and {LARGEST_REPORT_BYTES:,} are kept: look at it "
            "in the run's artifact"
        )
    return keep_check(folder, KeptCheck(at=at, pull_request=int(check.pull["number"]), report=check.report))
