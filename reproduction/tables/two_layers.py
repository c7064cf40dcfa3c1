"""Table C: DistilBERT distilled to two layers."""

from bench_models.recipes.cast import Cast
from reproduction.architectures import DISTILBERT, DISTILBERT_L2
from reproduction.table import TRAINING, Row, Table

TWO_LAYERS = Table(
    letter="C",
    title="DistilBERT distilled to two layers",
    counted="parameters",
    latency_unit="ms",
    weights="its head was never trained, so that it answers at chance, and a baseline at chance is refused here",
    wrong="The teacher answers at chance, because its head was never trained: what share of its accuracy the student "
    "keeps means nothing. The figures of the FP16 student are estimates, a little below the student's. The sizes count "
    "parameters and no buffers: with them the teacher has 255.42 MiB. Here a baseline at chance is refused, and the "
    "FP16 student is built and timed; on a CPU without FP16 arithmetic it is slower than the student, not as fast.",
    rows=(
        Row(
            name="teacher",
            architecture=DISTILBERT,
            size="255.41",
            parameters="66,955,010",
            latency="202.79",
            speed_up="1.0",
            accuracy="49.08",
        ),
        Row(
            name="student, 2 layers",
            architecture=DISTILBERT_L2,
            size="147.26",
            parameters="38,603,522",
            reduction="42.34 %",
            latency="69.99",
            speed_up="2.90",
            accuracy="79.82",
            needs=TRAINING,
        ),
        Row(
            name="student, FP16",
            architecture=DISTILBERT_L2,
            steps=(Cast(dtype="float16"),),
            size="73.63",
            parameters="38,603,522",
            reduction="71.17 %",
            speed_up="2.85",
            accuracy="79.70",
            needs=TRAINING,
        ),
    ),
)
