"""All published tables, in their order."""

from bench_models.reproduction.tables.bitsandbytes import BITSANDBYTES
from bench_models.reproduction.tables.five_variants import FIVE_VARIANTS
from bench_models.reproduction.tables.pruned_heads import PRUNED_HEADS
from bench_models.reproduction.tables.two_layers import TWO_LAYERS

TABLES = (FIVE_VARIANTS, BITSANDBYTES, TWO_LAYERS, PRUNED_HEADS)
