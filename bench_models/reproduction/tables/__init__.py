"""The published tables, one a module: figures exactly as printed. Their MB are MiB (2^20 bytes)."""
