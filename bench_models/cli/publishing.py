"""The steps of the workflows that keep and publish the history; each imports what it needs, as its neighbours do."""

import argparse
import os
import sys
from collections.abc import Iterable


def fetch(_: argparse.Namespace) -> int:
    """Bring the results branch here, and move aside what asv could not read."""
    from bench_models.checkout import checkout_here
    from bench_models.results_branch.sync import results_branch

    branch = results_branch(checkout_here().root)
    if not branch.fetch():
        sys.stdout.write(f"There is no branch {branch.name} yet: the first push makes it.\n")
    _tell(branch.mirror.set_aside())
    return 0


def history(options: argparse.Namespace) -> int:
    """Let asv measure the commits that have no results yet."""
    from bench_models.asv.backfill import measure, plan
    from bench_models.asv.machine_name import name_machine
    from bench_models.checkout import checkout_here

    root = checkout_here().root
    planned = plan(root, options.at_most)
    sys.stdout.write(f"{len(planned.now)} commits to measure here, on {name_machine()}.\n")
    if planned.later:
        left = ", ".join(commit[:8] for commit in planned.later)
        _tell([f"{left} have no results either, and wait for the next time: --at-most {options.at_most}"])
    sys.stdout.flush()
    return measure(root, planned.now, options.bench) if planned.now else 0


def accepted(_: argparse.Namespace) -> int:
    """Note the regressions that pull requests among the newest commits accepted."""
    from bench_models.asv.backfill import newest_commits
    from bench_models.asv.history import branches
    from bench_models.checkout import checkout_here
    from bench_models.github.accepted_pulls import accepted_in
    from bench_models.github.client import Api
    from bench_models.results_branch.accepted_regressions import add_accepted
    from bench_models.results_branch.mirror import mirror_of

    root = checkout_here().root
    commits = [commit for branch in branches(root) for commit in newest_commits(root, branch)]
    new = add_accepted(mirror_of(root).folder, accepted_in(Api.here(), commits))
    _tell(f"Accepted regression of {one.commit[:8]}, by {one.by}: {one.reason}" for one in new)
    return 0


def steps(options: argparse.Namespace) -> int:
    """Open or update the issue about steps that the history shows."""
    from bench_models.asv.backfill import newest_commits
    from bench_models.asv.history import branches, histories
    from bench_models.checkout import checkout_here
    from bench_models.github.client import Api
    from bench_models.github.regression_issue import regressions as found_in
    from bench_models.github.regression_issue import tell
    from bench_models.results_branch.accepted_regressions import read_accepted
    from bench_models.results_branch.mirror import mirror_of

    root = checkout_here().root
    accepted = {one.commit for one in read_accepted(mirror_of(root).folder)[0]}
    commits = newest_commits(root, branches(root)[0], options.newest)[::-1]
    found = found_in(histories(root, set(commits)), commits, accepted)
    done = tell(Api.here(), found) if found else None
    _tell([f"{len(found)} steps up in the newest {len(commits)} commits" + (f": {done}" if done else ", nothing new")])
    return 0


def false_alarms(options: argparse.Namespace) -> int:
    """Write down how often checks of an unchanged tree were red here."""
    from datetime import UTC, datetime

    from bench_models.check.record import read
    from bench_models.check.replay import replay
    from bench_models.check.report.replayed import sentences
    from bench_models.checkout import checkout_here
    from bench_models.github import aa_check as alarms
    from bench_models.results_branch.mirror import mirror_of

    records = [read(folder) for folder in options.folders]
    replayed = replay(records, times=options.times, seed=options.seed)
    found = alarms.figures(records, replayed, datetime.now(UTC))
    folder = mirror_of(checkout_here().root).folder
    alarms.keep(folder, found)
    nights, aside = alarms.nights(folder)
    _tell([f"{found['red']} of {found['checks']} checks of an unchanged tree were red.", alarms.sentence(nights)])
    _tell((*sentences([(0.0, replayed)]).splitlines(), *aside))
    return 1 if alarms.too_many(nights) else 0


def hub(options: argparse.Namespace) -> int:
    """Visit a suite of the model hub, and say what was skipped, and why."""
    from bench_models import suites
    from bench_models.build import Builder
    from bench_models.github.actions import add_summary
    from bench_models.report.hub_summary import failed, table, visit
    from bench_models.storage import Store

    suite = suites.load(options.suite)
    found = visit(Builder(suite=suite, store=Store.default()))
    summary = table(suite.name, found)
    sys.stdout.write(summary)
    if os.environ.get("GITHUB_STEP_SUMMARY"):
        add_summary(summary)
    return 2 if failed(found) else 0


def merged(_: argparse.Namespace) -> int:
    """Note the verdicts on pull requests that were merged among the newest commits."""
    from bench_models.asv.backfill import newest_commits
    from bench_models.asv.history import branches
    from bench_models.checkout import checkout_here
    from bench_models.github.client import Api
    from bench_models.github.merged_pulls import keep_merged
    from bench_models.results_branch.sync import results_branch

    root = checkout_here().root
    results = results_branch(root)
    results.fetch()  # what is kept already is not asked for again
    for branch in branches(root):
        _tell(keep_merged(root, results.mirror.folder, Api.here(), branch, newest_commits(root, branch)))
    return 0


def keep(options: argparse.Namespace) -> int:
    """Push what is new here to the results branch."""
    from bench_models.checkout import checkout_here
    from bench_models.results_branch.sync import results_branch

    branch = results_branch(checkout_here().root)
    aside = branch.mirror.set_aside()
    pushed = branch.push(options.message)
    _tell((*aside, *branch.mirror.set_aside(), *branch.mirror.passed_over()))
    sys.stdout.write(f"{pushed} files pushed to the branch {branch.name}.\n")
    return 0


def _tell(sentences: Iterable[str]) -> None:
    """Print sentences, and show them in the summary of the job where there is one."""
    from bench_models.github.actions import add_summary
    from bench_models.text import code, logged

    for sentence in sentences:
        sys.stdout.write(f"{logged(sentence, 1000)}\n")
        if os.environ.get("GITHUB_STEP_SUMMARY"):
            add_summary(f"* {code(sentence, 1000)}\n")
