"""Are our rows better than what runtimes do by default? ``python tools/defaults.py`` times both beside each other.

By default means: a file as torch writes it for ONNX, loaded with the settings that a runtime has, of which only the
number of threads (one) is set, and INT8 as ``quantize_dynamic`` makes it without options, as wrappers such as optimum
call it. Both sides answer the whole test split, and take turns to answer its sentence of median length. Nothing else
should run meanwhile.
"""

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import torch
from tabulate import tabulate

from bench_models.build import Builder
from bench_models.metrics import predictions
from bench_models.metrics.scenarios import scenarios
from bench_models.runtimes.exporters import INPUTS, Logits, example, quiet
from bench_models.runtimes.session import THREADS, Session
from bench_models.serving import open_session
from bench_models.storage import Store
from bench_models.suites.rotten_tomatoes import SUITE
from bench_models.tokenizer import Batch

CALLS = 200
# Rows, and what stands for each: the model, and how it is served.
ROWS = {
    "onnx": ("baseline", "onnx"),
    "onnx-int8": ("baseline", "onnx-int8"),
    "student3-onnx-int8": ("student3", "onnx-int8"),
    "openvino": ("baseline", "openvino"),
}


def main() -> None:
    """Print a table of all rows, or of those that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(ROWS)}; all, if none is named")
    asked = parser.parse_args().rows or list(ROWS)
    if unknown := [row for row in asked if row not in ROWS]:
        parser.error(f"{', '.join(unknown)}: choose from {', '.join(ROWS)}")
    builder = Builder(suite=SUITE, store=Store.default())
    found = [_compared(builder, row) for row in asked]
    heads = ("row", "ours", "by default", "takes so many times as long", "right", "by default")
    print(tabulate(found, headers=heads, tablefmt="github"))


def _compared(builder: Builder, row: str) -> tuple[str, ...]:
    test = builder.corpus.test
    single = scenarios(builder.encoder, test).single_stream
    ours = open_session(builder, builder.suite[row])
    with _by_default(builder, *ROWS[row]) as default:
        seconds: tuple[list[float], list[float]] = ([], [])
        for _ in range(CALLS):
            for session, taken in zip((ours, default), seconds, strict=True):
                begun = time.perf_counter()
                session(single)
                taken.append(time.perf_counter() - begun)
        right = []
        for session in (ours, default):
            logits = predictions.logits(session, builder.encoder, [each.text for each in test], variant=row)
            labels = predictions.labels(logits)
            right.append(sum(own == each.label for own, each in zip(labels, test, strict=True)) / len(test))
    ratio = median(other / own for own, other in zip(*seconds, strict=True))
    times = [f"{1000 * median(each):.2f} ms" for each in seconds]
    return row, *times, f"{ratio:.2f}", *(f"{100 * share:.1f} %" for share in right)


@contextmanager
def _by_default(builder: Builder, model: str, served: str) -> Iterator[Session]:
    """Yield a session of a model as a runtime's own tools make it."""
    with TemporaryDirectory() as folder, quiet():
        file = Path(folder) / "model.onnx"
        sizes = {0: "sentences", 1: "tokens"}
        torch.onnx.export(
            Logits(builder.build(model)).eval(),
            example(),
            str(file),
            dynamo=False,
            input_names=list(INPUTS),
            output_names=["logits"],
            dynamic_axes={**dict.fromkeys(INPUTS, sizes), "logits": {0: "sentences"}},
        )
        if served == "openvino":
            yield _openvino(file)
        else:
            yield _onnx_runtime(file, int8=served == "onnx-int8")


def _onnx_runtime(file: Path, *, int8: bool) -> Session:
    import onnxruntime
    from onnxruntime.quantization import quantize_dynamic

    if int8:
        plain, file = file, file.with_name("int8.onnx")
        quantize_dynamic(plain, file)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    session = onnxruntime.InferenceSession(file, options)
    return lambda batch: session.run(None, _named(batch))[0]


def _openvino(file: Path) -> Session:
    import openvino  # without telemetry, since our own row was opened before

    model = openvino.compile_model(file, "CPU", {"INFERENCE_NUM_THREADS": THREADS})
    request = model.create_infer_request()
    return lambda batch: request.infer(_named(batch))[0].copy()


def _named(batch: Batch) -> dict[str, Any]:
    return {"input_ids": batch.input_ids, "attention_mask": batch.attention_mask}


if __name__ == "__main__":
    main()
