"""The commands that compare two commits; each imports what it needs when it runs."""

import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Unpack

import click

from bench_models.cli import options

if TYPE_CHECKING:
    from bench_models.check.record import Record
    from bench_models.check.run import Options

INTERRUPTED = 130
_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@click.command(epilog="Example: bench-models check main")
@options.commits
@options.measuring
@options.output("results/check")
@options.strict
@options.extent
def check(*, base: str, head: str, strict: bool, **asked: Unpack[options.Checking]) -> int:
    """Judge a change: two commits side by side, one verdict.

    The check of a pull request: finds the benchmarks that the change can affect, measures them on BASE and HEAD side by
    side on this machine, decides for each whether it changed, and says so. Works in any repository with an asv suite.

    Exit status: 0 pass, 1 regressed or lost, 2 something was not measured, 3 undecided (with --strict).
    """
    from bench_models.check.run import Options

    return measure(Options(base=base, head=head, **asked), strict=strict)


@click.command(epilog="Example: bench-models merge shards/1 shards/2")
@options.folders
@options.output("results/merged")
@options.strict
def merge(*, folders: tuple[Path, ...], output: Path, strict: bool) -> int:
    """Join the shards of a check into one verdict.

    Joins the records of `check --shard 1/n` to `n/n`, which measure the same commits on any machines, into the verdict
    of the whole check. Of a single folder it writes the report again.
    """
    from bench_models.check.report.make import merge as merged
    from bench_models.check.report.make import write_check

    return write_check(merged(_records(folders)), output, strict=strict)


@click.command(epilog="Example: bench-models record main my-tidying --times 3")
@click.argument("base", default="HEAD", metavar="[COMMIT]", help="A commit; default: what is checked out")
@click.argument("head", required=False, help="A commit that is known to do the same; default: COMMIT against itself")
@click.option("--times", type=options.COUNT, default=1, metavar="N", help="How many checks.")
@options.measuring
@options.output("results/record")
def record(*, base: str, head: str | None, times: int, **asked: Unpack[options.Measuring]) -> int:
    """Check a harmless change: how often is the verdict wrong?

    Checks a commit against itself, or against a HEAD that is known to do the same: dead code, renamed locals,
    functions in another order. Each check takes all pairs that a check may take, also of what is decided, keeps them
    for `replay` in a numbered folder of its own, after those that are there, and is judged as it would have been.
    Status 1 if one was red.
    """
    from dataclasses import replace

    from bench_models.check.run import Options
    from bench_models.stats.sequential import LOOKS

    recording = Options(base=base, head=head or base, itself=head is None, everything=True, pairs=LOOKS[-1], **asked)
    red = 0
    # Earlier records, perhaps of other hours, stay: they are worth as much.
    earlier = max((int(each.name) for each in recording.output.glob("*") if each.name.isdecimal()), default=0)
    for number in range(earlier + 1, earlier + times + 1):
        status = measure(replace(recording, output=recording.output / f"{number:02d}"), strict=False)
        if status not in {0, 1}:
            return status
        red += status
    against = f"{base} against itself" if head is None else f"{head} against {base}"
    sys.stdout.write(f"{red} of {times} checks of {against} were red\n")
    return 1 if red else 0


@click.command(epilog="Example: bench-models replay results/record/* --slowdown 3 --slowdown 5")
@options.folders
@options.replaying
@click.option(
    "--slowdown",
    type=float,
    multiple=True,
    metavar="PCT",
    help="Slow one benchmark of each replayed check down by so much, and count how often that is caught.",
)
def replay(*, folders: tuple[Path, ...], times: int, seed: int, slowdown: tuple[float, ...]) -> None:
    """Judge recorded rounds again, with their sides swapped.

    This is the error of the check on this machine: of each record of a commit against itself, swaps the sides of each
    round at random, as often as asked, and judges that as a check would. Every red one is a false alarm. The interval
    is over records, so make them at different hours and on different machines.
    """
    from bench_models.check.replay import replay as replayed
    from bench_models.check.replay import sentences

    records = _records(folders)
    results = [(pct, replayed(records, times=times, seed=seed, slowdown_pct=pct)) for pct in slowdown or (0.0,)]
    sys.stdout.write(sentences(results))


def measure(asked: "Options", *, strict: bool) -> int:
    """Check, write the report and return the exit status."""
    from bench_models.check.replay import stopped
    from bench_models.check.report.make import write_check
    from bench_models.check.run import check as checked

    # CI cancels with SIGINT and then SIGTERM: what was measured is to be kept then, too, and all cleaned up.
    for each in _ENDINGS:
        if signal.getsignal(each) != signal.SIG_IGN:  # nohup ignores one
            signal.signal(each, _interrupt)
    try:
        with options.suggesting(_branches, asked.base, asked.head):
            done = checked(asked)
    except KeyboardInterrupt:
        sys.stderr.write("bench-models: interrupted before anything was measured\n")
        return INTERRUPTED
    # A recording goes on when all is decided: it is judged as the check would have been.
    status = write_check(stopped(done) if asked.pairs else done, asked.output, strict=strict)
    return INTERRUPTED if done.ending == "interrupted" else status


def _branches() -> list[str]:
    from bench_models.checkout import git

    return (git("branch", "--all", "--format=%(refname:short)", cwd=Path.cwd()) or "").split()


def _interrupt(*_: object) -> NoReturn:
    for each in _ENDINGS:  # once is enough: a second one would interrupt the cleaning up
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


def _records(folders: Sequence[Path]) -> "list[Record]":
    from bench_models.check.record import read

    return [read(folder) for folder in folders]
