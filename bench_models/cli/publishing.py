"""The steps of the workflows that keep and publish the history; each imports what it needs, as its neighbours do."""

import argparse
import os
import sys
from collections.abc import Iterable

from bench_models.cli.arguments import count


def fetch(_: argparse.Namespace) -> int:
    """Bring the results branch here, and move aside what asv could not read."""
    from bench_models.checkout import checkout_here
    from bench_models.service.branch import results_branch

    branch = results_branch(checkout_here().root)
    if not branch.fetch():
        sys.stdout.write(f"There is no branch {branch.name} yet: the first push makes it.\n")
    _tell(branch.mirror.set_aside())
    return 0


def history(options: argparse.Namespace) -> int:
    """Let asv measure the commits that have no results yet."""
    from bench_models.asv_machine import name_machine
    from bench_models.checkout import checkout_here
    from bench_models.service.measuring import measure, plan

    root = checkout_here().root
    planned = plan(root, options.at_most)
    sys.stdout.write(f"{len(planned.now)} commits to measure here, on {name_machine()}.\n")
    if planned.later:
        left = ", ".join(commit[:8] for commit in planned.later)
        _tell([f"{left} have no results either, and wait for the next time: --at-most {options.at_most}"])
    sys.stdout.flush()
    return measure(root, planned.now, options.bench) if planned.now else 0


def keep(options: argparse.Namespace) -> int:
    """Push what is new here to the results branch."""
    from bench_models.checkout import checkout_here
    from bench_models.service.branch import results_branch

    branch = results_branch(checkout_here().root)
    aside = branch.mirror.set_aside()
    pushed = branch.push(options.message)
    _tell((*aside, *branch.mirror.set_aside()))
    sys.stdout.write(f"{pushed} files pushed to the branch {branch.name}.\n")
    return 0


def at_most(parser: argparse.ArgumentParser) -> None:
    """Add how many commits one job measures, and which benchmarks of them."""
    parser.add_argument(
        "--at-most", type=count, default=2, metavar="N", help="commits, the newest first; default: %(default)s"
    )
    parser.add_argument("--bench", default="", metavar="REGEX", help="only benchmarks whose name matches")


def message(parser: argparse.ArgumentParser) -> None:
    """Add the message of the commit on the results branch."""
    parser.add_argument("--message", default="Keep results", metavar="TEXT", help="of the commit; default: %(default)s")


def _tell(sentences: Iterable[str]) -> None:
    """Print sentences, and show them in the summary of the job where there is one."""
    from bench_models.service.plain import code
    from bench_models.service.runner import add_summary

    for sentence in sentences:
        sys.stdout.write(f"{sentence}\n")
        if os.environ.get("GITHUB_STEP_SUMMARY"):
            add_summary(f"* {code(sentence, 1000)}\n")
