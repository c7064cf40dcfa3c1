"""What each command does to a suite; each imports what it needs, so that the command line answers at once."""

import argparse
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from bench_models import suites
from bench_models.errors import BenchModelsError
from bench_models.machine import return_freed_memory

if TYPE_CHECKING:
    from bench_models.build import Builder
    from bench_models.report.document import Report
    from bench_models.suites.suite import Suite


def list_(options: argparse.Namespace) -> int:
    """Show a suite."""
    from bench_models.report.markdown import catalogue

    sys.stdout.write(catalogue(suites.load(options.suite)))
    return 0


def build(options: argparse.Namespace) -> int:
    """Train what is missing."""
    suite = suites.load(options.suite)
    builder = _builder(suite)
    for variant in [suite[name].name for name in options.variants or suite.names]:
        builder.train(variant)
        return_freed_memory()  # of this row, before the next one needs its own
    return 0


def run(options: argparse.Namespace) -> int:
    """Do the main job."""
    from bench_models.job import run as job

    return job(_asked(options), options.suite)


def report(options: argparse.Namespace) -> int:
    """Show the results of the checked-out commit again."""
    from bench_models.checkout import checkout_here
    from bench_models.report.write import write_report

    return write_report(_builder(_asked(options)), checkout_here())


def figure(options: argparse.Namespace) -> int:
    """Draw a kept report again."""
    from bench_models.report.document import read
    from bench_models.report.figure.render import write_figure

    for path in write_figure(read(options.report).summary, options.output):
        sys.stdout.write(f"{path}\n")
    return 0


def recommend(options: argparse.Namespace) -> int:
    """Say which variant to ship."""
    from bench_models.checkout import checkout_here
    from bench_models.report.document import read
    from bench_models.report.recommendation_text import recommended
    from bench_models.report.results import results_of

    if options.report:
        report = read(options.report)
        _require_of(report, options)
    else:
        report = results_of(_builder(suites.load(options.suite or suites.DEFAULT)), checkout_here())
    sys.stdout.write(recommended(report, options.priority, options.accuracy_tolerance))
    return 0


def _require_of(report: "Report", options: argparse.Namespace) -> None:
    """Refuse a suite that the given report is not of."""
    if options.suite and suites.load(options.suite).name != report.suite:
        raise BenchModelsError(
            f"{options.report} is a report of {report.suite}, and not of {options.suite}: leave the suite out, or give "
            "the report of that one"
        )


def export(options: argparse.Namespace) -> int:
    """Write a variant for deployment."""
    from bench_models.export.export import export_variant

    builder = _builder(suites.load(options.suite))
    export_variant(builder, options.variant, options.format, options.output, despite_budget=options.despite_budget)
    return 0


def site(options: argparse.Namespace) -> int:
    """Publish the history as a site."""
    from bench_models.site.building import build as built

    return built(options.config, options.output)


def _asked(options: argparse.Namespace) -> "Suite":
    """Return the suite with the rows that are asked for, and as strict as it is or as it is asked to be."""
    suite = suites.load(options.suite).only(options.variants)
    return replace(suite, strict=suite.strict or options.strict)


def _builder(suite: "Suite") -> "Builder":
    from bench_models.build import Builder
    from bench_models.storage import Store

    return Builder(suite=suite, store=Store.default())
