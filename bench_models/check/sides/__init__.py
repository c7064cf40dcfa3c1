"""A side of a check: its commit, its environment, and the processes that run its suite."""
