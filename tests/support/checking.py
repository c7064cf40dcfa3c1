"""Running the command line, and reading what a check reports."""

import json
import subprocess  # noqa: TC003  # the alias below is evaluated
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec import convert

from bench_models.check.report.document import Report
from support.tiny_project import git

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def check(
    bench_models: Run, project: Path, base: str, *options: str, **environment: str
) -> tuple[int, dict[str, Any], str]:
    """Check what is checked out in a project; return the status, the report (or nothing) and all that was printed."""
    if "--python" not in options:
        options = (*options, "--python", "same")
    file = project / "results" / "check" / "report.json"
    file.unlink(missing_ok=True)
    done = bench_models("check", base, *options, cwd=project, **environment)
    report = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    if report:
        convert(report, Report)
    assert git("worktree", "list", cwd=project).count("\n") == 1, "a worktree was left behind"
    return done.returncode, report, done.stdout + done.stderr


def judged(bench_models: Run, project: Path, *options: str, **environment: str) -> tuple[int, dict[str, str], str]:
    """Check the latest commit; return the status, the verdict on each benchmark, and what was printed."""
    status, report, printed = check(bench_models, project, "HEAD~1", "HEAD", *options, **environment)
    assert report, printed
    return status, verdicts(report), printed


def measured(report: dict[str, Any]) -> set[str]:
    """Return the benchmarks that were measured, named as in ``verdicts``; the change can affect no other."""
    return {" ".join((each["benchmark"], *each["parameters"])) for each in report["changes"] if each["pairs"]}


def verdicts(report: dict[str, Any]) -> dict[str, str]:
    """Return the verdict on each benchmark."""
    return {" ".join((each["benchmark"], *each["parameters"])): each["verdict"] for each in report["changes"]}
