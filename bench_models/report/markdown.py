"""The tables of a suite: its report in Markdown, its rows before they are built, and what was scored of a hub's."""

from collections.abc import Callable, Mapping, Sequence

from tabulate import tabulate

from bench_models.metrics import (
    ACCURACY,
    AGREEMENT,
    INT8_SHARE,
    LOGIT_DIFFERENCE,
    PARAMETERS,
    RUNTIME_AGREEMENT,
    SIZE,
    SPARSITY,
    SPEED_UP,
)
from bench_models.metrics.budgets import CONFIDENCE
from bench_models.metrics.scenarios import OFFLINE_SENTENCES
from bench_models.metrics.scorecard import Scorecard
from bench_models.outcomes import Measured, Outcome, reason_of
from bench_models.report.document import Report, VariantReport
from bench_models.report.leaderboard import leaderboard
from bench_models.runtimes.eager import Eager
from bench_models.runtimes.session import THREADS
from bench_models.stats.estimate import Estimate
from bench_models.stats.timing import LEVEL
from bench_models.suites.suite import Suite, Variant
from bench_models.text import code, listed, show_ms, show_points, with_interval

_LEFT = ("variant", "budget")
_COLUMNS = (
    "variant",
    "parameters",
    "size",
    "size reduction",
    "sparsity",
    "latency (interval)",
    "speed-up (interval)",
    "offline",
    "accuracy (interval)",
    "accuracy drop",
    "agreement",
    "budget",
)
_OF_SUITE = (
    "variant",
    "starts from",
    "steps",
    "runtime",
    "largest accuracy drop",
    "smallest size reduction",
    "smallest agreement",
)
_WIDTHS = [60, 60, 40, 20, 12, 9, 9]  # of the columns above, in a terminal
_OF_SCORES = (PARAMETERS, SIZE, ACCURACY)
# Of a row's kernels.
_KERNELS_NAMED = 8


def markdown(report: Report) -> str:
    """Return the whole report."""
    aligned = tuple("left" if name in _LEFT else "right" for name in _COLUMNS)
    table = tabulate([_cells(each) for each in report.variants], headers=_COLUMNS, tablefmt="pipe", colalign=aligned)
    parts = [
        f"# {report.suite} at {report.commit[:8]}",
        headline(report.variants),
        leaderboard(report),
        table,
        _troubles(report.variants),
        _kernels(report.variants),
        _legend(report),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def catalogue(suite: Suite) -> str:
    """Return a suite's table as text, for people who have built nothing yet."""
    rows = [_row(variant) for variant in suite.variants]
    table = tabulate(rows, headers=_OF_SUITE, tablefmt="simple", maxcolwidths=_WIDTHS, maxheadercolwidths=_WIDTHS)
    return f"{suite.name}\n\n{table}\n"


def scores_table(suite: str, found: Mapping[str, Outcome[Scorecard]]) -> str:
    """Return the figures of each variant in Markdown, or why it was skipped or failed."""
    measured = sum(isinstance(outcome, Measured) for outcome in found.values())
    names = " | ".join(figure.name for figure in _OF_SCORES)
    head = f"| variant | outcome | {names} | why |\n| --- | --- | --: | --: | --: | --- |"
    rows = "\n".join(f"| {code(name)} | {_scores(outcome)} |" for name, outcome in found.items())
    return f"**{suite}: {measured} of {len(found)} variants were measured.**\n\n{head}\n{rows}\n"


def headline(variants: Sequence[VariantReport]) -> str:
    """Return the verdict on the whole suite, as one sentence that names what to look at."""
    unmeasured, broken, undecided, kept = (
        [each.name for each in variants if each.standing == standing]
        for standing in ("not measured", "broken", "open", "kept")
    )
    parts = []
    if broken:
        parts.append(f"**{', '.join(broken)} {'breaks its budget' if len(broken) == 1 else 'break their budgets'}.**")
    if unmeasured:
        parts.append(f"**{', '.join(unmeasured)} {'was' if len(unmeasured) == 1 else 'were'} not measured.**")
    judged = len(kept) + len(undecided) + len(broken)
    are = "is" if len(undecided) == 1 else "are"
    is_open = f", {len(undecided)} {are} open: {', '.join(undecided)}" if undecided else ""
    parts.append(f"{len(kept)} of {judged} budgets are kept{is_open}.")
    return " ".join(parts)


def _scores(outcome: Outcome[Scorecard]) -> str:
    if isinstance(outcome, Measured):
        return f"measured | {' | '.join(figure.show(figure.of(outcome.value)) for figure in _OF_SCORES)} | -"
    return f"{type(outcome).__name__.lower()} | - | - | - | {code(reason_of(outcome))}"


def _cells(variant: VariantReport) -> list[str]:
    return [
        variant.name,
        shown(variant.parameters_count, PARAMETERS.show),
        shown(variant.size_bytes, SIZE.show),
        shown(variant.size_reduction_pct, "{:.1f} %".format),
        shown(variant.sparsity_share, SPARSITY.show),
        shown(variant.latency_single_stream_s, show_ms),
        shown(variant.speed_up_single_stream_ratio, SPEED_UP.show),
        shown(_point(variant.latency_offline_s_per_sentence), show_ms),
        shown(variant.accuracy_share, ACCURACY.show),
        shown(_point(variant.accuracy_drop_points), show_points),
        shown(_point(variant.agreement_share), AGREEMENT.show),
        _budget(variant),
    ]


def shown(figure: Estimate | float | None, show: Callable[[float], str], missing: str = "-") -> str:
    """Return a figure in words, with its interval where it has one."""
    if isinstance(figure, Estimate):
        return with_interval(figure, show)
    return missing if figure is None else show(figure)


def _point(estimate: Estimate | None) -> float | None:
    return estimate.value if estimate else None


def _budget(variant: VariantReport) -> str:
    named = [line.figure for line in variant.budgets if line.status == variant.standing != "kept"]
    return f"{variant.standing}: {', '.join(named)}" if named else variant.standing


def _troubles(variants: Sequence[VariantReport]) -> str:
    """List every budget that is broken or open, and every error, in full."""
    lines = [line.sentence(each.name) for each in variants for line in each.budgets if line.status != "kept"]
    lines += [f"{each.name} was not measured: {error}" for each in variants for error in each.errors]
    return "\n".join(f"* {line}" for line in lines)


def _kernels(variants: Sequence[VariantReport]) -> str:
    """Return a table of what rows ran for one sentence, the most frequent kernels first."""
    rows = [
        (
            each.name,
            shown(each.int8_share, INT8_SHARE.show),
            sum(each.kernels.values()),
            _most_frequent(each.kernels),
        )
        for each in variants
        if each.kernels
    ]
    heads = ("variant", "products in INT8", "kernels", "which")
    return tabulate(rows, headers=heads, tablefmt="pipe", colalign=("left", "right", "right", "left")) if rows else ""


def _most_frequent(kernels: Mapping[str, int]) -> str:
    """Return the kernels that ran most often, and how many others there were."""
    first = sorted(kernels.items(), key=lambda item: -item[1])[:_KERNELS_NAMED]
    others = sum(kernels.values()) - sum(count for _, count in first)
    return ", ".join([f"{count} {name}" for name, count in first] + ([f"{others} others"] if others else []))


def _legend(report: Report) -> str:
    naive = [
        f"{each.name} {SIZE.show(each.naive_size_bytes)}"
        for each in report.variants
        if each.size_bytes and each.naive_size_bytes is not None and each.naive_size_bytes < 0.9 * each.size_bytes
    ]
    sentences = report.summary.sentences or 0
    asked = next((each.agreement_sentences_count for each in report.variants if each.agreement_sentences_count), 0)
    machine, versions = report.machine, ", ".join(f"{name} {version}" for name, version in report.versions.items())
    lines = [
        f"Latency is single-stream: one sentence of median length, {THREADS} thread; {_interval_words(report)}.",
        "Processes that take turns find each other's weights in the caches: by itself a small model can take less.",
        f"Offline is the time per sentence in a batch of {OFFLINE_SENTENCES} (or the whole test split, if smaller).",
        f"Accuracy is over the whole test split of {sentences:,} sentences, with its 95 % interval; they are answered "
        f"as they are served, each as if asked by itself, {THREADS} thread.",
        f"Agreement is the share of equal answers with the baseline over those and {asked - sentences:,} unlabelled "
        "sentences of other domains.",
        *_runtimes(report.variants),
        f"A budget is kept or broken where the sentences show it with {CONFIDENCE:.0%} confidence, and open otherwise.",
        "Size is the serialized artifact in MiB (2^20 bytes), packed weights included.",
        f"Counting parameters and buffers alone would say: {', '.join(naive)}." if naive else "",
        f"Machine: {machine.cpu}, {machine.cores} cores, {machine.system}, {' '.join(machine.cpu_flags)}.",
        f"Python {machine.python}, {versions}.",
    ]
    return "\n".join(f"* {line}" for line in lines if line)


def _runtimes(variants: Sequence[VariantReport]) -> list[str]:
    """Say which rows do not run in eager PyTorch, and how their answers differ from it."""
    rows = [
        f"{each.name} in {each.runtime} ({shown(_point(each.runtime_agreement_share), RUNTIME_AGREEMENT.show)} of the "
        f"test split answered as in eager PyTorch, logits at most "
        f"{shown(each.logit_difference, LOGIT_DIFFERENCE.show)} apart)"
        for each in variants
        if each.runtime and each.runtime_agreement_share is not None
    ]
    return [f"All rows run in eager PyTorch but {listed(rows)}."] if rows else []


def _interval_words(report: Report) -> str:
    """Say what the intervals of latency and speed-up cover."""
    timed = (each.latency_single_stream_s for each in report.variants)
    latency = next((estimate for estimate in timed if estimate), None)
    if latency is None:
        return "it could not be measured"
    if latency.level != LEVEL:
        return f"the median of all calls, with a {latency.level:.0%} interval that covers this run's calls alone"
    return (
        f"the mean of fresh processes, with the {latency.level:.0%} interval that covers others. Speed-up is the mean "
        "over pairs of fresh processes, the baseline's and the variant's, which took turns on one core, with the "
        f"{LEVEL:.0%} interval that covers other pairs"
    )


def _row(variant: Variant) -> tuple[str, ...]:
    budget = variant.budget
    return (
        variant.name,
        variant.starts_from or "the checkpoint",
        ", ".join(str(step) for step in variant.steps) or "none",
        "eager PyTorch" if isinstance(variant.runtime, Eager) else str(variant.runtime),
        show_points(budget.max_accuracy_drop_points) if budget else "",
        f"{budget.min_size_reduction_pct:.1f} %" if budget else "",
        f"{budget.min_agreement_pct:.1f} %" if budget and budget.min_agreement_pct is not None else "",
    )
