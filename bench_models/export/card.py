"""The model card of an exported variant: what it is, what was measured where, and how to load it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from huggingface_hub import EvalResult, ModelCardData
from tabulate import tabulate

from bench_models import __version__
from bench_models.budgets import BudgetLine, worst
from bench_models.export.agreement import BATCHES, Agreement
from bench_models.export.formats import Format
from bench_models.machine import Machine, library_versions
from bench_models.metrics import PARAMETERS, SIZE, SPARSITY
from bench_models.metrics.scorecard import Scorecard
from bench_models.stats.estimate import Estimate
from bench_models.stats.proportions import proportion
from bench_models.suites.suite import Suite
from bench_models.units import show_ms, show_share, show_size

_USE = """\
{loading}

from tokenizers import Tokenizer
import numpy as np

tokenizer = Tokenizer.from_file("tokenizer.json")
tokenizer.enable_truncation({max_tokens})
tokenizer.enable_padding(pad_id={pad_id})

encoded = tokenizer.encode_batch(["A film that shines.", "It drags, and then it drags on."])
input_ids = np.array([each.ids for each in encoded])
attention_mask = np.array([each.attention_mask for each in encoded])
labels = {labels}
print([labels[best] for best in logits(input_ids, attention_mask).argmax(axis=1)])
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a card tells of one export. Latencies are seconds for one sentence of median length, on one thread.

    ``budget_lines`` are the variant's budget, judged; ``commit`` is where it was made, as far as that is known.
    """

    suite: Suite
    variant: str
    format: Format
    labels: tuple[str, ...]
    pad_id: int
    scorecard: Scorecard
    budget_lines: tuple[BudgetLine, ...]
    agreement: Agreement
    file_bytes: int
    latency: Estimate
    eager_latency: Estimate
    machine: Machine
    commit: str | None
    made: date


def card(facts: Facts) -> str:
    """Return the card in Markdown, with the metadata that model hubs read in front."""
    return "\n".join(
        (
            "---",
            _metadata(facts).to_yaml(),
            "---",
            "",
            f"# {facts.suite.name}: {facts.variant}",
            "",
            f"A classifier of {' or '.join(facts.labels)} sentences, as {facts.format.filename} ({facts.format.name}). "
            "It is made by these steps:",
            "",
            *(f"{place}. `{step}`" for place, step in enumerate(_steps(facts), start=1)),
            "",
            "## Measured",
            "",
            tabulate(_figures(facts), headers=("", "this file", "the variant in eager PyTorch"), tablefmt="github"),
            "",
            f"Accuracy is on {len(facts.agreement.correct)} test sentences, with a 95 % interval; latency is the "
            "mean of fresh processes of both kinds, which took turns on one core, for one sentence of median length on "
            "one thread, with a 95 % interval that covers other processes. Batches of "
            f"{' and '.join(map(str, BATCHES))} sentences of {_listed(facts.agreement.lengths)} tokens gave the "
            f"variant's logits to within {facts.agreement.most_apart:.1g}.{_rounding(facts.agreement)}",
            "",
            *_budget(facts),
            "",
            f"Made on {facts.made}{_at(facts.commit)} by bench-models {__version__}.",
            "",
            f"Machine: {facts.machine.cpu} ({', '.join(facts.machine.cpu_flags)}), {facts.machine.cores} cores, "
            f"{facts.machine.system}, Python {facts.machine.python}, {_libraries(facts)}.",
            "",
            "## Use",
            "",
            "```python",
            _USE.format(
                loading=facts.format.loading,
                max_tokens=facts.agreement.lengths[-1],
                pad_id=facts.pad_id,
                labels=list(facts.labels),
            ).rstrip(),
            "```",
            "",
        )
    )


def _rounding(agreement: Agreement) -> str:
    if agreement.own_apart is None:
        return ""
    return (
        " Its activations are rounded, and values between two steps are rounded up by some kernels and down by others: "
        f"the variant itself, with its weights nudged by a 100,000th, is up to {agreement.own_apart:.1g} from itself."
    )


def _listed(lengths: tuple[int, ...]) -> str:
    *others, last = map(str, lengths)
    return f"{', '.join(others)} and {last}" if others else last


def _metadata(facts: Facts) -> ModelCardData:
    accuracy = proportion(facts.agreement.correct)
    measured = (
        ("accuracy", "accuracy", accuracy.value),
        ("latency", "mean latency of processes in seconds, one sentence, one thread", facts.latency.value),
        ("size", "size of the file in bytes", facts.file_bytes),
    )
    return ModelCardData(
        model_name=f"{facts.suite.name}-{facts.variant}",
        license=_license(facts),
        pipeline_tag="text-classification",
        tags=["bench-models", facts.format.name],
        eval_results=[
            EvalResult(
                task_type="text-classification",
                dataset_type=facts.suite.name,
                dataset_name=facts.suite.name,
                dataset_split="test",
                metric_type=kind,
                metric_name=name,
                metric_value=value,
            )
            for kind, name, value in measured
        ],
    )


def _at(commit: str | None) -> str:
    return f" at commit {commit}" if commit else ""


def _license(facts: Facts) -> str | None:
    """Return the licence of the weights that all of it was made of, or None where one does not state its own."""
    steps = (step for row in facts.suite.lineage(facts.variant) for step in row.steps)
    sources = [facts.suite.checkpoint, *filter(None, (getattr(step, "student", None) for step in steps))]
    licenses = {getattr(source, "license", None) for source in sources}  # not every kind of source can know
    return licenses.pop() if len(licenses) == 1 else None


def _budget(facts: Facts) -> tuple[str, ...]:
    """Return the variant's budget, and what became of it, first of all that it was broken."""
    if not facts.budget_lines:
        return ("It has no budget: others of its suite are measured against it.",)
    heads = {
        "kept": "It keeps its budget, against the suite's baseline:",
        "open": "Whether it keeps its budget, against the suite's baseline, is open:",
        "broken": "**It breaks its budget**, and was handed over all the same:",
    }
    head = heads[worst([line.status for line in facts.budget_lines])]
    return head, "", *(f"* {line.sentence(facts.variant)}" for line in facts.budget_lines)


def _steps(facts: Facts) -> list[str]:
    steps = [str(step) for row in facts.suite.lineage(facts.variant) for step in row.steps]
    return steps or ["none: the checkpoint as it is"]


def _figures(facts: Facts) -> list[tuple[str, str, str]]:
    scorecard = facts.scorecard
    accuracy, eager_accuracy = proportion(facts.agreement.correct), proportion(scorecard.correct)
    return [
        ("accuracy", _shown(accuracy, show_share), _shown(eager_accuracy, show_share)),
        ("latency", _shown(facts.latency, show_ms), _shown(facts.eager_latency, show_ms)),
        ("size", show_size(facts.file_bytes), SIZE.show(scorecard.size_bytes)),
        ("parameters", "", PARAMETERS.show(scorecard.parameters)),
        ("sparsity", "", SPARSITY.show(scorecard.sparsity)),
    ]


def _shown(estimate: Estimate, show: Callable[[float], str]) -> str:
    return f"{show(estimate.value)} ({show(estimate.low)} to {show(estimate.high)})"


def _libraries(facts: Facts) -> str:
    versions = library_versions(("torch", "transformers", "tokenizers", *facts.format.needs))
    return ", ".join(f"{name} {number}" for name, number in versions.items())
