"""The published tables, one a module: figures exactly as printed. Their MB are MiB (2^20 bytes)."""

from reproduction.tables.bitsandbytes import BITSANDBYTES
from reproduction.tables.five_variants import FIVE_VARIANTS
from reproduction.tables.pruned_heads import PRUNED_HEADS
from reproduction.tables.two_layers import TWO_LAYERS

# In their order on the page.
TABLES = (FIVE_VARIANTS, BITSANDBYTES, TWO_LAYERS, PRUNED_HEADS)
