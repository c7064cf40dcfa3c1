"""DistilBERT on SST-2, as the hub has it: five compressed variants and a two-layer student.

Figures have not been measured where this was written, which no hub could be reached from: budgets are those of the
same techniques in the default suite, loosened to what the published systems report (docs/reproduction.md).
"""

from bench_models.recipes.cast import Cast
from bench_models.recipes.distill import Distill
from bench_models.recipes.prune import PruneL1
from bench_models.recipes.quantize_dynamic import QuantizeDynamic
from bench_models.sources.hub import HubCheckpoint
from bench_models.sources.hub_datasets import HubSentences
from bench_models.suites.suite import Suite, Variant, budget

DISTILBERT_SST2 = HubCheckpoint(
    repository="distilbert/distilbert-base-uncased-finetuned-sst-2-english",
    revision="714eb0fa89d2f80546fda750413ed43d93601a13",
)
SST2 = HubSentences(
    repository="stanfordnlp/sst2",
    revision="8d51e7e4887a4caaa95b3fbebbf53c0490b58bbb",
    text="sentence",
    test_split="validation",  # the labels of its own test split are kept secret
)

SUITE = Suite(
    name="sst2-distilbert",
    checkpoint=DISTILBERT_SST2,
    corpus=SST2,
    trains_unasked=False,
    variants=(
        Variant(name="baseline", starts_from=None, steps=()),
        Variant(name="int8-dynamic", starts_from="baseline", steps=(QuantizeDynamic(),), budget=budget(2.0, 47.0)),
        Variant(name="pruned30", starts_from="baseline", steps=(PruneL1(amount=0.3),), budget=budget(2.0, 0.0)),
        Variant(name="pruned50", starts_from="baseline", steps=(PruneL1(amount=0.5),), budget=budget(8.5, 0.0)),
        Variant(name="pruned30-int8", starts_from="pruned30", steps=(QuantizeDynamic(),), budget=budget(2.0, 47.0)),
        Variant(
            name="student-2-layers",
            starts_from="baseline",
            steps=(Distill(layers=(0, 5), learning_rate=5e-5, max_epochs=3),),
            budget=budget(9.0, 42.0),
        ),
        Variant(
            name="student-fp16",
            starts_from="student-2-layers",
            steps=(Cast(dtype="float16"),),
            budget=budget(9.0, 71.0),
        ),
        Variant(
            name="student-int8", starts_from="student-2-layers", steps=(QuantizeDynamic(),), budget=budget(9.0, 57.0)
        ),
    ),
)
