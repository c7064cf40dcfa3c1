"""The command line ``bench-models``: its commands in the order of its help, and how it ends."""

import logging
import os
import sys
import traceback
from collections.abc import Sequence

import click
from click.exceptions import Exit, NoArgsIsHelpError

from bench_models.cli import check, suite
from bench_models.cli.ci import ci
from bench_models.cli.options import Commands
from bench_models.errors import BenchModelsError, extra_for

NAME = "bench-models"
_COMPLETE = "_BENCH_MODELS_COMPLETE"
# The commands that train and score, which are steps that the store keeps one by one.
_KEEPING = {"run", "build", "export", "hub"}
_ENDS = """\b
Exit status:  0 no budget broken, or no regression
              1 a budget is broken, or something regressed
              2 something could not be measured, or bad input
Environment:  BENCH_MODELS_HOME  the folder for downloads, weights and scores
              BENCH_MODELS_HUB   model and dataset folders in place of the hub"""


class _Program(Commands):
    """The commands, which also answer to names from before there was the group ``ci``: ``ci-plan`` is ``ci plan``."""

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Return the command called so."""
        flat = ci.get_command(context, name.removeprefix("ci-")) if name.startswith("ci-") else None
        return super().get_command(context, name) or flat


@click.group(cls=_Program, epilog=_ENDS, context_settings={"show_default": True, "help_option_names": ["-h", "--help"]})
@click.version_option(package_name=NAME, message="%(package)s %(version)s")
def program() -> None:
    """Measure compressed variants of a model, and judge every change of them."""
    from bench_models.machine import passive_waiting

    os.environ.update(passive_waiting())
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("bench_models").setLevel(logging.INFO)


for _command in (
    *(suite.list_, suite.run, suite.build, suite.report, suite.figure, suite.recommend, suite.export, suite.site),
    *(check.check, check.merge, check.record, check.replay),
    ci,
):
    program.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if _COMPLETE in os.environ:
        from click.shell_completion import shell_complete

        try:
            return shell_complete(program, {}, NAME, _COMPLETE, os.environ[_COMPLETE])
        except ModuleNotFoundError as error:
            if extra_for(error) is None:
                raise
            return 0  # suites and rows are known with their extra only
    try:
        return _run(given)
    except BenchModelsError as error:
        _say(_lacking(error.__cause__, given) or f"{error}")
    except Exception as error:  # noqa: BLE001  # Python's own status for a crash is 1, which here means a broken budget
        lacking = _lacking(error, given)
        if lacking is None:
            traceback.print_exc()
        _say(lacking or f"internal error, the lines above say where it broke; {_left(given)}")
    except KeyboardInterrupt:
        _say(f"interrupted; {_left(given)}")
        return check.INTERRUPTED
    return 2


def _run(given: list[str]) -> int:
    """Parse and run; bad usage is one sentence, too."""
    try:
        with program.make_context(NAME, given) as context:
            return program.invoke(context) or 0
    except Exit as done:  # after --help and --version
        return done.exit_code
    except NoArgsIsHelpError as error:
        error.show()
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else NAME
        said = " ".join(error.format_message().split())  # click lists choices one a line
        _say(f"{said}{'' if said.endswith(('.', '?')) else '.'} See `{path} --help`.")
    return 2


def _lacking(error: BaseException | None, given: Sequence[str]) -> str | None:
    """Say which extra brings what could not be imported; None where that is not the trouble."""
    found = extra_for(error)
    if found is None:
        return None
    from bench_models.text import installing

    return f'"{_called(given)}" needs {found[0]}, which is not installed: {installing(found[1])}'


def _called(given: Sequence[str]) -> str:
    """Return the command that was called, with its group."""
    return " ".join(given[: 2 if given[:1] == ["ci"] else 1])


def _left(given: Sequence[str]) -> str:
    """Say what there is of a command that did not come to its end."""
    if _called(given).removeprefix("ci ") in _KEEPING:
        return "weights and scores that were finished are kept, and the next run uses them"
    return f"`{NAME} {_called(given)}` did not come to its end: run it again"


def _say(sentence: str) -> None:
    sys.stdout.flush()  # what was printed before is read before
    sys.stderr.write(f"{NAME}: {sentence}\n")
