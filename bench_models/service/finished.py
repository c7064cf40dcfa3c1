"""A finished check: its run and pull request as GitHub names them, its report as far as it can be trusted."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench_models.errors import BenchModelsError
from bench_models.service.api import Api
from bench_models.service.origin import Run, pull_request_of, report_of, run_of
from bench_models.service.parcel import opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What a ``workflow_run`` event is about; the report follows its schema, and its texts are a stranger's."""

    run: Run
    pull: Mapping[str, Any]
    report: dict[str, Any]


def finished(event: Mapping[str, Any], api: Api) -> Finished:
    """Return the check that has ended; raises ``BenchModelsError`` with whatever is wrong with it."""
    run = run_of(event, api.repository)
    pull = pull_request_of(run, api)
    return Finished(run=run, pull=pull, report=report_about(run, api))


def report_about(run: Run, api: Api) -> dict[str, Any]:
    """Return a run's report, which is about the commit that the run checked and compares it with another one."""
    report = opened(report_of(run, api))
    if report["head"]["commit"] != run.head:
        raise BenchModelsError("the artifact is refused: it reports on another commit than the run checked")
    if report["base"]["commit"] == run.head:
        raise BenchModelsError("the artifact is refused: it compares a commit with itself, which shows no change")
    return report
