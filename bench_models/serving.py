"""Opens rows as they are served: from a row, over the artifact that its runtime ships, to a session.

An artifact is kept in the store under its content key, so that each of them is written once.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from bench_models.build import Builder
from bench_models.errors import BenchModelsError
from bench_models.machine import library_versions
from bench_models.provenance import key_of, own_digest, source_digest
from bench_models.runtimes.artifact import ArtifactRuntime
from bench_models.runtimes.session import THREADS, Runtime, Session
from bench_models.storage import SEAL
from bench_models.suites.suite import Suite, Variant
from bench_models.tokenizer import Batch

if TYPE_CHECKING:
    from torch import nn

    from bench_models.recipes.step import Format

# Sentences that a runtime is calibrated with, at most.
_CALIBRATION = 128


def open_session(
    builder: Builder, variant: Variant, *, threads: int = THREADS, model: "nn.Module | None" = None
) -> Session:
    """Return a session of a row in its runtime; ``model`` is the row's, where it is built already.

    Raises ``BenchModelsError`` where the runtime is not installed, or cannot carry the row's steps.
    """
    folder = artifact(builder, variant, model=model)
    if folder is not None and isinstance(variant.runtime, ArtifactRuntime):
        return variant.runtime.load(folder, threads=threads)
    return variant.runtime.open(model or builder.build(variant.name), threads=threads)


def artifact(builder: Builder, variant: Variant, *, model: "nn.Module | None" = None) -> Path | None:
    """Return the folder that is shipped for a row, written if it is not in the store; None where its model is."""
    runtime = variant.runtime
    if not isinstance(runtime, ArtifactRuntime):
        return None
    reason = runtime.unavailable_reason()
    if reason is not None:
        raise BenchModelsError(f"{variant.name}: {reason}")
    require_carried(builder.suite, variant.name, runtime.made_of)

    def write(folder: Path) -> None:
        built = model or builder.build(variant.name)
        if runtime.calibrated:
            runtime.write_calibrated(built, folder, _calibration(builder))
        else:
            runtime.write(built, folder)

    return builder.store.artifact(artifact_key(builder, variant), write, what=f"the artifact of {variant.name}")


def artifact_key(builder: Builder, variant: Variant) -> str:
    """Return the key of all that decides an artifact: model, runtime, its code and libraries, perhaps the machine."""
    runtime = variant.runtime
    of_machine = runtime.of_machine if isinstance(runtime, ArtifactRuntime) else ()
    calibrated = isinstance(runtime, ArtifactRuntime) and runtime.calibrated
    return key_of(
        builder.key(variant.name),
        repr(runtime),
        source_digest(type(runtime).__module__),
        own_digest(__name__),
        library_versions(("torch", "transformers", *libraries_of(runtime))),
        of_machine,
        [builder.corpus_digest, library_versions(("tokenizers",))] if calibrated else [],
    )


def _calibration(builder: Builder) -> tuple[Batch, ...]:
    """Return some train sentences, spread over the split, each as it is asked: by itself."""
    train = builder.corpus.train
    count = min(len(train), _CALIBRATION)
    texts = [train[place * len(train) // count].text for place in range(count)]
    return tuple(builder.encoder.batch([row]) for row in builder.encoder.encode(texts))


def shipped_bytes(folder: Path) -> int:
    """Return the bytes of an artifact's files, without the seal that the store adds."""
    return sum(file.stat().st_size for file in folder.iterdir() if file.name != SEAL)


def libraries_of(runtime: Runtime) -> tuple[str, ...]:
    """Return the libraries that a runtime needs besides those of every row."""
    return runtime.libraries if isinstance(runtime, ArtifactRuntime) else ()


def unavailable_reason(variant: Variant) -> str | None:
    """Return why a row cannot be opened here, or None where all libraries of its runtime are installed."""
    return variant.runtime.unavailable_reason() if isinstance(variant.runtime, ArtifactRuntime) else None


def require_carried(suite: Suite, variant: str, target: "Format") -> None:
    """Raise ``BenchModelsError`` where a row has a step whose outcome cannot be written in a format."""
    for row in suite.lineage(variant):
        for step in row.steps:
            reason = step.unsupported_reason(target)
            if reason is not None:
                raise BenchModelsError(f"{variant} cannot be written as {target}: {reason} ({step})")
