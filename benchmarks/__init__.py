"""The asv suites of this project."""
