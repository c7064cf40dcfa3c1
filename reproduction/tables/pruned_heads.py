"""Table D: BERT, a student, the student with half of its heads, and each in FP16."""

from bench_models.recipes.cast import Cast
from bench_models.suites.sst2_bert import BERT
from bench_models.suites.sst2_distilbert import SST2
from reproduction.architectures import BERT_BASE, DISTILBERT, KeepHeads
from reproduction.table import TRAINING, Row, Table, Weights

PRUNED_HEADS = Table(
    letter="D",
    title="BERT on SST-2, a student, heads pruned, each halved",
    counted="saved folder",
    latency_unit="ms",
    weights=Weights(checkpoint=BERT, sentences=SST2),
    wrong="What is called quantized is a cast to FP16, which halves the bytes and has no integers in it. Its speed-ups "
    "of 1.02 to 1.03 have no interval, and without arithmetic of that type a cast slows a CPU down. Half of the heads "
    "are a tenth of the parameters, because most weights are embeddings and feed-forward layers. The size is that of "
    "a folder, with the tokenizer and what else was written to it: a last digit can hang on that, as said below.",
    rows=(
        Row(
            name="baseline",
            architecture=BERT_BASE,
            size="418.58",
            parameters="109,483,778",
            latency="9.92",
            accuracy="92.55",
            saved_by_trainer=True,
        ),
        Row(
            name="baseline, FP16",
            architecture=BERT_BASE,
            steps=(Cast(dtype="float16"),),
            size="209.75",
            parameters="109,483,778",
            latency="9.63",
            accuracy="92.55",
        ),
        Row(
            name="student",
            architecture=DISTILBERT,
            size="256.33",
            parameters="66,955,010",
            latency="4.89",
            accuracy="91.51",
            saved_by_trainer=True,
            needs=TRAINING,
        ),
        Row(
            name="student, FP16",
            architecture=DISTILBERT,
            steps=(Cast(dtype="float16"),),
            size="128.62",
            parameters="66,955,010",
            latency="4.75",
            accuracy="91.51",
            needs=TRAINING,
        ),
        Row(
            name="heads pruned",
            architecture=DISTILBERT,
            steps=(KeepHeads(heads=6),),
            size="229.31",
            parameters="59,870,210",
            latency="4.26",
            accuracy="89.79",
            saved_by_trainer=True,
            needs=TRAINING,
        ),
        Row(
            name="heads pruned, FP16",
            architecture=DISTILBERT,
            steps=(KeepHeads(heads=6), Cast(dtype="float16")),
            size="115.11",
            parameters="59,870,210",
            latency="4.17",
            accuracy="89.79",
            needs=TRAINING,
        ),
    ),
)
