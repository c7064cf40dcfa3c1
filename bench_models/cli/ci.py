"""``bench-models ci``: the commands that steps of the workflows of a pull request run."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Unpack

import click

from bench_models.cli import check as checks
from bench_models.cli import options, publish
from bench_models.errors import BenchModelsError


@click.group(cls=options.Commands)
def ci() -> None:
    """Do a step of a GitHub workflow: plan, verdict, comment...

    The first four are steps of the check of a pull request, the others of the workflows that keep and publish the
    history, in the order in which a change meets them.
    """


@ci.command(epilog="Example: bench-models ci plan --suites rotten-tomatoes")
@options.config
@options.bench
@click.option("--most-shards", type=options.COUNT, default=8, help="The most shards to make.")
@click.option("--each", type=options.COUNT, default=60, help="About so many benchmarks a shard.")
@click.option(
    "--suites",
    default="",
    show_default=False,
    help="Suites whose trained weights a cache keeps, with spaces between them.",
)
def plan(*, config: Path, bench: str, most_shards: int, each: int, suites: str) -> None:
    """Decide what the check of a pull request measures.

    In a clone with the whole history, on a `pull_request` event: sets the outputs `base` (where the pull request left
    its branch), `head`, `shards` (a JSON list for a matrix) and `cache-key` (of all that the named suites train).
    Measures nothing.
    """
    from bench_models.github import actions
    from bench_models.github.check_job import plan as planned

    made = planned(actions.event(), config=config, bench=bench, most=most_shards, each=each)
    for name, value in {**made.outputs, "cache-key": cache_key(suites.split())}.items():
        actions.set_output(name, value)
    sys.stdout.write(
        f"{made.benchmarks} benchmarks in {len(made.shards)} shards, from {made.base[:8]} to {made.head[:8]}\n"
    )


def cache_key(suites: Sequence[str]) -> str:
    """Return a key that changes when any trained variant of these suites would; empty without suites.

    It may download, and trains nothing.
    """
    if not suites:
        return ""
    from bench_models.build import Builder
    from bench_models.provenance import key_of
    from bench_models.storage import Store
    from bench_models.suites import load

    builders = [Builder(suite=load(name), store=Store.default()) for name in suites]
    return f"bench-models-{key_of(sorted(builder.key(row) for builder in builders for row in builder.suite.names))}"


@ci.command(epilog="Example: bench-models ci check $BASE $HEAD --shard 1/4")
@options.commits
@options.measuring
@options.output("results/check")
@options.strict
@options.everything
@click.option(
    "--again",
    is_flag=True,
    help="Measure nothing where --output has the whole record of this very check; any other record is replaced.",
)
def check(
    *, base: str, head: str, strict: bool, everything: bool, again: bool, **asked: Unpack[options.Measuring]
) -> int:
    """Measure a shard, and leave the verdict to `ci verdict`.

    As `check`, but with status 0 whenever there is a record to judge. The output `complete` is `true` where it was
    measured to its end just now: only then is it worth keeping for `--again`.
    """
    from bench_models.check.record import FILE
    from bench_models.check.run import Options
    from bench_models.github import check_job
    from bench_models.github.actions import set_output

    output = asked["output"]
    question = check_job.question({"base": base, "head": head, "everything": everything, **asked})
    if again and check_job.answered(output, question):
        sys.stdout.write(f"{output} holds this very check, to its end: nothing is measured again\n")
        return 0
    if again:
        check_job.forget(output)
    if (output / FILE).exists():
        raise BenchModelsError(f"{output} has a record already: give --output a folder that is new or empty")
    status = checks.measure(Options(base=base, head=head, everything=everything, **asked), strict=strict)
    whole = check_job.note(output, question)
    if os.environ.get("GITHUB_OUTPUT"):  # a step of a workflow, and not a command by hand
        set_output("complete", str(whole).lower())
    return 0 if status != checks.INTERRUPTED and (output / FILE).exists() else status


@ci.command(epilog="Example: bench-models ci verdict shards")
@click.argument(
    "shards", type=options.PATH, metavar="DIR", help="A folder with the outputs of the shards, at any depth"
)
@options.output("results/check")
@options.strict
def verdict(*, shards: Path, output: Path, strict: bool) -> int:
    """Join the shards, write the summary, fail on a regression.

    As `merge`, with the report as the summary of the job. A regression is accepted, with status 0, where the pull
    request has the label `accept-regression` and its description a line `Accepted regression: <reason>`.
    """
    from bench_models.github import actions
    from bench_models.github.check_job import judge

    return judge(shards, output, actions.event(), strict=strict)


@ci.command(epilog="Example: bench-models ci comment")
def comment() -> None:
    """Post or update the comment on a pull request.

    On a `workflow_run` event: finds the pull request and the report of the finished check by GitHub's API, and posts
    one comment, or updates the one that is there. The report counts as untrusted: bounded, validated against its
    schema, and shown as code. Status 2, and nothing posted, where anything is wrong.
    """
    from bench_models.github import actions
    from bench_models.github.client import Api
    from bench_models.github.comment import comment as commented

    sys.stdout.write(f"{commented(actions.event(), Api.here())}\n")


for _command in (
    *(publish.fetch, publish.history, publish.accepted, publish.steps),
    *(publish.false_alarms, publish.hub, publish.merged, publish.keep),
):
    ci.add_command(_command)
