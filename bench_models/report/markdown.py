"""The Markdown report: one sentence, the table, problems, and the machine."""

from tabulate import tabulate

from bench_models.budgets import CONFIDENCE
from bench_models.machine import Machine
from bench_models.metrics import ACCURACY, AGREEMENT, PARAMETERS, SIZE, SPARSITY
from bench_models.metrics.latency import OFFLINE_SENTENCES, THREADS
from bench_models.report.rows import Quality, Row
from bench_models.stats import rounds
from bench_models.stats.estimate import Estimate
from bench_models.units import show_ms

_MISSING = "-"
_LEFT, _RIGHT = "left", "right"

_COLUMNS = {
    "variant": _LEFT,
    "parameters": _RIGHT,
    "size": _RIGHT,
    "size reduction": _RIGHT,
    "sparsity": _RIGHT,
    "latency (interval)": _RIGHT,
    "speed-up (interval)": _RIGHT,
    "offline": _RIGHT,
    "accuracy (interval)": _RIGHT,
    "accuracy drop": _RIGHT,
    "agreement": _RIGHT,
    "budget": _LEFT,
}


def markdown(suite: str, commit: str, rows: tuple[Row, ...], machine: Machine, versions: dict[str, str]) -> str:
    """Return the whole report as Markdown."""
    table = tabulate(
        [_cells(row) for row in rows], headers=list(_COLUMNS), tablefmt="pipe", colalign=tuple(_COLUMNS.values())
    )
    parts = [f"# {suite} at {commit[:8]}", headline(rows), table, _troubles(rows), _legend(rows, machine, versions)]
    return "\n\n".join(part for part in parts if part) + "\n"


def headline(rows: tuple[Row, ...]) -> str:
    """Return the verdict on the whole suite, as one sentence that names what to look at."""
    unmeasured = [row.name for row in rows if row.standing == "not measured"]
    broken = [row.name for row in rows if row.standing == "broken"]
    kept = sum(row.standing == "kept" for row in rows)
    undecided = [row.name for row in rows if row.standing == "open"]
    parts = [f"**{', '.join(broken)} {_break(broken)}.**" if broken else ""]
    parts.append(f"**{', '.join(unmeasured)} could not be measured.**" if unmeasured else "")
    judged = sum(row.standing != "baseline" for row in rows[1:])
    is_open = f", {len(undecided)} {_be(undecided)} open: {', '.join(undecided)}" if undecided else ""
    parts.append(f"{kept} of {judged} budgets are kept{is_open}.")
    return " ".join(part for part in parts if part)


def _break(broken: list[str]) -> str:
    return "breaks its budget" if len(broken) == 1 else "break their budgets"


def _be(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _cells(row: Row) -> list[str]:
    return [
        row.name,
        *_quality_cells(row.quality),
        _time(row.single_stream_s),
        _speed_up(row.speed_up),
        show_ms(row.offline_s.value) if row.offline_s else _MISSING,
        *_accuracy_cells(row.quality),
        _budget(row),
    ]


def _quality_cells(quality: Quality | None) -> list[str]:
    if quality is None:
        return [_MISSING] * 4
    reduction = quality.size_reduction_pct
    return [
        PARAMETERS.show(quality.card.parameters),
        SIZE.show(quality.card.size_bytes),
        _MISSING if reduction is None else f"{reduction:.1f} %",
        SPARSITY.show(quality.card.sparsity),
    ]


def _accuracy_cells(quality: Quality | None) -> list[str]:
    if quality is None:
        return [_MISSING] * 3
    accuracy, drop = quality.accuracy, quality.accuracy_drop_points
    return [
        f"{ACCURACY.show(accuracy.value)} ({accuracy.scaled(100).ends('.1f')})",
        _MISSING if drop is None else f"{drop.value:.2f} points",
        _MISSING if quality.agreement is None else AGREEMENT.show(quality.agreement.value),
    ]


def _time(estimate: Estimate | None) -> str:
    if estimate is None:
        return _MISSING
    point, low, high = (show_ms(seconds) for seconds in (estimate.value, estimate.low, estimate.high))
    return f"{point} ({low.removesuffix(' ms')} to {high.removesuffix(' ms')})"


def _speed_up(estimate: Estimate | None) -> str:
    if estimate is None:
        return _MISSING
    interval = "" if estimate.exact else f" ({estimate.ends('.2f')})"
    return f"{estimate.value:.2f} x{interval}"


def _budget(row: Row) -> str:
    named = [line.figure for line in row.budget_lines if line.status == row.standing != "kept"]
    return f"{row.standing}: {', '.join(named)}" if named else row.standing


def _troubles(rows: tuple[Row, ...]) -> str:
    """List every budget that is broken or open, and every error, in full."""
    lines = [line.sentence(row.name) for row in rows for line in row.budget_lines if line.status != "kept"]
    lines += [f"{row.name} was not measured: {error}" for row in rows for error in row.errors]
    return "\n".join(f"* {line}" for line in lines)


def _legend(rows: tuple[Row, ...], machine: Machine, versions: dict[str, str]) -> str:
    naive = [
        f"{row.name} {SIZE.show(row.quality.card.naive_size_bytes)}"
        for row in rows
        if row.quality and row.quality.card.naive_size_bytes < 0.9 * row.quality.card.size_bytes
    ]
    card = next((row.quality.card for row in rows if row.quality), None)
    sentences, elsewhere = (len(card.truth), len(card.elsewhere)) if card else (0, 0)
    lines = [
        f"Latency is single-stream: one sentence of median length, {THREADS} thread; {_interval_words(rows)}.",
        f"Offline is the time per sentence in a batch of {OFFLINE_SENTENCES} (or the whole test split, if smaller).",
        f"Accuracy is over the whole test split of {sentences:,} sentences, with its 95 % interval; they are answered "
        f"as they are served, one sentence a call, {THREADS} thread.",
        f"Agreement is the share of equal answers with the baseline over those and {elsewhere:,} unlabelled sentences "
        "of other domains.",
        f"A budget is kept or broken where the sentences show it with {CONFIDENCE:.0%} confidence, and open otherwise.",
        "Size is the serialized artifact in MiB (2^20 bytes), packed weights included.",
        f"Counting parameters and buffers alone would say: {', '.join(naive)}." if naive else "",
        f"Machine: {machine.cpu}, {machine.cores} cores, {machine.system}, {' '.join(machine.cpu_flags)}.",
        f"Python {machine.python}, {', '.join(f'{name} {version}' for name, version in versions.items())}.",
    ]
    return "\n".join(f"* {line}" for line in lines if line)


def _interval_words(rows: tuple[Row, ...]) -> str:
    """Say what the intervals of latency and speed-up cover."""
    latency = next((row.single_stream_s for row in rows if row.single_stream_s), None)
    if latency is None:
        return "it could not be measured"
    if latency.level != rounds.LEVEL:
        return f"the median of all calls, with a {latency.level:.0%} interval that covers this run's calls alone"
    return (
        f"the mean of fresh processes, with the {latency.level:.0%} interval that covers others. Speed-up is the mean "
        "over pairs of fresh processes, the baseline's and the variant's, which took turns on one core, with the "
        f"{rounds.LEVEL:.0%} interval that covers other pairs"
    )
