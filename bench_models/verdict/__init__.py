"""Decisions, without I/O: budgets kept or broken, changes between two commits."""
