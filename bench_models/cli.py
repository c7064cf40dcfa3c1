"""``bench-models``: a table of contents."""

import argparse
import logging
import sys
import traceback
from collections.abc import Sequence

from bench_models import __version__, suites
from bench_models.errors import BenchModelsError

_DESCRIPTION = """\
Measure every compressed variant of a transformer model: latency, size, accuracy, and judge it by its budget.

  bench-models list              what there is
  bench-models run               the main job: build, measure, judge, report (what `tox -e bench` runs)
  bench-models build             only train and store what is missing
  bench-models report            show the results of the checked-out commit again
"""

_EPILOG = """\
exit status:  0 all budgets kept   1 a budget is broken   2 something could not be measured, or bad input
environment:  BENCH_MODELS_HOME    the folder for downloads, trained weights and scorecards
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
        return 130
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bench-models",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"bench-models {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, command, summary, details in _COMMANDS:
        sub = commands.add_parser(
            name, help=summary, description=details, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        sub.set_defaults(command=command)
        sub.add_argument(
            "suite", nargs="?", default=suites.DEFAULT, metavar="SUITE", help=f"{_SUITE_HELP}; default: %(default)s"
        )
        if name == "build":
            sub.add_argument("variants", nargs="*", metavar="VARIANT", help="only these rows; default: all")
    return parser


def _list(options: argparse.Namespace) -> int:
    from bench_models.reports.catalogue import catalogue

    sys.stdout.write(catalogue(suites.load(options.suite)))
    return 0


def _build(options: argparse.Namespace) -> int:
    from bench_models.build import Builder
    from bench_models.store import Store

    suite = suites.load(options.suite)
    builder = Builder(suite=suite, store=Store.default())
    for variant in [suite[name].name for name in options.variants or suite.names]:
        builder.train(variant)
    return 0


def _run(options: argparse.Namespace) -> int:
    from bench_models.job import run

    return run(suites.load(options.suite), options.suite)


def _report(options: argparse.Namespace) -> int:
    from bench_models.build import Builder
    from bench_models.checkout import checkout_here
    from bench_models.reports.writing import write_report
    from bench_models.store import Store

    return write_report(Builder(suite=suites.load(options.suite), store=Store.default()), checkout_here())


_COMMANDS = (
    (
        "list",
        _list,
        "show a suite's variants: where each starts, its steps and its budget",
        "Show the rows of a suite. Nothing is downloaded or built.\n\nexample:  bench-models list rotten-tomatoes",
    ),
    (
        "run",
        _run,
        "build, measure, judge and report a suite at the checked-out commit",
        "The main job, in a clone without uncommitted changes: build all variants and score them (what was\n"
        "built or scored before is reused), time them with asv, enforce the budgets with pytest, and write the\n"
        "report to results/.\n\nexample:  bench-models run rotten-tomatoes",
    ),
    (
        "build",
        _build,
        "train what is not in the store yet",
        "Make sure that the outcome of every trained step is in the store; quick steps (casting, pruning,\n"
        "quantizing) are redone whenever a variant is loaded. Two builds at once share the work: one trains,\n"
        "the other waits.\n\nexample:  bench-models build rotten-tomatoes pruned30",
    ),
    (
        "report",
        _report,
        "print and write the report of the checked-out commit again",
        "Read the stored results of the checked-out commit, print them as Markdown and write them to results/\n"
        "as Markdown and JSON. Measures nothing.\n\nexample:  bench-models report",
    ),
)
