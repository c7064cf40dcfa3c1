"""What a finished check reports, as far as it can be trusted: about the commit that its run checked."""

from typing import Any

from bench_models.errors import BenchModelsError
from bench_models.service.api import Api
from bench_models.service.origin import Run, report_of
from bench_models.service.parcel import opened


def report_about(run: Run, api: Api) -> dict[str, Any]:
    """Return a run's report, which is about the commit that the run checked and compares it with another one.

    It follows its schema, and its texts are a stranger's. Raises ``BenchModelsError`` with whatever is wrong with it.
    """
    report = opened(report_of(run, api))
    if report["head"]["commit"] != run.head:
        raise BenchModelsError("the artifact is refused: it reports on another commit than the run checked")
    if report["base"]["commit"] == run.head:
        raise BenchModelsError("the artifact is refused: it compares a commit with itself, which shows no change")
    return report
