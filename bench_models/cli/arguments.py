"""Arguments that several commands share; each function adds some to a parser."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import get_args

from bench_models import suites
from bench_models.recipes.step import Format

Add = Callable[[argparse.ArgumentParser], None]

_SUITE = f"a suite's name ({', '.join(suites.BUILT_IN)}), or the path of a Python file that defines SUITE"


def suite(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "suite", nargs="?", default=suites.DEFAULT, metavar="SUITE", help=f"{_SUITE}; default: %(default)s"
    )


def named_suite(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("suite", metavar="SUITE", help=_SUITE)


def variants(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("variants", nargs="*", metavar="VARIANT", help="only these rows; default: all")


def strict_budgets(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--strict",
        action="store_true",
        help="fail a budget that is open, too: one that cannot be told from so few sentences",
    )


def commits(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("base", metavar="BASE", help="the commit to compare with: a branch, a tag, a hash")
    parser.add_argument(
        "head",
        metavar="HEAD",
        nargs="?",
        default="HEAD",
        help="the commit to judge; default: what is checked out, with changes that are not committed yet",
    )


def recorded(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "base", metavar="COMMIT", nargs="?", default="HEAD", help="a commit; default: what is checked out"
    )
    parser.add_argument(
        "head", metavar="HEAD", nargs="?", help="a commit that is known to do the same; default: COMMIT against itself"
    )
    parser.add_argument("--times", type=count, default=1, metavar="N", help="how many checks; default: %(default)s")


def again(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--again",
        action="store_true",
        help="measure nothing where --output holds the whole record of this very check; any other record is replaced",
    )


def asked(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", type=_path, default=Path("asv.conf.json"), metavar="FILE", help="asv's; default: %(default)s"
    )
    parser.add_argument("--bench", default="", metavar="REGEX", help="only benchmarks whose name matches")


def measuring(parser: argparse.ArgumentParser) -> None:
    asked(parser)
    parser.add_argument(
        "--python",
        default="asv",
        metavar="asv|same|PATH",
        help="run in environments made as asv.conf.json says (the default), or where the pins are those of the "
        "working tree in this one, or in that of an interpreter",
    )
    parser.add_argument("--threads", type=count, default=1, metavar="N", help="of either side; default: %(default)s")
    parser.add_argument("--shard", default="1/1", metavar="I/N", help="measure a share of the benchmarks; then `merge`")
    parser.add_argument("--spawn", action="store_true", help="start workers from nothing instead of forking them")


def output(default: str) -> Callable[[argparse.ArgumentParser], None]:
    def add(parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--output",
            type=_path,
            default=Path(default),
            metavar="DIR",
            help="for record and report; default: %(default)s",
        )

    return add


def exported(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("variant", metavar="VARIANT", help="a row of the suite")
    parser.add_argument(
        "--format", required=True, choices=get_args(Format), help="the kind of file that the model becomes"
    )
    parser.add_argument("--output", required=True, type=_path, metavar="DIR", help="a folder that is new or empty")
    parser.add_argument(
        "--despite-budget",
        action="store_true",
        help="hand over what breaks its budget, too; the model card says so",
    )
    parser.add_argument("--suite", default=suites.DEFAULT, metavar="SUITE", help=f"{_SUITE}; default: %(default)s")


def published(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", type=_path, default=Path("asv.conf.json"), metavar="FILE", help="asv's; default: %(default)s"
    )
    parser.add_argument("--output", type=_path, metavar="DIR", help="for the site; default: asv's html_dir")


def drawn(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "report",
        metavar="REPORT.json",
        nargs="?",
        type=_path,
        default=Path(f"results/{suites.DEFAULT}.json"),
        help="a kept report; default: %(default)s",
    )
    parser.add_argument(
        "--output", type=_path, default=Path("results"), metavar="DIR", help="for the files; default: %(default)s"
    )


def recommending(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "suite",
        nargs="?",
        metavar="SUITE",
        help=f"{_SUITE}; default: that of the report, or {suites.DEFAULT}",
    )
    parser.add_argument(
        "--priority",
        default="balanced",
        metavar="speed|accuracy|size|balanced",
        help="what counts most; default: %(default)s, the geometric mean of speed-up and size ratio",
    )
    parser.add_argument(
        "--accuracy-tolerance",
        type=float,
        default=1.0,
        metavar="POINTS",
        help="how many percentage points of accuracy may be lost, the whole interval counted; default: %(default)s",
    )
    parser.add_argument(
        "--report", type=_path, metavar="FILE.json", help="a kept report, instead of the checked-out commit's results"
    )


def strict(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--strict", action="store_true", help="status 3 when a benchmark stays undecided")


def folders(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folders", nargs="+", type=_path, metavar="DIR", help="the output of a check")


def replaying(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--times", type=count, default=1000, metavar="N", help="checks to replay of each record; default: %(default)s"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the random draws; default: %(default)s")
    parser.add_argument(
        "--slowdown",
        type=float,
        action="append",
        metavar="PCT",
        help="slow one benchmark of each replayed check down by so much, and count how often that is caught",
    )


def planning(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--most-shards", type=count, default=8, metavar="N", help="as many at most; default: %(default)s"
    )
    parser.add_argument(
        "--each", type=count, default=60, metavar="N", help="about so many benchmarks a shard; default: %(default)s"
    )
    parser.add_argument(
        "--suites",
        default="",
        metavar="SUITES",
        help="suites of models whose trained weights a cache keeps, with spaces between them",
    )


def shards(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shards", type=_path, metavar="DIR", help="a folder with the shards' outputs, at any depth")


def at_most(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--at-most", type=count, default=2, metavar="N", help="commits, the newest first; default: %(default)s"
    )
    parser.add_argument("--bench", default="", metavar="REGEX", help="only benchmarks whose name matches")


def newest(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--newest", type=count, default=100, metavar="N", help="commits to look at; default: %(default)s"
    )


def message(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--message", default="Keep results", metavar="TEXT", help="of the commit; default: %(default)s")


def _path(text: str) -> Path:
    if text:
        return Path(text)
    raise argparse.ArgumentTypeError("no path is given: name one, or '.' for where you are")


def count(text: str) -> int:
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above zero")
