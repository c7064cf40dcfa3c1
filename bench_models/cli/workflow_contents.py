"""The commands that steps of workflows run, in the order that a pull request and then the history meet them."""

from bench_models.cli import arguments, ci, publishing
from bench_models.cli.command import Command

COMMANDS = (
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
            arguments.again,
        ),
        summary="for workflows: measure a shard and leave the verdict to `ci-verdict`",
        details=(
            "As `check`, but with status 0 whenever there is a record to judge. The output `complete` is `true` where\n"
            "it was measured to its end just now: only then is it worth keeping for `--again`.\n\n"
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
            "`ci-keep` pushes them. Status 1 if the nights there, which `ci-fetch` brings, have had red checks more\n"
            "often than the error budget allows: a red night adds 10 points, a calm one takes 1 away, and 30 ring.\n\n"
            "example:  bench-models ci-false-alarms results/record/* --times 1000"
        ),
    ),
    Command(
        name="ci-hub",
        run=publishing.hub,
        arguments=(arguments.named_suite,),
        summary="for workflows: score a suite of the model hub, and say what is skipped, and why",
        details=(
            "Score each variant that can be had without hours of training, and add a table to the summary of the job.\n"
            "Status 2 if a variant failed; to be skipped is no failure.\n\n"
            "example:  bench-models ci-hub sst2-bert"
        ),
    ),
    Command(
        name="ci-merged",
        run=publishing.merged,
        arguments=(),
        summary="for workflows: note the verdicts of checks whose pull requests were merged",
        details=(
            "Ask GitHub which pull requests brought the newest commits, and for the report of the check that each had\n"
            "before its merge. Its figures, and none of its texts, are written to .asv/checks; `ci-keep` pushes them.\n"
            "What is wrong with one is said in a sentence, and the others are kept.\n\n"
            "example:  bench-models ci-merged && bench-models ci-keep"
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
