"""``bench-models``: a table of contents."""

import argparse
import logging
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import get_args

from bench_models import __version__, commands, suites
from bench_models.errors import BenchModelsError
from bench_models.recipes.step import Format

_Add = Callable[[argparse.ArgumentParser], None]

_DESCRIPTION = """\
Measure every compressed variant of a transformer model: latency, size, accuracy, and judge it by its budget.

  bench-models list              what there is
  bench-models run               the main job: build, measure, judge, report (what `tox -e bench` runs)
  bench-models build             only train and store what is missing
  bench-models report            show the results of the checked-out commit again
  bench-models export VARIANT    write a variant for deployment: torch.export, TorchScript or ONNX
  bench-models reproduce         published tables beside what is found here: docs/reproduction.md
  bench-models check BASE        judge a change: two commits side by side (what `tox -e check` runs)
  bench-models merge DIR...      join the shards of a check
  bench-models record            how often does this machine raise a false alarm?
  bench-models replay DIR...     the same from recorded pairs, thousands of times
"""

_EPILOG = """\
exit status:  0 all budgets kept, or no regression   1 a budget is broken, or something regressed
              2 something could not be measured, whatever else was found, or bad input
environment:  BENCH_MODELS_HOME    the folder for downloads, trained weights and scorecards
              BENCH_MODELS_HUB     a folder of model and dataset folders that stand for those of the hub
"""

_SUITE_HELP = f"a suite's name ({', '.join(suites.BUILT_IN)}), or the path of a Python file that defines SUITE"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("bench_models").setLevel(logging.INFO)
    try:
        status: int = options.command(options)
    except BenchModelsError as error:
        sys.stderr.write(f"bench-models: {error}\n")
        return 2
    except Exception:  # noqa: BLE001  # Python's own status for a crash is 1, which here means a broken budget
        traceback.print_exc()
        sys.stderr.write(
            "bench-models: internal error; what was finished is kept, the lines above say where it broke\n"
        )
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("bench-models: interrupted; what was finished is kept, and the next run goes on from there\n")
        return commands.INTERRUPTED
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bench-models",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"bench-models {__version__}")
    added = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, command, arguments, summary, details in _COMMANDS:
        sub = added.add_parser(
            name, help=summary, description=details, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        sub.set_defaults(command=command)
        for add in arguments:
            add(sub)
    return parser


def _suite(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "suite", nargs="?", default=suites.DEFAULT, metavar="SUITE", help=f"{_SUITE_HELP}; default: %(default)s"
    )


def _variants(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("variants", nargs="*", metavar="VARIANT", help="only these rows; default: all")


def _commits(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("base", metavar="BASE", help="the commit to compare with: a branch, a tag, a hash")
    parser.add_argument(
        "head",
        metavar="HEAD",
        nargs="?",
        default="HEAD",
        help="the commit to judge; default: what is checked out, with changes that are not committed yet",
    )


def _commit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("commit", metavar="COMMIT", nargs="?", default="HEAD", help="default: what is checked out")
    parser.add_argument("--times", type=_count, default=1, metavar="N", help="how many checks; default: %(default)s")
    parser.add_argument(
        "--pairs", type=_count, metavar="N", help="take so many pairs of everything instead of stopping when decided"
    )


def _no_fixed_pairs(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(pairs=None)


def _measuring(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", type=Path, default=Path("asv.conf.json"), metavar="FILE", help="asv's; default: %(default)s"
    )
    parser.add_argument(
        "--python",
        default="asv",
        metavar="asv|same|PATH",
        help="run in environments made as asv.conf.json says (the default), or where the pins are those of the "
        "working tree in this one, or in that of an interpreter",
    )
    parser.add_argument(
        "--own-suites", action="store_true", help="run each side's own suite instead of HEAD's on both sides"
    )
    parser.add_argument("--threads", type=_count, default=1, metavar="N", help="of either side; default: %(default)s")
    parser.add_argument("--bench", default="", metavar="REGEX", help="only benchmarks whose name matches")
    parser.add_argument("--shard", default="1/1", metavar="I/N", help="measure a share of the benchmarks; then `merge`")
    parser.add_argument("--spawn", action="store_true", help="start workers from nothing instead of forking them")


def _output(default: str) -> Callable[[argparse.ArgumentParser], None]:
    def add(parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--output",
            type=Path,
            default=Path(default),
            metavar="DIR",
            help="for record and report; default: %(default)s",
        )

    return add


def _exported(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("variant", metavar="VARIANT", help="a row of the suite")
    parser.add_argument(
        "--format", required=True, choices=get_args(Format), help="the kind of file that the model becomes"
    )
    parser.add_argument("--output", required=True, type=Path, metavar="DIR", help="a folder that is new or empty")
    parser.add_argument("--suite", default=suites.DEFAULT, metavar="SUITE", help=f"{_SUITE_HELP}; default: %(default)s")


def _reproduced(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("docs/reproduction.md"),
        metavar="FILE",
        help="the page to write; default: %(default)s",
    )
    parser.add_argument(
        "--calls", type=_count, default=20, metavar="N", help="timed calls of each model; default: %(default)s"
    )


def _strict(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--strict", action="store_true", help="status 3 when a benchmark stays undecided")


def _folders(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR", help="the output of a check")


def _replaying(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--times", type=_count, default=2000, metavar="N", help="checks to replay; default: %(default)s"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the random draws; default: %(default)s")
    parser.add_argument(
        "--slowdown",
        type=float,
        action="append",
        metavar="PCT",
        help="slow one benchmark of each replayed check down by so much, and count how often that is caught",
    )


def _count(text: str) -> int:
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above zero")


_COMMANDS: tuple[tuple[str, Callable[[argparse.Namespace], int], tuple[_Add, ...], str, str], ...] = (
    (
        "list",
        commands.list_,
        (_suite,),
        "show a suite's variants: where each starts, its steps and its budget",
        "Show the rows of a suite. Nothing is downloaded or built.\n\nexample:  bench-models list rotten-tomatoes",
    ),
    (
        "run",
        commands.run,
        (_suite,),
        "build, measure, judge and report a suite at the checked-out commit",
        "The main job, in a clone without uncommitted changes: build all variants and score them (what was\n"
        "built or scored before is reused), time them with asv, enforce the budgets with pytest, and write the\n"
        "report to results/.\n\nexample:  bench-models run rotten-tomatoes",
    ),
    (
        "build",
        commands.build,
        (_suite, _variants),
        "train what is not in the store yet",
        "Make sure that the outcome of every trained step is in the store; quick steps (casting, pruning,\n"
        "quantizing) are redone whenever a variant is loaded. Two builds at once share the work: one trains,\n"
        "the other waits.\n\nexample:  bench-models build rotten-tomatoes pruned30",
    ),
    (
        "report",
        commands.report,
        (_suite,),
        "print and write the report of the checked-out commit again",
        "Read the stored results of the checked-out commit, print them as Markdown and write them to results/\n"
        "as Markdown and JSON. Measures nothing.\n\nexample:  bench-models report",
    ),
    (
        "export",
        commands.export,
        (_exported,),
        "write a variant for deployment, as a file that loads without this package",
        "Write a model with its configuration, its tokenizer and a model card that tells what was measured and how\n"
        "to load it. The file is loaded again first: it must answer as the variant does, and keep its accuracy.\n\n"
        "example:  bench-models export student3 --format onnx --output student3-onnx",
    ),
    (
        "reproduce",
        commands.reproduce,
        (_reproduced,),
        "write each published table beside what is found here",
        "Build the models of the published tables with random weights, count them, time them side by side, measure\n"
        "accuracy where the published weights can be had, and write a page. Status 1 if a figure that follows from\n"
        "the architecture differs in a printed digit.\n\nexample:  bench-models reproduce --calls 40",
    ),
    (
        "check",
        commands.check,
        (_commits, _measuring, _output("results/check"), _strict, _no_fixed_pairs),
        "judge a change: two commits side by side, one verdict (what `tox -e check` runs)",
        "The pull-request check: measure BASE and HEAD side by side on this machine, decide what became of each\n"
        "benchmark, and say so. Works in any repository with an asv suite.\n\n"
        "exit status:  0 pass   1 regressed   2 something could not be measured   3 undecided, with --strict\n\n"
        "example:  bench-models check main",
    ),
    (
        "merge",
        commands.merge,
        (_folders, _output("results/merged"), _strict),
        "join the shards of a check into one verdict",
        "Join the records of `check --shard 1/n` to `n/n`, measured at the same commits on any machines, into the\n"
        "verdict of the whole check. Of a single folder it makes the report again.\n\n"
        "example:  bench-models merge shards/1 shards/2",
    ),
    (
        "record",
        commands.record,
        (_commit, _measuring, _output("results/record")),
        "check a commit against itself: how often does this machine raise a false alarm?",
        "Check a commit against itself and keep the records, for `replay`. Status 1 if a check was red.\n\n"
        "example:  bench-models record --times 12",
    ),
    (
        "replay",
        commands.replay,
        (_folders, _replaying),
        "draw recorded pairs anew and judge them: the error of the stopping rule on this machine",
        "Resample the pairs of records, as often as asked, and judge each sample as a check would. Give records\n"
        "of an unchanged tree: then every red check is a false alarm.\n\n"
        "example:  bench-models replay results/record/* --slowdown 3 --slowdown 5",
    ),
)
