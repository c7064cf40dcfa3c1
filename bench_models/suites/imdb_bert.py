"""BERT on film reviews of IMDB: weights of eight and four bits, and a MiniLM student.

The published system starts from weights that the hub has as a pickle, which is never loaded here: the baseline is
fine-tuned from the same BERT instead, on the first 128 tokens of each review. Figures have not been measured where this
was written, which no hub could be reached from: sizes follow from the architecture, and accuracies may fall half a
point further than published.
"""

from bench_models.recipes.distill import Distill
from bench_models.recipes.finetune import FineTune
from bench_models.recipes.quantize_bitsandbytes import LLMInt8, Quantize4Bit
from bench_models.sources.hub import HubCheckpoint
from bench_models.sources.hub_datasets import HubSentences
from bench_models.suites.suite import Suite, Variant, budget

BERT = HubCheckpoint(repository="google-bert/bert-base-uncased", revision="86b5e0934494bd15c9632b12f734a8a67f723594")
MINILM = HubCheckpoint(
    repository="nreimers/MiniLM-L6-H384-uncased", revision="3276f0fac9d818781d7a1327b3ff818fc4e643c0"
)
IMDB = HubSentences(
    repository="stanfordnlp/imdb", revision="e6281661ce1c48d982bc483cf8a173c1bbeb5d31", config="plain_text"
)

SUITE = Suite(
    name="imdb-bert",
    checkpoint=BERT,
    corpus=IMDB,
    trains_unasked=False,
    variants=(
        Variant(name="baseline", starts_from=None, steps=(FineTune(learning_rate=2e-5, max_epochs=3, batch_size=16),)),
        Variant(
            name="llm-int8",
            starts_from="baseline",
            steps=(LLMInt8(threshold=1.0, fp32_cpu_offload=True),),
            budget=budget(1.0, 69.0),
        ),
        Variant(
            name="nf4-bf16", starts_from="baseline", steps=(Quantize4Bit(compute="bfloat16"),), budget=budget(0.6, 78.0)
        ),
        Variant(
            name="nf4-fp16", starts_from="baseline", steps=(Quantize4Bit(compute="float16"),), budget=budget(0.6, 78.0)
        ),
        Variant(
            name="student-minilm",
            starts_from="baseline",
            steps=(Distill(student=MINILM, learning_rate=5e-5, max_epochs=3),),
            budget=budget(4.4, 79.0),
        ),
    ),
)
