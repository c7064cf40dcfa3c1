"""The commands about the variants of a suite; each imports what it needs when it runs, so that help is immediate."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench_models.cli import options
from bench_models.errors import BenchModelsError

if TYPE_CHECKING:
    from bench_models.build import Builder
    from bench_models.report.document import Report
    from bench_models.suites.suite import Suite


@click.command(name="list", epilog="Example: bench-models list rotten-tomatoes")
@options.suite
def list_(*, suite: str) -> None:
    """Show the variants of a suite: start, steps and budget.

    Downloads and builds nothing.
    """
    from bench_models.report.markdown import catalogue

    sys.stdout.write(catalogue(_load(suite)))


@click.command(epilog="Example: bench-models run rotten-tomatoes int8-dynamic pruned30")
@options.suite
@options.variants("those that need no training of their own")
@options.all_rows
@click.option("--retime", is_flag=True, help="Take all times anew, also those that were taken under these conditions.")
@options.strict_budgets
def run(*, suite: str, variants: tuple[str, ...], everything: bool, retime: bool, strict: bool) -> int:
    """Build, measure, judge and report a suite: the main job.

    In a clone without uncommitted changes: build variants and score them (what was built or scored before is reused),
    time them, enforce the budgets with pytest, and write the report to results/. Without names, these are the baseline
    and the rows that it becomes without another training, in the runtimes that are installed and without 16-bit types
    that this CPU emulates; names add others, and --all every row. Times are reused where the commit, the installed
    libraries, the environment and the machine are those that they were taken with. Ctrl-C leaves a report of what there
    is.
    """
    from bench_models.job import run as job
    from bench_models.metrics.scoring import measured_unasked

    loaded = _load(suite)
    names = _asked(loaded, variants, everything=everything) or measured_unasked(loaded)
    return job(_only(loaded, names, strict=strict), suite, loaded, retime=retime)


@click.command(epilog="Example: bench-models build rotten-tomatoes pruned30")
@options.suite
@options.variants("all, those included that `run` leaves out unless asked")
def build(*, suite: str, variants: tuple[str, ...]) -> None:
    """Train what is not in the store yet.

    Of every row, or of those named. Afterwards the store has the outcome of every trained step; quick steps (casting,
    pruning, quantizing) are redone whenever a variant is loaded. Two builds at once share the work: one trains, the
    other waits.
    """
    from bench_models.machine import return_freed_memory

    loaded = _load(suite)
    builder = _builder(loaded)
    for variant in _known(loaded, variants) or loaded.names:
        builder.train(variant)
        return_freed_memory()  # of this row, before the next one needs its own


@click.command(epilog="Example: bench-models report")
@options.suite
@options.variants("those that were measured at this commit")
@options.all_rows
@options.strict_budgets
def report(*, suite: str, variants: tuple[str, ...], everything: bool, strict: bool) -> int:
    """Show and write the report of the checked-out commit again.

    Reads the stored results of the commit, prints them as Markdown and writes them to results/ as Markdown, JSON and
    figure. Measures nothing.
    """
    from bench_models.checkout import checkout_here
    from bench_models.report.results import asked_of_asv, results_of, write_report

    loaded, checkout = _load(suite), checkout_here()
    names = _asked(loaded, variants, everything=everything) or asked_of_asv(loaded, checkout)
    return write_report(results_of(_builder(_only(loaded, names, strict=strict)), checkout), checkout.root)


@click.command(epilog="Example: bench-models figure results/rotten-tomatoes.json --output figures")
@click.argument(
    "report",
    type=options.PATH,
    default=Path("results/rotten-tomatoes.json"),
    metavar="[REPORT.json]",
    help="A stored report; default: results/rotten-tomatoes.json",
)
@click.option("--output", type=options.PATH, default=Path("results"), metavar="DIR", help="The folder for the files.")
def figure(*, report: Path, output: Path) -> None:
    """Draw the figure of a stored report again.

    Shows latency, accuracy, size and the trade-off of the variants, as SVG and PNG, light and dark. Measures nothing;
    the same report gives the same bytes.
    """
    from bench_models.report.document import read
    from bench_models.report.figure.render import write_figure

    for path in write_figure(read(report).summary, output):
        sys.stdout.write(f"{path}\n")


@click.command(epilog="Example: bench-models recommend --priority speed --accuracy-tolerance 1.5")
@options.suite_of_report
@click.option(
    "--priority",
    default="balanced",
    metavar="speed|accuracy|size|balanced",
    help="What counts most; balanced is the geometric mean of speed-up and size ratio.",
)
@click.option(
    "--accuracy-tolerance",
    type=float,
    default=1.0,
    metavar="POINTS",
    help="How many percentage points of accuracy may be lost, the whole interval counted.",
)
@click.option(
    "--report",
    type=options.PATH,
    metavar="FILE.json",
    help="A stored report, instead of the results of the checked-out commit.",
)
def recommend(*, suite: str | None, priority: str, accuracy_tolerance: float, report: Path | None) -> None:
    """Say which variant to ship, and why not another.

    Chooses the best variant whose accuracy drop stays within the tolerance with its whole interval. Variants that
    cannot be told apart by the priority are tied: speed is then decided by size and accuracy, accuracy by speed and
    size, size by accuracy and speed, balanced by accuracy and size. The baseline takes part, and is the answer where
    nothing is better. Status 2 when no variant keeps the tolerance.
    """
    from bench_models.checkout import checkout_here
    from bench_models.report.document import read
    from bench_models.report.recommendation_text import recommended
    from bench_models.report.results import results_of

    if report:
        found = read(report)
        _require_of(found, report, suite)
    else:
        found = results_of(_builder(_load(suite or options.default_suite())), checkout_here())
    sys.stdout.write(recommended(found, priority, accuracy_tolerance))


def _require_of(found: "Report", file: Path, suite: str | None) -> None:
    """Refuse a suite that the given report is not of."""
    if suite and _load(suite).name != found.suite:
        raise BenchModelsError(
            f"{file} is a report of {found.suite}, and not of {suite}: leave the suite out, or give the report of that "
            "one"
        )


@click.command(epilog="Example: bench-models export student3 --format onnx --output student3-onnx")
@click.argument("variant", help="A row of the suite")
@click.option(
    "--format",
    "kind",
    required=True,
    type=click.Choice(["torch-export", "torchscript", "onnx", "openvino", "aot-inductor", "executorch"]),
    help="The kind of file that the model becomes.",
)
@click.option("--output", required=True, type=options.PATH, metavar="DIR", help="A folder that is new or empty.")
@click.option(
    "--despite-budget", is_flag=True, help="Export a variant that breaks its budget, too; its model card says so."
)
@options.suite_option
def export(*, variant: str, kind: str, output: Path, despite_budget: bool, suite: str) -> None:
    """Write a variant as a file that loads without this package.

    With its configuration, its tokenizer and a model card that says what was measured and how to load it. The file is
    loaded again first: it must answer as the variant does, and keep its accuracy. A variant that breaks its budget is
    refused, unless --despite-budget is given.
    """
    from bench_models.export.export import export_variant

    loaded = _load(suite)
    _known(loaded, [variant])
    export_variant(_builder(loaded), variant, kind, output, despite_budget=despite_budget)


@click.command(epilog="Example: bench-models site")
@options.config
@click.option(
    "--output", type=options.PATH, metavar="DIR", show_default="asv's html_dir", help="The folder for the site."
)
def site(*, config: Path, output: Path | None) -> int:
    """Publish the history: asv's site, with variants and verdicts.

    Writes what `asv publish` writes, and beside it the current table, the history of each variant with its
    regressions, and the verdicts of recent checks; all of it can be read without a network. Works in any project with
    an asv suite. Without results it says how to make them.
    """
    from bench_models.site.build import build as built

    return built(config, output)


def _load(name: str) -> "Suite":
    from bench_models import suites

    with options.suggesting(lambda: list(suites.BUILT_IN), name):
        return suites.load(name)


def _known(suite: "Suite", names: Sequence[str]) -> Sequence[str]:
    """Return these names of rows, or raise the suite's error with the nearest name."""
    for name in names:
        with options.suggesting(lambda: suite.names, name):
            suite[name]
    return names


def _asked(suite: "Suite", names: Sequence[str], *, everything: bool) -> Sequence[str]:
    """Return the names of the rows that the user asks for; none where nothing is said of rows."""
    if everything and names:
        raise BenchModelsError(f"--all is every row, {' and '.join(names)} included: give names of rows or --all")
    return suite.names if everything else _known(suite, names)


def _only(suite: "Suite", names: Sequence[str], *, strict: bool) -> "Suite":
    """Return a suite with these rows, strict where the suite or the user says so."""
    return replace(suite.only(names), strict=suite.strict or strict)


def _builder(suite: "Suite") -> "Builder":
    from bench_models.build import Builder
    from bench_models.storage import Store

    return Builder(suite=suite, store=Store.default())
