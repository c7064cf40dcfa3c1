"""Arguments and options that several commands share, and the types of their values."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypedDict, TypeVar

import click
from click.shell_completion import CompletionItem

from bench_models.errors import BenchModelsError

Command = TypeVar("Command", bound=Callable[..., object])

_SUITE = (
    "A suite's name (rotten-tomatoes, sst2-distilbert, sst2-bert or imdb-bert), or the path of a Python file that "
    "defines SUITE"
)


class Commands(click.Group):
    """A group that lists its commands in the order in which people meet them."""

    def list_commands(self, context: click.Context) -> list[str]:  # noqa: ARG002  # click passes it
        """Return the names."""
        return list(self.commands)


class _Path(click.Path):
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:  # noqa: ANN401
        """Refuse an empty path, which Python takes for the current folder."""
        if value == "":
            self.fail("no path is given: name one, or '.' for where you are.", param, ctx)
        return Path(value)


class Measuring(TypedDict):
    """What ``measuring`` and ``output`` add to a command, called as in ``check.run.Options``."""

    config: Path
    bench: str
    interpreter: str
    threads: int
    shard: int
    shards: int
    spawn: bool
    output: Path


class Checking(Measuring):
    """What ``extent`` adds to that."""

    everything: bool
    audit: bool
    budget_minutes: float


PATH = _Path()
COUNT = click.IntRange(min=1)
COUNT.name = "whole number"
MINUTES = click.FloatRange(min=0, min_open=True)
MINUTES.name = "number of minutes"


def _all(*added: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Return the decorator that adds all of these, which then stand in this order in the help."""

    def add(command: Command) -> Command:
        for each in reversed(added):
            command = each(command)
        return command

    return add


def _share(context: click.Context, _: click.Parameter, given: str) -> int:
    """Return which share is meant, and add to the parameters of how many."""
    index, slash, shares = given.partition("/")
    if slash and index.isdecimal() and shares.isdecimal() and 1 <= int(index) <= int(shares):
        context.params["shards"] = int(shares)
        return int(index)
    raise BenchModelsError(f"--shard is i/n with i from 1 to n, for example 2/4, not {given!r}")


def default_suite() -> str:
    """Return the suite that is taken where none is named."""
    from bench_models import suites

    return suites.DEFAULT


@contextmanager
def suggesting(known: Callable[[], list[str]], *given: str) -> Iterator[None]:
    """Add the nearest known name to an error about one of those that were given."""
    from difflib import get_close_matches

    try:
        yield
    except BenchModelsError as error:
        names = known()
        unknown = (name for name in given if name not in names and name in str(error))
        near = next(filter(None, (get_close_matches(name, names, 1) for name in unknown)), None)
        if near:
            raise BenchModelsError(f"{error}; did you mean {near[0]}?") from error
        raise


def _suites(_: click.Context, __: click.Parameter, begun: str) -> list[CompletionItem]:
    """Complete a suite's name, or the path of a file."""
    from bench_models import suites

    names = [CompletionItem(name) for name in suites.BUILT_IN if name.startswith(begun)]
    return names or [CompletionItem(begun, type="file")]


suite = click.argument(
    "suite",
    default=default_suite,
    metavar="[SUITE]",
    shell_complete=_suites,
    help=f"{_SUITE}; default: rotten-tomatoes",
)
named_suite = click.argument("suite", shell_complete=_suites, help=_SUITE)
suite_option = click.option(
    "--suite",
    default=default_suite,
    metavar="SUITE",
    shell_complete=_suites,
    show_default="rotten-tomatoes",
    help=_SUITE,
)
suite_of_report = click.argument(
    "suite", required=False, shell_complete=_suites, help=f"{_SUITE}; default: that of the report, or rotten-tomatoes"
)
all_rows = click.option("--all", "everything", is_flag=True, help="Every row of the suite.")
strict_budgets = click.option(
    "--strict", is_flag=True, help="Fail a budget that is open, too: one that cannot be told from so few sentences."
)
strict = click.option("--strict", is_flag=True, help="Exit with status 3 where a benchmark stays undecided.")
commits = _all(
    click.argument("base", help="The commit to compare with: a branch, a tag or a hash"),
    click.argument(
        "head", default="HEAD", help="The commit to judge; default: what is checked out, with uncommitted changes"
    ),
)
config = click.option(
    "--config", type=PATH, default=Path("asv.conf.json"), metavar="FILE", help="The configuration of asv."
)
bench = click.option(
    "--bench", default="", show_default=False, metavar="REGEX", help="Only the benchmarks whose name matches."
)
measuring = _all(
    config,
    bench,
    click.option(
        "--python",
        "interpreter",
        default="asv",
        metavar="asv|same|PATH",
        help="Run in environments that asv.conf.json describes, in this one (with the pins of the working tree), or in "
        "that of another interpreter.",
    ),
    click.option("--threads", type=COUNT, default=1, metavar="N", help="Threads of each side."),
    click.option(
        "--shard",
        default="1/1",
        callback=_share,
        metavar="I/N",
        help="Measure one of N shares of the benchmarks; `merge` joins them.",
    ),
    click.option("--spawn", is_flag=True, help="Start each worker afresh instead of forking it."),
)
everything = click.option(
    "--all", "everything", is_flag=True, help="Measure also what the change cannot affect, as far as is seen."
)
extent = _all(
    everything,
    click.option(
        "--audit", is_flag=True, help="Measure all, and say whether leaving out what is not affected would be wrong."
    ),
    click.option(
        "--budget-minutes",
        type=MINUTES,
        default=math.inf,
        show_default=False,
        metavar="N",
        help="Begin no pair after so many minutes, and say what is undecided.",
    ),
)
folders = click.argument("folders", nargs=-1, required=True, type=PATH, metavar="DIR...", help="The output of a check")
replaying = _all(
    click.option("--times", type=COUNT, default=1000, metavar="N", help="Checks to replay of each record."),
    click.option("--seed", type=int, default=0, help="The seed of the random draws."),
)


def variants(default: str) -> Callable[[Command], Command]:
    """Return the argument for names of rows; ``default`` says which are taken where none is given."""
    return click.argument(
        "variants",
        nargs=-1,
        metavar="[VARIANT]...",
        help=f"Only these rows, and what they start from; default: {default}",
    )


def output(default: str) -> Callable[[Command], Command]:
    """Return the option for the folder that a check writes to."""
    return click.option(
        "--output", type=PATH, default=Path(default), metavar="DIR", help="The folder for the record and the report."
    )
