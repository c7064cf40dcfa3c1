"""Table B: BERT in eight and four bits, and a student."""

from bench_models.recipes.quantize_bitsandbytes import LLMInt8, Quantize4Bit
from reproduction.architectures import BERT_BASE, MINILM_L6
from reproduction.table import TRAINING, Row, Table

BITSANDBYTES = Table(
    letter="B",
    title="BERT on IMDB, bitsandbytes and a MiniLM student",
    counted="parameters and buffers",
    latency_unit="s",
    weights="no commit of textattack/bert-base-uncased-imdb is pinned here, and a branch can move",
    wrong="The speed-ups are not the ratios of the printed latencies (the student's ratio is 1.89, not 2.08), and none "
    "has an interval. The size is the memory of parameters and buffers, which leaves out the scales that weights of "
    "few bits are multiplied by: the artifact has them. Three of the four names that the 8-bit row skips belong to no "
    "module of BERT; only the classifier is skipped. Here a speed-up is the median of ratios taken side by side, with "
    "its interval, and bitsandbytes counts as what it is on a CPU: a technique that saves memory.",
    rows=(
        Row(name="original", architecture=BERT_BASE, size="417.655281", latency="0.001119", accuracy="0.8920"),
        Row(
            name="4-bit, set 1 (bf16)",
            architecture=BERT_BASE,
            steps=(Quantize4Bit(kind="nf4", compute="bfloat16", double=True),),
            size="86.487797",
            reduction="0.792921",
            latency="0.003318",
            speed_up="0.337765",
            accuracy="0.8915",
        ),
        Row(
            name="4-bit, set 2 (fp16)",
            architecture=BERT_BASE,
            steps=(Quantize4Bit(kind="nf4", compute="float16", double=True),),
            size="86.487797",
            reduction="0.792921",
            latency="0.002057",
            speed_up="0.545268",
            accuracy="0.8915",
        ),
        Row(
            name="8-bit",
            architecture=BERT_BASE,
            steps=(
                LLMInt8(
                    threshold=1.0,
                    fp32_cpu_offload=True,
                    skip=("classifier",),
                    may_lack=("self_attention", "ffn", "layernorm"),
                ),
            ),
            size="127.269047",
            reduction="0.695277",
            latency="0.007918",
            speed_up="0.141412",
            accuracy="0.8875",
        ),
        Row(
            name="student (MiniLM-L6-H384)",
            architecture=MINILM_L6,
            size="86.654793",
            reduction="0.792521",
            latency="0.000593",
            speed_up="2.078401",
            accuracy="0.8535",
            needs=TRAINING,
        ),
    ),
)
