"""Pages beside asv's own: each variant now, its history, and the verdicts of checks."""
