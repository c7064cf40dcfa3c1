"""Rows that run in ONNX Runtime, for tests of several rooms."""

from dataclasses import replace

from bench_models.build import Builder
from bench_models.runtimes.session import Runtime


def in_runtime(builder: Builder, runtime: Runtime, starts_from: str = "baseline", name: str = "onnx") -> Builder:
    """Return a builder of the tiny suite with one more row: another one, in a runtime."""
    suite = builder.suite
    row = replace(suite["pruned"], name=name, starts_from=starts_from, steps=(), runtime=runtime, budget=None)
    return replace(builder, suite=replace(suite, variants=(*suite.variants, row)))
