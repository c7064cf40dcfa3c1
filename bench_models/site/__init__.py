"""Pages beside asv's own: what a variant is like now, what became of it, and what checks said."""
