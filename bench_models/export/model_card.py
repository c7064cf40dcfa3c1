"""The model card of an exported variant: what it is, what was measured where, and how to load it."""

from dataclasses import dataclass
from datetime import date

from huggingface_hub import EvalResult, ModelCardData
from tabulate import tabulate

from bench_models import __version__
from bench_models.export.formats import Format
from bench_models.export.verify import BATCHES, Agreement
from bench_models.machine import Machine, library_versions
from bench_models.metrics import (
    ACCURACY,
    LOGIT_DIFFERENCE,
    PARAMETERS,
    RUNTIME_AGREEMENT,
    SINGLE_STREAM,
    SIZE,
    SPARSITY,
)
from bench_models.metrics.budgets import Status, worst
from bench_models.report.document import VariantReport
from bench_models.report.markdown import shown
from bench_models.serving import libraries_of
from bench_models.stats.estimate import Estimate
from bench_models.stats.proportions import proportion
from bench_models.suites.suite import Suite
from bench_models.text import listed, with_interval

_CARD = """\
---
{metadata}
---

# {facts.suite.name}: {facts.variant.name}

A classifier of {labels} sentences, as {files} ({facts.format.name}). It is made by these steps:

{steps}

## Measured

{table}

Accuracy is on {sentences} test sentences, with a 95 % interval; latency is the mean of fresh processes of both kinds, \
which took turns on one core, for one sentence of median length on one thread, with a 95 % interval that covers other \
processes. Batches of {batches} sentences of {lengths} tokens gave the variant's logits to within \
{facts.agreement.most_apart:.1g}.{rounding}{runtime}

{budget}

Made on {facts.made}{commit} by bench-models {version}.

Machine: {facts.machine.cpu} ({flags}), {facts.machine.cores} cores, {facts.machine.system}, Python \
{facts.machine.python}, {libraries}.

## Use

```python
{facts.format.loading}

from tokenizers import Tokenizer
import numpy as np

tokenizer = Tokenizer.from_file("tokenizer.json")
tokenizer.enable_truncation({longest})
tokenizer.enable_padding(pad_id={facts.pad_id})

encoded = tokenizer.encode_batch(["A film that shines.", "It drags, and then it drags on."])
input_ids = np.array([each.ids for each in encoded])
attention_mask = np.array([each.attention_mask for each in encoded])
labels = {names}
print([labels[best] for best in logits(input_ids, attention_mask).argmax(axis=1)])
```
"""

_BUDGET: dict[Status, str] = {
    "kept": "It keeps its budget, against the suite's baseline:",
    "open": "Whether it keeps its budget, against the suite's baseline, is open:",
    "broken": "**It breaks its budget**, and was handed over all the same:",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a card tells of one export. Latencies are seconds for one sentence of median length, on one thread.

    ``variant`` is the report of the variant in its own runtime; ``commit`` is where the file was made, as far as that
    is known.
    """

    suite: Suite
    variant: VariantReport
    format: Format
    labels: tuple[str, ...]
    pad_id: int
    agreement: Agreement
    file_bytes: int
    latency: Estimate
    machine: Machine
    commit: str | None
    made: date


def card(facts: Facts) -> str:
    """Return the card in Markdown, with the metadata that model hubs read in front."""
    needed = dict.fromkeys((*facts.format.needs, *libraries_of(facts.suite[facts.variant.name].runtime)))
    versions = library_versions(("torch", "transformers", "tokenizers", *needed))
    return _CARD.format(
        facts=facts,
        metadata=_metadata(facts).to_yaml(),
        labels=" or ".join(facts.labels),
        files=listed([facts.format.filename, *facts.format.beside]),
        steps=_steps(facts),
        table=tabulate(
            _figures(facts),
            headers=("", "this file", f"the variant in {facts.variant.runtime or 'eager PyTorch'}"),
            tablefmt="github",
        ),
        sentences=len(facts.agreement.correct),
        batches=listed(list(map(str, BATCHES))),
        lengths=listed(list(map(str, facts.agreement.lengths))),
        rounding=_rounding(facts.agreement),
        runtime=_runtime(facts.variant),
        budget=_budget(facts.variant),
        commit=f" at commit {facts.commit}" if facts.commit else "",
        version=__version__,
        flags=", ".join(facts.machine.cpu_flags),
        libraries=", ".join(f"{name} {number}" for name, number in versions.items()),
        longest=facts.agreement.lengths[-1],
        names=list(facts.labels),
    )


def _rounding(agreement: Agreement) -> str:
    if agreement.own_apart is None:
        return ""
    return (
        " Its activations are rounded, and values between two steps are rounded up by some kernels and down by others: "
        f"the variant itself, with its weights nudged by a 100,000th, is up to {agreement.own_apart:.1g} from itself."
    )


def _runtime(variant: VariantReport) -> str:
    """Say how a file answers that is measured itself, so that comparing it with its variant tells of the copy alone."""
    if variant.runtime_agreement_share is None:
        return ""
    share = with_interval(variant.runtime_agreement_share, RUNTIME_AGREEMENT.show)
    difference = shown(variant.logit_difference, LOGIT_DIFFERENCE.show, missing="")
    return (
        f" This file is what is measured in {variant.runtime}. Eager PyTorch gives {share} of the test sentences the "
        f"same label with the same model, and logits that are at most {difference} away."
    )


def _metadata(facts: Facts) -> ModelCardData:
    measured = (
        ("accuracy", "accuracy", proportion(facts.agreement.correct).value),
        ("latency", "mean latency of processes in seconds, one sentence, one thread", facts.latency.value),
        ("size", "size of the file in bytes", facts.file_bytes),
    )
    return ModelCardData(
        model_name=f"{facts.suite.name}-{facts.variant.name}",
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


def _license(facts: Facts) -> str | None:
    """Return the licence of the weights that all of it was made of, or None where one does not state its own."""
    steps = (step for row in facts.suite.lineage(facts.variant.name) for step in row.steps)
    sources = [facts.suite.checkpoint, *filter(None, (getattr(step, "student", None) for step in steps))]
    licenses = {getattr(source, "license", None) for source in sources}  # not every kind of source can know
    return licenses.pop() if len(licenses) == 1 else None


def _budget(variant: VariantReport) -> str:
    """Return the variant's budget, and what became of it, first of all that it was broken."""
    if not variant.budgets:
        baseline = variant.standing == "baseline"
        return f"It has no budget{': others of its suite are measured against it' if baseline else ''}."
    lines = "\n".join(f"* {line.sentence(variant.name)}" for line in variant.budgets)
    return f"{_BUDGET[worst([line.status for line in variant.budgets])]}\n\n{lines}"


def _steps(facts: Facts) -> str:
    steps = [str(step) for row in facts.suite.lineage(facts.variant.name) for step in row.steps]
    return "\n".join(
        f"{place}. `{step}`" for place, step in enumerate(steps or ["none: the checkpoint as it is"], start=1)
    )


def _figures(facts: Facts) -> list[tuple[str, str, str]]:
    variant, accuracy, show_ms = facts.variant, proportion(facts.agreement.correct), SINGLE_STREAM.show
    return [
        ("accuracy", with_interval(accuracy, ACCURACY.show), shown(variant.accuracy_share, ACCURACY.show, missing="")),
        ("latency", with_interval(facts.latency, show_ms), shown(variant.latency_single_stream_s, show_ms, missing="")),
        ("size", SIZE.show(facts.file_bytes), shown(variant.size_bytes, SIZE.show, missing="")),
        ("parameters", "", shown(variant.parameters_count, PARAMETERS.show, missing="")),
        ("sparsity", "", shown(variant.sparsity_share, SPARSITY.show, missing="")),
    ]
