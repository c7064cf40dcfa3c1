"""The page: each published table beside what was found here."""

from collections.abc import Sequence

from bench_models.machine import Machine
from bench_models.metrics.latency import THREADS
from bench_models.reproduction.cells import Cell, cells
from bench_models.reproduction.latencies import TOKENS
from bench_models.reproduction.measuring import Reproduced
from bench_models.reproduction.prose import item, paragraph
from bench_models.reproduction.section import section
from bench_models.stats.proportions import LEVEL


def markdown(found: Sequence[Reproduced], machine: Machine, versions: dict[str, str], calls: int) -> str:
    """Return the page as Markdown."""
    parts = [
        "# Published tables, reproduced",
        paragraph(_summary(found)),
        f"Written by:\n\n    bench-models reproduce --calls {calls}",
        *(section(each) for each in found),
        "## How it was measured",
        _origin(machine, versions, calls),
    ]
    return "\n\n".join(parts) + "\n"


def unequal(found: Sequence[Reproduced]) -> list[Cell]:
    """Return the figures that should follow from the architecture, and differ in a printed digit."""
    return [cell for each in found for cell in cells(each.table, each.sizes) if not cell.equal]


def _summary(found: Sequence[Reproduced]) -> str:
    total = sum(len(cells(each.table, each.sizes)) for each in found)
    different = unequal(found)
    equal = total - len(different)
    folders = [f"table {each.table.letter}" for each in found if each.table.counted == "saved folder"]
    assumed = (
        f" The sizes of {' and '.join(folders)} hang on which files a folder had, as said there." if folders else ""
    )
    named = "; ".join(
        f"{cell.figure} of {cell.row}: {cell.published} published, {cell.ours} here" for cell in different
    )
    return (
        f"**Of {total} published parameter counts, sizes and size reductions {equal} are equal to what is counted here "
        f"in every printed digit{f'; not equal: {named}' if named else ''}.** They are counted on models with random "
        f"weights, to which the steps of this project were applied.{assumed} What the authors call MB is MiB (2^20 "
        "bytes). Speed-ups are measured on one device, all rows of a table in turn. An accuracy for which no weights "
        "could be had is named as not measured."
    )


def _origin(machine: Machine, versions: dict[str, str], calls: int) -> str:
    lines = [
        f"A latency is the median of {calls} calls with one sentence of {TOKENS} tokens, in eager PyTorch on "
        f"the CPU, with {THREADS} thread.",
        "A speed-up is the median over the rounds of the baseline's time divided by the variant's, with a "
        f"{LEVEL:.0%} interval by order statistics. It covers this run on this machine; other CPUs have "
        "other kernels. A published one that was not printed is the ratio of the printed latencies.",
        "An accuracy is over the whole test split, with Wilson's interval.",
        f"Machine: {machine.cpu}, {machine.cores} cores, {machine.system}, {' '.join(machine.cpu_flags)}.",
        f"Python {machine.python}, {', '.join(f'{name} {version}' for name, version in versions.items())}.",
    ]
    return "\n".join(item(line) for line in lines)
