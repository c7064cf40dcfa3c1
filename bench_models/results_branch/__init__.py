"""The branch that keeps asv's results, stored checks and accepted regressions."""
