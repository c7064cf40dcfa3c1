"""Exports a variant: refuses what cannot be exported before work begins, and checks the file before it appears."""

import logging
import shutil
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bench_models.build import Builder
from bench_models.checkout import checkout_here, require_installed, uncommitted
from bench_models.errors import BenchModelsError
from bench_models.export.formats import FORMATS, Format
from bench_models.export.model_card import Facts, card
from bench_models.export.verify import Served, require_agreement
from bench_models.machine import this_machine
from bench_models.metrics.budgets import fails
from bench_models.metrics.scenarios import scenarios
from bench_models.metrics.scorecard import Scorecard, require_better_than_chance, score
from bench_models.outcomes import Measured, reason_of
from bench_models.report.document import VariantReport
from bench_models.report.results import Times, variant_report
from bench_models.runtimes.artifact import ArtifactRuntime
from bench_models.runtimes.exporters import quiet
from bench_models.runtimes.session import THREADS
from bench_models.serving import artifact, open_session, require_carried, shipped_bytes
from bench_models.storage import SEAL, require_writable, writing_to
from bench_models.suites.suite import Variant

log = logging.getLogger(__name__)


def export_variant(builder: Builder, variant: str, target: str, output: Path, *, despite_budget: bool = False) -> None:
    """Write ``variant`` into the folder ``output``: the model, its configuration, its tokenizer and a model card.

    The folder appears when all is checked, and not before. Raises ``BenchModelsError`` when the format cannot
    hold the variant, when the folder is not empty, when the file's answers differ from the variant's, when the
    baseline is no better than chance, and when the variant breaks its budget, unless ``despite_budget``.
    """
    row = builder.suite[variant]
    chosen = FORMATS[target]
    _require_own_format(row, chosen)
    require_carried(builder.suite, variant, chosen.made_of)
    chosen.require_libraries()
    output = output.absolute()
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise BenchModelsError(f"{output} is not an empty folder: name a new one, and nothing is overwritten")
    require_writable(output.parent)
    scratch = tempfile.TemporaryDirectory(dir=output.parent, prefix=f".{output.name}.")
    with writing_to(output.parent), scratch:
        folder = Path(scratch.name) / output.name
        folder.mkdir()
        _fill(folder, builder, row, chosen, despite_budget=despite_budget)
        _move(folder, output)
    log.info("%s: %s is in %s, checked; %s tells how to load it", variant, chosen.filename, output, "README.md")


def _move(folder: Path, output: Path) -> None:
    """Make the finished folder appear; an existing one is filled, as it may be somebody's current folder."""
    if not output.exists():
        folder.rename(output)
        return
    for file in sorted(folder.iterdir(), key=lambda file: file.name == "README.md"):  # the card last
        file.rename(output / file.name)


def _require_own_format(row: Variant, target: Format) -> None:
    """Refuse a format that is not that of the row's own runtime, whose artifact is what is measured."""
    if isinstance(row.runtime, ArtifactRuntime) and row.runtime.format != target.name:
        raise BenchModelsError(
            f"{row.name} cannot be written as {target.name}: it is served by {row.runtime}, so choose "
            f"--format {row.runtime.format}"
        )


def _fill(folder: Path, builder: Builder, row: Variant, target: Format, *, despite_budget: bool) -> None:
    baseline = _scored(builder, builder.suite.baseline)
    require_better_than_chance(builder, baseline)
    scorecard = baseline if row == builder.suite.baseline else _scored(builder, row)
    report = variant_report(row, scorecard, baseline, Times())
    if not despite_budget:
        _require_kept(report, strict=builder.suite.strict)
    model = builder.build(row.name).eval()
    log.info("%s: writing %s", row.name, target.filename)
    shipped = artifact(builder, row, model=model)
    with quiet():
        if shipped is None:
            target.write(model, folder / target.filename)
        else:
            shutil.copytree(shipped, folder, ignore=shutil.ignore_patterns(SEAL), dirs_exist_ok=True)
    file_bytes = shipped_bytes(folder)  # before what is the same in every format
    model.config.to_json_file(folder / "config.json")  # type: ignore[union-attr, operator]  # transformers' own
    shutil.copyfile(builder.checkpoint / "tokenizer.json", folder / "tokenizer.json")
    log.info("%s: loading it and comparing its answers", row.name)
    # As both are served and scored: the threads that sums of floats are split among decide their last digits.
    session = open_session(builder, row, model=model)
    loaded = target.open(folder / target.filename, THREADS)
    agreement = require_agreement(builder, row.name, session, loaded, scorecard.value.correct)
    log.info("%s: timing it beside the variant, in pairs of fresh processes", row.name)
    latency, eager = Served(
        suite=builder.suite.only([row.name]),
        store=builder.store,
        variant=row.name,
        target=target.name,
        file=folder / target.filename,
        batch=scenarios(builder.encoder, builder.corpus.test).single_stream,
    ).latencies()
    facts = Facts(
        suite=builder.suite,
        variant=replace(report, latency_single_stream_s=eager),
        format=target,
        labels=builder.corpus.labels,
        pad_id=builder.encoder.pad_id,
        agreement=agreement,
        file_bytes=file_bytes,
        latency=latency,
        machine=this_machine(),
        commit=_commit_here(),
        made=datetime.now(UTC).date(),
    )
    (folder / "README.md").write_text(card(facts), encoding="utf-8")


def _scored(builder: Builder, row: Variant) -> Measured[Scorecard]:
    outcome = score(builder, row)
    if not isinstance(outcome, Measured):
        raise BenchModelsError(f"{row.name} could not be measured, so nothing is handed over: {reason_of(outcome)}")
    return outcome


def _require_kept(report: VariantReport, *, strict: bool) -> None:
    broken = [line.sentence(report.name) for line in report.budgets if fails(line.status, strict=strict)]
    if broken:
        raise BenchModelsError(
            f"{'; '.join(broken)}: it is not handed over; mend it or its budget, or say --despite-budget, which the "
            "model card will tell"
        )


def _commit_here() -> str | None:
    """Return the commit around the current folder, or None where there is none, or one of another bench_models."""
    try:
        checkout = checkout_here()
        require_installed(checkout)
    except BenchModelsError:
        return None
    return f"{checkout.commit}{' with uncommitted changes' if uncommitted(checkout) else ''}"
