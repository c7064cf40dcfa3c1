"""All commands, in the order in which people meet them."""

from bench_models.cli import arguments, checks, commands, workflow_contents
from bench_models.cli.command import Command

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
        arguments=(arguments.suite, arguments.variants, arguments.strict_budgets),
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
        arguments=(arguments.suite, arguments.variants, arguments.strict_budgets),
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
        arguments=(arguments.recommending,),
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
        name="check",
        run=checks.check,
        arguments=(
            arguments.commits,
            arguments.measuring,
            arguments.output("results/check"),
            arguments.strict,
        ),
        summary="judge a change: two commits side by side, one verdict (what `tox -e check` runs)",
        details=(
            "The pull-request check: measure BASE and HEAD side by side on this machine, decide what became of each\n"
            "benchmark, and say so. Works in any repository with an asv suite.\n\n"
            "exit status:  0 pass   1 regressed or lost   2 something was not measured   3 undecided, with --strict\n\n"
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
        arguments=(arguments.recorded, arguments.measuring, arguments.output("results/record")),
        summary="check what is known not to matter: how often does this machine raise a false alarm?",
        details=(
            "Check a commit against itself, or against a HEAD that is known to do the same: dead code, renamed\n"
            "locals, functions in another order. Each check takes all pairs that a check may take, also of what is\n"
            "decided, keeps them for `replay`, and is judged as it would have been. Status 1 if one was red.\n\n"
            "example:  bench-models record --times 12\n"
            "          bench-models record main my-tidying --times 3"
        ),
    ),
    Command(
        name="replay",
        run=checks.replay,
        arguments=(arguments.folders, arguments.replaying),
        summary="swap the sides of recorded rounds and judge again: the error of the check on this machine",
        details=(
            "Of each record of a commit against itself, swap the sides of each round at random, as often as asked,\n"
            "and judge that as a check would: every red one is a false alarm. The interval is over records, so make\n"
            "them at different hours and on different machines.\n\n"
            "example:  bench-models replay results/record/* --slowdown 3 --slowdown 5"
        ),
    ),
    *workflow_contents.COMMANDS,
)
