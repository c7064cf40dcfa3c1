"""``bench-models``, the command line: the commands stand in ``contents``."""

import argparse
import logging
import os
import sys
import traceback
from collections.abc import Sequence

from bench_models import __version__
from bench_models.cli.checks import INTERRUPTED
from bench_models.cli.contents import COMMANDS
from bench_models.errors import BenchModelsError
from bench_models.machine import passive_waiting

_DESCRIPTION = (
    "Measure every compressed variant of a transformer model: latency, size, accuracy, and judge it by its budget."
)

_EPILOG = """\
exit status:  0 no budget broken, or no regression   1 a budget is broken, or something regressed
              2 something could not be measured, whatever else was found, or bad input
environment:  BENCH_MODELS_HOME    the folder for downloads, trained weights and scorecards
              BENCH_MODELS_HUB     a folder of model and dataset folders that stand for those of the hub
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    options = _parser().parse_args(arguments)
    os.environ.update(passive_waiting())
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("bench_models").setLevel(logging.INFO)
    try:
        status: int = options.run(options)
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
        return INTERRUPTED
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
    for command in COMMANDS:
        sub = added.add_parser(
            command.name,
            help=command.summary,
            description=command.details,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        sub.set_defaults(run=command.run)
        for add in command.arguments:
            add(sub)
    return parser
