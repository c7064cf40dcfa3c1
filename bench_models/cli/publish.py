"""The steps of the workflows that keep and publish the history, each a command of the group ``ci``."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from bench_models.cli import options


@click.command(epilog="Example: bench-models ci fetch && asv publish")
def fetch() -> None:
    """Bring the results branch into the .asv of this clone.

    Brings asv's results, the verdicts of checks and accepted regressions from the branch `results` of origin. A file
    that is damaged, or of a machine that nobody described, is named and moved to .asv/aside.
    """
    from bench_models.checkout import checkout_here
    from bench_models.results_branch.sync import results_branch

    branch = results_branch(checkout_here().root)
    if not branch.fetch():
        sys.stdout.write(f"There is no branch {branch.name} yet: the first push makes it.\n")
    _tell(branch.mirror.set_aside())


@click.command(epilog="Example: bench-models ci history --at-most 4")
@click.option(
    "--at-most", type=options.COUNT, default=2, metavar="N", help="The most commits to measure, the newest first."
)
@options.bench
def history(*, at_most: int, bench: str) -> int:
    """Let asv measure the newest commits that have no results.

    Runs asv for the commits of asv.conf.json's branches that have no results on any machine yet, the newest first.
    Where there are no results at all, for the newest commit only. A machine that asv does not know is named by its
    processor. Status 2 if a benchmark failed; the others are kept.
    """
    from bench_models.asv.history import measure, plan
    from bench_models.asv.results import name_machine
    from bench_models.checkout import checkout_here

    root = checkout_here().root
    planned = plan(root, at_most)
    sys.stdout.write(f"{len(planned.now)} commits to measure here, on {name_machine()}.\n")
    if planned.later:
        left = ", ".join(commit[:8] for commit in planned.later)
        _tell([f"{left} have no results either, and wait for the next time: --at-most {at_most}"])
    sys.stdout.flush()
    return measure(root, planned.now, bench) if planned.now else 0


@click.command(epilog="Example: bench-models ci accepted && bench-models ci keep")
def accepted() -> None:
    """Note which regressions were accepted, and why.

    Asks GitHub for the pull requests of the newest commits, and notes those that have the label `accept-regression`
    and a line `Accepted regression: <reason>`, in .asv/accepted.json. `ci keep` pushes it.
    """
    from bench_models.asv.history import branches, newest_commits
    from bench_models.checkout import checkout_here
    from bench_models.github.acceptance import accepted_in
    from bench_models.github.client import Api
    from bench_models.results_branch.records import add_accepted, mirror_of

    root = checkout_here().root
    commits = [commit for branch in branches(root) for commit in newest_commits(root, branch)]
    new = add_accepted(mirror_of(root).folder, accepted_in(Api.here(), commits))
    _tell(f"Accepted regression of {one.commit[:8]}, by {one.by}: {one.reason}" for one in new)


@click.command(epilog="Example: bench-models ci steps --newest 200")
@click.option("--newest", type=options.COUNT, default=100, metavar="N", help="How many commits to look at.")
def steps(*, newest: int) -> None:
    """Open an issue when the history shows a step up.

    Looks at each benchmark's history on each machine. A step up that has lasted for three measured commits and is
    larger than asv.conf.json's threshold and than noise is told once, in an issue with the label `performance-step`,
    or added to the one that is open. Accepted regressions are left out. Nothing is closed.
    """
    from bench_models.asv.history import branches, histories, newest_commits
    from bench_models.checkout import checkout_here
    from bench_models.github.client import Api
    from bench_models.github.regression_issue import regressions as found_in
    from bench_models.github.regression_issue import tell
    from bench_models.results_branch.records import mirror_of, read_accepted

    root = checkout_here().root
    accepted = {one.commit for one in read_accepted(mirror_of(root).folder)[0]}
    commits = newest_commits(root, branches(root)[0], newest)[::-1]
    found = found_in(histories(root, set(commits)), commits, accepted)
    done = tell(Api.here(), found) if found else None
    _tell([f"{len(found)} steps up in the newest {len(commits)} commits" + (f": {done}" if done else ", nothing new")])


@click.command(name="false-alarms", epilog="Example: bench-models ci false-alarms results/record/* --times 1000")
@options.folders
@options.replaying
def false_alarms(*, folders: tuple[Path, ...], times: int, seed: int) -> int:
    """Note how often checks of an unchanged tree were red.

    Judges the records of `bench-models record`, replays them, and writes the figures to .asv/aa, from where `ci keep`
    pushes them. Status 1 if the nights there, which `ci fetch` brings, have had red checks more often than the error
    budget allows: a red night adds 10 points, any other takes 1 away, and at 30 the job fails.
    """
    from datetime import UTC, datetime

    from bench_models.check.record import read
    from bench_models.check.replay import replay, sentences
    from bench_models.checkout import checkout_here
    from bench_models.github import aa_check as alarms
    from bench_models.results_branch.records import mirror_of

    records = [read(folder) for folder in folders]
    replayed = replay(records, times=times, seed=seed)
    found = alarms.figures(records, replayed, datetime.now(UTC))
    folder = mirror_of(checkout_here().root).folder
    alarms.keep(folder, found)
    nights, aside = alarms.nights(folder)
    _tell([f"{found.red} of {found.checks} checks of an unchanged tree were red.", alarms.sentence(nights)])
    _tell((*sentences([(0.0, replayed)]).splitlines(), *aside))
    return 1 if alarms.too_many(nights) else 0


@click.command(epilog="Example: bench-models ci hub sst2-bert")
@options.named_suite
def hub(*, suite: str) -> int:
    """Score a suite of the model hub, and say what is skipped.

    Scores each variant that can be had without hours of training, and adds a table to the summary of the job. Status 2
    if a variant failed; a skipped one is not a failure.
    """
    from bench_models import suites
    from bench_models.build import Builder
    from bench_models.github.actions import add_summary
    from bench_models.metrics.scorecard import any_failed, scores
    from bench_models.report.markdown import scores_table
    from bench_models.storage import Store

    loaded = suites.load(suite)
    found = scores(Builder(suite=loaded, store=Store.default()))
    summary = scores_table(loaded.name, found)
    sys.stdout.write(summary)
    if os.environ.get("GITHUB_STEP_SUMMARY"):
        add_summary(summary)
    return 2 if any_failed(found) else 0


@click.command(epilog="Example: bench-models ci merged && bench-models ci keep")
def merged() -> None:
    """Note the verdicts of checks of merged pull requests.

    Asks GitHub which pull requests brought the newest commits, and for the report of the check that each had before
    its merge. Its figures, and none of its texts, are written to .asv/checks; `ci keep` pushes them. What is wrong
    with one is said in a sentence, and the others are kept.
    """
    from bench_models.asv.history import branches, newest_commits
    from bench_models.checkout import checkout_here
    from bench_models.github.check_run import keep_merged
    from bench_models.github.client import Api
    from bench_models.results_branch.sync import results_branch

    root = checkout_here().root
    results = results_branch(root)
    results.fetch()  # what is kept already is not asked for again
    for branch in branches(root):
        _tell(keep_merged(root, results.mirror.folder, Api.here(), branch, newest_commits(root, branch)))


@click.command(epilog="Example: bench-models ci keep --message 'Keep run 12'")
@click.option("--message", default="Keep results", metavar="TEXT", help="The message of the commit.")
def keep(*, message: str) -> None:
    """Push what is new in this clone's .asv.

    Pushes new results to the branch `results` of origin, which is created when it is not there. When another push
    comes first, both are joined and it is tried again: nothing is lost. With GITHUB_TOKEN set, git logs in with it.
    """
    from bench_models.checkout import checkout_here
    from bench_models.results_branch.sync import results_branch

    branch = results_branch(checkout_here().root)
    aside = branch.mirror.set_aside()
    pushed = branch.push(message)
    _tell((*aside, *branch.mirror.set_aside(), *branch.mirror.passed_over()))
    sys.stdout.write(f"{pushed} files pushed to the branch {branch.name}.\n")


def _tell(sentences: Iterable[str]) -> None:
    """Print sentences, and show them in the summary of the job where there is one."""
    from bench_models.github.actions import add_summary
    from bench_models.text import code, logged

    for sentence in sentences:
        sys.stdout.write(f"{logged(sentence, 1000)}\n")
        if os.environ.get("GITHUB_STEP_SUMMARY"):
            add_summary(f"* {code(sentence, 1000)}\n")
