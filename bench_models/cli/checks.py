"""The commands that compare two commits; each imports what it needs, as its neighbours do."""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from bench_models.errors import BenchModelsError

if TYPE_CHECKING:
    from bench_models.check.record import Record
    from bench_models.check.run import Options

INTERRUPTED = 130
_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def check(options: argparse.Namespace) -> int:
    """Judge HEAD against BASE."""
    return _checked(_options(options, base=options.base, head=options.head), strict=options.strict)


def merge(options: argparse.Namespace) -> int:
    """Join the shards of one check."""
    from bench_models.check.report.writing import write_check
    from bench_models.check.shards import merge as merged

    return write_check(merged(_records(options.folders)), options.output, strict=options.strict)


def record(options: argparse.Namespace) -> int:
    """Check a commit against itself, or a harmless change, as often as asked, and say how often that came out red."""
    from bench_models.stats.sequential import LOOKS

    head = options.head or options.base
    red = 0
    for number in range(1, options.times + 1):
        folder = options.output / f"{number:02d}"
        asked = _options(
            options, base=options.base, head=head, output=folder, itself=options.head is None, pairs=LOOKS[-1]
        )
        status = _checked(asked, strict=False)
        if status not in {0, 1}:
            return status
        red += status
    against = f"{options.base} against itself" if options.head is None else f"{head} against {options.base}"
    sys.stdout.write(f"{red} of {options.times} checks of {against} were red\n")
    return 1 if red else 0


def replay(options: argparse.Namespace) -> int:
    """Replay checks from recorded rounds."""
    from bench_models.check.replay import replay as replayed
    from bench_models.check.report.replayed import sentences

    records = _records(options.folders)
    slowdowns = options.slowdown or [0.0]
    results = [(pct, replayed(records, times=options.times, seed=options.seed, slowdown_pct=pct)) for pct in slowdowns]
    sys.stdout.write(sentences(results))
    return 0


def _checked(options: "Options", *, strict: bool) -> int:
    from bench_models.check.replay import stopped
    from bench_models.check.report.writing import write_check
    from bench_models.check.run import check as checked

    # CI cancels with SIGINT and then SIGTERM: what was measured is to be kept then, too, and all cleaned up.
    for each in _ENDINGS:
        if signal.getsignal(each) != signal.SIG_IGN:  # nohup ignores one
            signal.signal(each, _interrupt)
    try:
        done = checked(options)
    except KeyboardInterrupt:
        sys.stderr.write("bench-models: interrupted before anything was measured\n")
        return INTERRUPTED
    # A recording goes on when all is decided: it is judged as the check would have been.
    status = write_check(stopped(done) if options.pairs else done, options.output, strict=strict)
    return INTERRUPTED if done.ending == "interrupted" else status


def _interrupt(*_: object) -> NoReturn:
    for each in _ENDINGS:  # once is enough: a second one would interrupt the cleaning up
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


def _options(options: argparse.Namespace, **others: object) -> "Options":
    from bench_models.check.run import Options

    shard, shards = _share(options.shard)
    common = {
        "output": options.output,
        "config": options.config,
        "interpreter": options.python,
        "threads": options.threads,
        "bench": options.bench,
        "spawn": options.spawn,
        "shard": shard,
        "shards": shards,
    }
    return Options(**common | others)


def _share(text: str) -> tuple[int, int]:
    index, slash, count = text.partition("/")
    if slash and index.isdecimal() and count.isdecimal() and 1 <= int(index) <= int(count):
        return int(index), int(count)
    raise BenchModelsError(f"--shard is i/n with i from 1 to n, for example 2/4, not {text!r}")


def _records(folders: Sequence[Path]) -> "list[Record]":
    from bench_models.check.record import read

    return [read(folder) for folder in folders]
