"""Lists a suite's rows for people, before anything is built."""

from tabulate import tabulate

from bench_models.suites.suite import Suite, Variant


def catalogue(suite: Suite) -> str:
    """Return the suite's table as text."""
    table = tabulate([_cells(variant) for variant in suite.variants], headers=_HEADERS, tablefmt="simple")
    return f"{suite.name}\n\n{table}\n"


_HEADERS = ("variant", "starts from", "steps", "largest accuracy drop", "smallest size reduction", "smallest agreement")


def _cells(variant: Variant) -> tuple[str, ...]:
    budget = variant.budget
    return (
        variant.name,
        variant.starts_from or "the checkpoint",
        ", ".join(str(step) for step in variant.steps) or "none",
        f"{budget.max_accuracy_drop_points:.2f} points" if budget else "",
        f"{budget.min_size_reduction_pct:.1f} %" if budget else "",
        f"{budget.min_agreement_pct:.1f} %" if budget and budget.min_agreement_pct is not None else "",
    )
