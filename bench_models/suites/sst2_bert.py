"""BERT on SST-2, as the hub has it: a DistilBERT student, half of its heads, and each in 16 bits.

Figures have not been measured where this was written, which no hub could be reached from: sizes follow from the
architecture, and accuracies may fall half a point further than the published system reports.
"""

from bench_models.recipes.cast import Cast
from bench_models.recipes.distill import Distill
from bench_models.recipes.prune import PruneHeads
from bench_models.sources.hub import HubCheckpoint
from bench_models.suites.sst2_distilbert import SST2
from bench_models.suites.suite import Suite, Variant, budget

# A pull request that adds safetensors, as others name it (not seen from here): the main branch has a pickle.
BERT = HubCheckpoint(
    repository="textattack/bert-base-uncased-SST-2", revision="205ffbd1bc5c5b89802266f4948a601f53556b00"
)
DISTILBERT = HubCheckpoint(
    repository="distilbert/distilbert-base-uncased", revision="12040accade4e8a0f71eabdb258fecc2e7e948be"
)
HALF = Cast(dtype="float16")

SUITE = Suite(
    name="sst2-bert",
    checkpoint=BERT,
    corpus=SST2,
    trains_unasked=False,
    variants=(
        Variant(name="baseline", starts_from=None, steps=()),
        Variant(name="baseline-fp16", starts_from="baseline", steps=(HALF,), budget=budget(0.5, 49.0)),
        Variant(
            name="student",
            starts_from="baseline",
            steps=(Distill(student=DISTILBERT, learning_rate=5e-5, max_epochs=3),),
            budget=budget(1.5, 38.0),
        ),
        Variant(name="student-fp16", starts_from="student", steps=(HALF,), budget=budget(1.5, 69.0)),
        Variant(
            name="student-heads50",
            starts_from="student",
            steps=(PruneHeads(amount=0.5, learning_rate=3e-5, max_epochs=2),),
            budget=budget(3.3, 45.0),
        ),
        Variant(name="student-heads50-fp16", starts_from="student-heads50", steps=(HALF,), budget=budget(3.3, 72.0)),
    ),
)
