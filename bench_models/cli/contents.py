"""The table of contents: every command, in the order that people meet them."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from bench_models.cli import arguments, checks, ci, commands, publishing


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command: what it is called, what it does and takes, and how its help says so."""

    name: str
    run: Callable[[argparse.Namespace], int]
    arguments: tuple[arguments.Add, ...]
    summary: str
    details: str


COMMANDS = (
    Command(
        name="list",
        run=commands.list_,
        arguments=(arguments.suite,),
        summary="show a suite's variants: where each starts, its steps and its budget",
        details=(
            "Show the rows of a suite. Nothing is downloaded or built.\n\nexample:  bench-models list rotten-tomatoes"
        ),
    ),
    Command(
        name="run",
        run=commands.run,
        arguments=(arguments.suite, arguments.variants),
        summary="build, measure, judge and report a suite at the checked-out commit",
        details=(
            "The main job, in a clone without uncommitted changes: build all variants and score them (what was\n"
            "built or scored before is reused), time them with asv, enforce the budgets with pytest, and write the\n"
            "report to results/. Named rows come with those that they start from, and the baseline.\n\n"
            "example:  bench-models run rotten-tomatoes int8-dynamic pruned30"
        ),
    ),
    Command(
        name="build",
        run=commands.build,
        arguments=(arguments.suite, arguments.variants),
        summary="train what is not in the store yet",
        details=(
            "Make sure that the outcome of every trained step is in the store; quick steps (casting, pruning,\n"
            "quantizing) are redone whenever a variant is loaded. Two builds at once share the work: one trains,\n"
            "the other waits.\n\nexample:  bench-models build rotten-tomatoes pruned30"
        ),
    ),
    Command(
        name="report",
        run=commands.report,
        arguments=(arguments.suite, arguments.variants),
        summary="print and write the report of the checked-out commit again",
        details=(
            "Read the stored results of the checked-out commit, print them as Markdown and write them to results/\n"
            "as Markdown, JSON and figure. Measures nothing.\n\nexample:  bench-models report"
        ),
    ),
    Command(
        name="figure",
        run=commands.figure,
        arguments=(arguments.drawn,),
        summary="draw the figure of any kept report again",
        details=(
            "Draw latency, accuracy, size and the trade-off of a report's variants, as SVG and PNG, light and dark.\n"
            "Measures nothing; the same report gives the same bytes.\n\n"
            "example:  bench-models figure results/rotten-tomatoes.json --output figures"
        ),
    ),
    Command(
        name="recommend",
        run=commands.recommend,
        arguments=(arguments.suite, arguments.recommending),
        summary="say which variant to ship, why not the others, and what would change that",
        details=(
            "Choose the best variant whose accuracy drop keeps the tolerance with its whole interval. Variants that\n"
            "cannot be told apart by the priority are tied: speed is then decided by size and accuracy, accuracy by\n"
            "speed and size, size by accuracy and speed, balanced by accuracy and size. The baseline takes part, and\n"
            "is the answer where nothing is better. Status 2 when no variant keeps the tolerance.\n\n"
            "example:  bench-models recommend --priority speed --accuracy-tolerance 1.5"
        ),
    ),
    Command(
        name="export",
        run=commands.export,
        arguments=(arguments.exported,),
        summary="write a variant for deployment, as a file that loads without this package",
        details=(
            "Write a model with its configuration, its tokenizer and a model card that tells what was measured and\n"
            "how to load it. The file is loaded again first: it must answer as the variant does, and keep its\n"
            "accuracy. What breaks its budget is refused, but with --despite-budget.\n\n"
            "example:  bench-models export student3 --format onnx --output student3-onnx"
        ),
    ),
    Command(
        name="site",
        run=commands.site,
        arguments=(arguments.published,),
        summary="publish the history: asv's site, with a page for each variant and the verdicts of checks",
        details=(
            "Write what `asv publish` writes, and beside it the current table, the history of each variant with its\n"
            "regressions, and the verdicts of recent checks; all of it can be read without a network. Works in any\n"
            "project with an asv suite. Without results it says how to make them.\n\n"
            "example:  bench-models site"
        ),
    ),
    Command(
        name="reproduce",
        run=commands.reproduce,
        arguments=(arguments.reproduced,),
        summary="write each published table beside what is found here",
        details=(
            "Build the models of the published tables with random weights, count them, time them side by side,\n"
            "measure accuracy where the published weights can be had, and write a page. Status 1 if a figure that\n"
            "follows from the architecture differs in a printed digit.\n\nexample:  bench-models reproduce --calls 40"
        ),
    ),
    Command(
        name="check",
        run=checks.check,
        arguments=(
            arguments.commits,
            arguments.measuring,
            arguments.output("results/check"),
            arguments.strict,
            arguments.no_fixed_pairs,
        ),
        summary="judge a change: two commits side by side, one verdict (what `tox -e check` runs)",
        details=(
            "The pull-request check: measure BASE and HEAD side by side on this machine, decide what became of each\n"
            "benchmark, and say so. Works in any repository with an asv suite.\n\n"
            "exit status:  0 pass   1 regressed   2 something could not be measured   3 undecided, with --strict\n\n"
            "example:  bench-models check main"
        ),
    ),
    Command(
        name="merge",
        run=checks.merge,
        arguments=(arguments.folders, arguments.output("results/merged"), arguments.strict),
        summary="join the shards of a check into one verdict",
        details=(
            "Join the records of `check --shard 1/n` to `n/n`, measured at the same commits on any machines, into the\n"
            "verdict of the whole check. Of a single folder it makes the report again.\n\n"
            "example:  bench-models merge shards/1 shards/2"
        ),
    ),
    Command(
        name="record",
        run=checks.record,
        arguments=(arguments.commit, arguments.measuring, arguments.output("results/record")),
        summary="check a commit against itself: how often does this machine raise a false alarm?",
        details=(
            "Check a commit against itself and keep the records, for `replay`. Status 1 if a check was red.\n\n"
            "example:  bench-models record --times 12"
        ),
    ),
    Command(
        name="replay",
        run=checks.replay,
        arguments=(arguments.folders, arguments.replaying),
        summary="draw recorded pairs anew and judge them: the error of the stopping rule on this machine",
        details=(
            "Resample the pairs of records, as often as asked, and judge each sample as a check would. Give records\n"
            "of an unchanged tree: then every red check is a false alarm.\n\n"
            "example:  bench-models replay results/record/* --slowdown 3 --slowdown 5"
        ),
    ),
    Command(
        name="ci-plan",
        run=ci.plan,
        arguments=(arguments.asked, arguments.planning),
        summary="for workflows: decide what the check of a pull request consists of",
        details=(
            "In a clone with the whole history, on a `pull_request` event: set the outputs `base` (where the pull\n"
            "request left its branch), `head`, `shards` (a JSON list for a matrix) and `cache-key` (of all that the\n"
            "named suites train). Measures nothing.\n\nexample:  bench-models ci-plan --suites rotten-tomatoes"
        ),
    ),
    Command(
        name="ci-check",
        run=ci.check,
        arguments=(
            arguments.commits,
            arguments.measuring,
            arguments.output("results/check"),
            arguments.strict,
            arguments.no_fixed_pairs,
        ),
        summary="for workflows: measure a shard and leave the verdict to `ci-verdict`",
        details=(
            "As `check`, but with status 0 whenever there is a record to judge.\n\n"
            "example:  bench-models ci-check $BASE $HEAD --shard 1/4"
        ),
    ),
    Command(
        name="ci-verdict",
        run=ci.verdict,
        arguments=(arguments.shards, arguments.output("results/check"), arguments.strict),
        summary="for workflows: join the shards, write the summary, fail on a regression",
        details=(
            "As `merge`, with the report as the job's summary. A regression is accepted, with status 0, where the\n"
            "pull request has the label `accept-regression` and its description a line\n"
            "`Accepted regression: <reason>`.\n\n"
            "example:  bench-models ci-verdict shards"
        ),
    ),
    Command(
        name="ci-comment",
        run=ci.comment,
        arguments=(),
        summary="for workflows: post or update the comment on a pull request whose check has ended",
        details=(
            "On a `workflow_run` event: find the pull request and the report of the finished check by GitHub's API,\n"
            "and post one comment, or update the one that is there. The report is taken for a stranger's: bounded,\n"
            "held against its schema, and shown as code. Status 2, and nothing posted, where anything is wrong.\n\n"
            "example:  bench-models ci-comment"
        ),
    ),
    Command(
        name="ci-fetch",
        run=publishing.fetch,
        arguments=(),
        summary="for workflows: bring the results branch into this clone's .asv",
        details=(
            "Bring asv's results, the verdicts of checks and accepted regressions from the branch `results` of\n"
            "origin. What is damaged, or of a machine that nobody described, is named and moved to .asv/aside.\n\n"
            "example:  bench-models ci-fetch && asv publish"
        ),
    ),
    Command(
        name="ci-history",
        run=publishing.history,
        arguments=(arguments.at_most,),
        summary="for workflows: let asv measure the newest commits that have no results",
        details=(
            "Run asv for the commits of asv.conf.json's branches that have no results on any machine yet, the newest\n"
            "first. Where there are no results at all, for the newest commit only. A machine that asv does not know\n"
            "is named by its processor. Status 2 if a benchmark failed; the others are kept.\n\n"
            "example:  bench-models ci-history --at-most 4"
        ),
    ),
    Command(
        name="ci-accepted",
        run=publishing.accepted,
        arguments=(),
        summary="for workflows: note which regressions were accepted, and why",
        details=(
            "Ask GitHub for the pull requests of the newest commits, and note those that have the label\n"
            "`accept-regression` and a line `Accepted regression: <reason>`, in .asv/accepted.json. `ci-keep` pushes\n"
            "it.\n\nexample:  bench-models ci-accepted && bench-models ci-keep"
        ),
    ),
    Command(
        name="ci-steps",
        run=publishing.steps,
        arguments=(arguments.newest,),
        summary="for workflows: open an issue when the history shows a step up, or add to the open one",
        details=(
            "Look at each benchmark's history on each machine. A step up that has lasted for three measured commits\n"
            "and is larger than asv.conf.json's threshold and than noise is told once, in an issue with the label\n"
            "`performance-step`. Accepted regressions are left out. Nothing is closed.\n\n"
            "example:  bench-models ci-steps --newest 200"
        ),
    ),
    Command(
        name="ci-false-alarms",
        run=publishing.false_alarms,
        arguments=(arguments.folders, arguments.replaying),
        summary="for workflows: note how often checks of an unchanged tree were red on this machine",
        details=(
            "Judge the records of `bench-models record`, replay them, and write the figures to .asv/aa, from where\n"
            "`ci-keep` pushes them. Status 1 if more are red than the error budget allows, beyond chance.\n\n"
            "example:  bench-models ci-false-alarms results/record/* --times 1000"
        ),
    ),
    Command(
        name="ci-hub",
        run=publishing.hub,
        arguments=(arguments.suite,),
        summary="for workflows: score a suite of the model hub, and say what is skipped, and why",
        details=(
            "Score each variant that can be had without hours of training, and add a table to the summary of the job.\n"
            "Status 2 if a variant failed; to be skipped is no failure.\n\n"
            "example:  bench-models ci-hub sst2-bert"
        ),
    ),
    Command(
        name="ci-keep-check",
        run=publishing.keep_check,
        arguments=(),
        summary="for workflows: keep the verdict of a finished check on the results branch",
        details=(
            "On a `workflow_run` event: take the report of the finished check as `ci-comment` does, and push it to\n"
            "the branch `results` of origin, for the history to show. Status 2, and nothing pushed, where anything is\n"
            "wrong with it.\n\nexample:  bench-models ci-keep-check"
        ),
    ),
    Command(
        name="ci-keep",
        run=publishing.keep,
        arguments=(arguments.message,),
        summary="for workflows: push what is new in this clone's .asv to the results branch",
        details=(
            "Push new results to the branch `results` of origin, which is created when it is not there. When another\n"
            "push comes first, both are joined and it is tried again: nothing is lost. With GITHUB_TOKEN set, git\n"
            "logs in with it.\n\nexample:  bench-models ci-keep --message 'Keep run 12'"
        ),
    ),
)
