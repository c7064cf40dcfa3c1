"""asv's result files, and the commits that asv has yet to measure."""
