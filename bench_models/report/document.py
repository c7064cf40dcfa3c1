"""The report of the main job as a type: ``results/<suite>.json`` holds a ``Report``, key by key.

``VariantReport`` is all that is known of one variant; the table, the figure, the recommendation, the site and the model
card are made of it. ``report.schema.json`` beside this file is generated from these types by tools/schemas.py.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from bench_models.errors import BenchModelsError
from bench_models.machine import Machine
from bench_models.metrics.budgets import BudgetLine
from bench_models.stats.estimate import Estimate
from bench_models.text import one_line, strict_json

# Histories and sites keep reports of version 1, which knew two words for budgets, and no agreement.
VERSION: Literal[2] = 2

# Where a clone keeps its reports.
FOLDER = "results"

Standing = Literal["baseline", "kept", "broken", "open", "no budget", "not measured"]

_Count = Annotated[int, Meta(ge=0, le=10**15)]
_Bytes = Annotated[int, Meta(ge=1, le=10**15)]
_Share = Annotated[float, Meta(ge=0, le=1)]

_LARGEST = 1e12

# What an estimate may reach, by the unit that its key ends in.
_BOUNDS = {
    "s": (1e-12, 1e12),
    "sentence": (1e-12, 1e12),
    "ratio": (1e-12, 1e12),
    "share": (0, 1),
    "points": (-100, 100),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantReport:
    """All that is known of one variant at a commit; what could not be measured is null, and ``errors`` say why."""

    name: Annotated[
        str, Meta(description="Unique, and of characters that can be printed.", min_length=1, max_length=60)
    ]
    standing: Annotated[Standing, Meta(description="That of the first variant is baseline, or not measured.")]
    errors: Annotated[tuple[str, ...], Meta(max_length=20)]
    latency_single_stream_s: Annotated[Estimate | None, Meta(description="One sentence of median length.")]
    latency_offline_s_per_sentence: Annotated[Estimate | None, Meta(description="A batch, divided by its sentences.")]
    speed_up_single_stream_ratio: Annotated[
        Estimate | None,
        Meta(
            description="The baseline's time over this one's, of pairs of fresh processes that took turns on one core."
        ),
    ]
    speed_up_offline_ratio: Estimate | None
    parameters_count: _Count | None
    size_bytes: Annotated[_Bytes | None, Meta(description="The serialized weights, packed ones included.")]
    naive_size_bytes: Annotated[_Count | None, Meta(description="Parameters and buffers alone.")]
    size_reduction_pct: Annotated[float, Meta(ge=-1e12, le=100)] | None
    sparsity_share: _Share | None
    accuracy_share: Estimate | None
    error_rate_share: _Share | None
    accuracy_drop_points: Annotated[
        Estimate | None, Meta(description="Against the baseline on the same sentences; negative is a gain.")
    ]
    agreement_share: Annotated[
        Estimate | None,
        Meta(description="Answers equal to the baseline's, over the test split and unlabelled sentences."),
    ] = None
    agreement_sentences_count: Annotated[
        Annotated[int, Meta(ge=1)] | None, Meta(description="How many sentences that is.")
    ] = None
    runtime: Annotated[str | None, Meta(description="What the variant runs in; null for eager PyTorch.")] = None
    runtime_agreement_share: Annotated[
        Estimate | None,
        Meta(description="Answers equal to eager PyTorch's with the same model."),
    ] = None
    logit_difference: Annotated[
        Annotated[float, Meta(ge=0)] | None, Meta(description="The largest one against eager PyTorch.")
    ] = None
    int8_share: Annotated[
        _Share | None,
        Meta(description="Multiply-accumulates of matrix products that ran in integer arithmetic, for one sentence."),
    ] = None
    kernels: Annotated[
        dict[str, Annotated[int, Meta(ge=1)]] | None,
        Meta(description="How often the kernel of each operator ran for one sentence."),
    ] = None
    correct_by_sentence: Annotated[
        Annotated[str, Meta(pattern="^[01]*$")] | None,
        Meta(description="1 or 0 for each sentence of the test split, in its order; as many for each variant."),
    ]
    budgets: tuple[BudgetLine, ...]

    @property
    def reasons(self) -> tuple[str, ...]:
        """The errors, each in one line that can be shown anywhere."""
        return tuple(map(one_line, self.errors))


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A suite's variants at a commit, and the machine in words: what a figure shows."""

    suite: str
    commit: str
    machine: str
    variants: tuple[VariantReport, ...]

    @property
    def sentences(self) -> int | None:
        """How many sentences the test split has; None where no answers are known."""
        return next((len(each.correct_by_sentence) for each in self.variants if each.correct_by_sentence), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One suite at one commit on one machine. A quantity's key ends in its unit (a budget's unit stands beside it)."""

    schema_version: Annotated[
        Literal[1, 2], Meta(description="Version 1 had kept instead of a budget's status, and no agreement.")
    ]
    suite: Annotated[
        str,
        Meta(description="A plain name, which files are called by.", max_length=100, pattern=r"^[^\s/\\:.][^\s/\\:]*$"),
    ]
    commit: Annotated[str, Meta(pattern="^[0-9a-f]{40}$")]
    strict: Annotated[bool, Meta(description="Whether open budgets fail, too.")] = False
    exit_status: Annotated[
        Literal[0, 1, 2],
        Meta(
            description="What the figures say. 0: no budget is broken; 1: one is broken, or open where strict; "
            "2: something could not be measured."
        ),
    ]
    machine: Machine
    versions: Annotated[dict[str, str], Meta(description="Library to version.")]
    latency_threads: Annotated[int, Meta(ge=1)]
    offline_batch_sentences: Annotated[int, Meta(description="Fewer where the test split is smaller.", ge=1)]
    variants: Annotated[
        tuple[VariantReport, ...],
        Meta(description="In the suite's order; the first one is the baseline.", min_length=1),
    ]

    @property
    def summary(self) -> Summary:
        """What a figure shows of it."""
        return Summary(suite=self.suite, commit=self.commit, machine=one_line(self.machine.cpu), variants=self.variants)

    def __getitem__(self, name: str) -> VariantReport:
        """Return the variant called ``name``."""
        return next(each for each in self.variants if each.name == name)


def text_of(report: Report) -> str:
    """Return a report as JSON."""
    return json.dumps(msgspec.to_builtins(report), indent=2, allow_nan=False) + "\n"


def schema() -> dict[str, Any]:
    """Return the JSON schema of reports."""
    found: dict[str, Any] = msgspec.json.schema(Report)
    for each in found["$defs"].values():
        each["additionalProperties"] = False
        each["description"] = " ".join(each["description"].split())
    found["$defs"]["Estimate"]["properties"]["level"] |= {"exclusiveMinimum": 0, "exclusiveMaximum": 1}
    for name, each in found["$defs"]["VariantReport"]["properties"].items():
        low, high = _BOUNDS.get(_unit(name), (None, None))
        if low is not None and {"$ref": "#/$defs/Estimate"} in each.get("anyOf", ()):
            each["properties"] = {end: {"minimum": low, "maximum": high} for end in ("value", "low", "high")}
    budget = found["$defs"]["BudgetLine"]
    budget["properties"]["kept"] = {"description": "Of version 1: whether the point kept the limit.", "type": "boolean"}
    budget["required"].remove("status")
    budget["oneOf"] = [{"required": ["status"]}, {"required": ["kept"]}]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "bench_models report", **found}


def read(path: Path) -> Report:
    """Return the report in a file.

    Raises ``BenchModelsError`` for a file that is missing, damaged or not a report.
    """
    try:
        data = strict_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BenchModelsError(
            f"{path} cannot be read ({error.strerror}): give the JSON file of a report, which `bench-models run` and "
            "`bench-models report` write to results/"
        ) from error
    except (ValueError, RecursionError) as error:
        raise BenchModelsError(
            f"{path} is not whole JSON ({error}): make it again with `bench-models report`"
        ) from error
    return report_of(data, str(path))


def report_of(data: object, where: str) -> Report:
    """Return the report that a JSON document holds; ``where`` names it in errors."""
    if not isinstance(data, dict) or data.get("schema_version") not in (1, VERSION) or not data.get("variants"):
        raise BenchModelsError(
            f"{where} is not a report of schema version {VERSION}: "
            "bench_models/report/report.schema.json says what one holds"
        )
    try:
        current = _in_current_words(data)
        report = msgspec.convert(current, Report)
    except msgspec.ValidationError as error:
        raise BenchModelsError(_damaged(where, str(error))) from error
    fault = next(_unknown_keys(current, msgspec.to_builtins(report)), None) or next(_faults(report), None)
    if fault:
        raise BenchModelsError(_damaged(where, fault))
    return report


def _damaged(where: str, fault: str) -> str:
    return (
        f"{where} does not keep bench_models/report/report.schema.json ({one_line(fault)}): "
        "make it again with `bench-models report`"
    )


def _in_current_words(data: dict[str, Any]) -> dict[str, Any]:
    """Return a document in which budgets have a status: version 1 said only whether the point kept the limit."""
    variants = msgspec.convert(data["variants"], list[dict[str, Any]])
    for variant in variants:
        if "budgets" in variant:
            variant["budgets"] = list(map(_with_status, msgspec.convert(variant["budgets"], list[dict[str, Any]])))
    return data | {"variants": variants}


def _with_status(budget: dict[str, Any]) -> dict[str, Any]:
    if "status" in budget or not isinstance(budget.get("kept"), bool):
        return budget
    others = {key: value for key, value in budget.items() if key != "kept"}
    return others | {"status": "kept" if budget["kept"] else "broken"}


def _unknown_keys(given: object, known: object, where: str = "$") -> Iterator[str]:
    """Yield the keys of a document that a report lacks."""
    if isinstance(given, dict) and isinstance(known, dict):
        for key in given:
            if key in known:
                yield from _unknown_keys(given[key], known[key], f"{where}.{key}")
            else:
                yield f"{where}: {key!r} is not a key of a report"
    elif isinstance(given, list) and isinstance(known, list | tuple):
        for index, (each, one) in enumerate(zip(given, known, strict=True)):
            yield from _unknown_keys(each, one, f"{where}[{index}]")


def _faults(report: Report) -> Iterator[str]:
    """Yield what is wrong with a report beyond the types of its parts."""
    names = {"suite": report.suite, "commit": report.commit}
    names |= {f"variants[{index}].name": each.name for index, each in enumerate(report.variants)}
    for where, name in names.items():
        if not name.isprintable():
            yield f"$.{where}: {name!r} has characters that cannot be printed"
    for name, times in Counter(each.name for each in report.variants).items():
        if times > 1:
            yield f"$.variants: {name!r} stands there {times} times, and each variant has a name of its own"
    baseline = report.variants[0]
    if baseline.standing not in {"baseline", "not measured"}:
        yield f"$.variants[0].standing: the first variant is the baseline, and {baseline.name!r} is {baseline.standing}"
    for index, each in enumerate(report.variants):
        yield from (f"$.variants[{index}]{fault}" for fault in _faults_of(each, report.summary.sentences or 0))


def _faults_of(variant: VariantReport, sentences: int) -> Iterator[str]:
    for field in fields(variant):
        estimate = getattr(variant, field.name)
        low, high = _BOUNDS.get(_unit(field.name), (0, 0))
        if isinstance(estimate, Estimate) and not low <= estimate.low <= estimate.high <= high:
            yield f".{field.name}: {estimate.low:g} to {estimate.high:g} does not lie between {low:g} and {high:g}"
    answers = variant.correct_by_sentence
    if answers and answers.strip("01"):  # a pattern's end overlooks a last line break
        yield ".correct_by_sentence: it has more than 0 and 1"
    if answers and len(answers) != sentences:
        yield f".correct_by_sentence: it is about {len(answers):,} sentences, and the first one is about {sentences:,}"
    for line in variant.budgets:
        if line.interval is not None and max(map(abs, (line.interval.low, line.interval.high))) > _LARGEST:
            yield f".budgets: {line.interval.low:g} to {line.interval.high:g} does not lie within {_LARGEST:g}"
    if variant.standing == "baseline" and variant.budgets:
        yield f": {variant.name!r} stands as a baseline, and is judged by a budget"


def _unit(key: str) -> str:
    return key.rpartition("_")[2]
