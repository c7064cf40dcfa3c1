"""The commands that steps of GitHub workflows run; each imports what it needs, as its neighbours do."""

import argparse
import os
import sys
from collections.abc import Sequence

from bench_models.cli import checks
from bench_models.errors import BenchModelsError


def plan(options: argparse.Namespace) -> int:
    """Set the outputs that say which commits are measured, in which shards, with which cache."""
    from bench_models.github import actions
    from bench_models.github.check_plan import Wanted
    from bench_models.github.check_plan import plan as planned

    wanted = Wanted(
        config=options.config,
        bench=options.bench,
        most=options.most_shards,
        each=options.each,
    )
    made = planned(wanted, actions.event())
    for name, value in {**made.outputs, "cache-key": cache_key(options.suites.split())}.items():
        actions.set_output(name, value)
    sys.stdout.write(
        f"{made.benchmarks} benchmarks in {len(made.shards)} shards, from {made.base[:8]} to {made.head[:8]}\n"
    )
    return 0


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


def check(options: argparse.Namespace) -> int:
    """Measure a shard; whatever it finds, the verdict is another job's."""
    from bench_models.check.record import FILE
    from bench_models.github import shard_reuse

    asked = shard_reuse.question(vars(options))
    if options.again and shard_reuse.answered(options.output, asked):
        sys.stdout.write(f"{options.output} holds this very check, to its end: nothing is measured again\n")
        return 0
    if options.again:
        shard_reuse.forget(options.output)
    if (options.output / FILE).exists():
        raise BenchModelsError(f"{options.output} has a record already: give --output a folder that is new or empty")
    status = checks.check(options)
    _tell("complete", whole=shard_reuse.note(options.output, asked))
    return 0 if status != checks.INTERRUPTED and (options.output / FILE).exists() else status


def _tell(name: str, *, whole: bool) -> None:
    """Set an output of the workflow step; do nothing where the command is run by hand."""
    from bench_models.github.actions import set_output

    if os.environ.get("GITHUB_OUTPUT"):
        set_output(name, str(whole).lower())


def verdict(options: argparse.Namespace) -> int:
    """Judge all shards, for people to see."""
    from bench_models.github import actions
    from bench_models.github.check_verdict import judge

    return judge(options.shards, options.output, actions.event(), strict=options.strict)


def comment(_: argparse.Namespace) -> int:
    """Say on the pull request what its check found."""
    from bench_models.github import actions
    from bench_models.github.client import Api
    from bench_models.github.comment import comment as commented

    sys.stdout.write(f"{commented(actions.event(), Api.here())}\n")
    return 0
