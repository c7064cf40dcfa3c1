"""Decisions on changes between two commits, without I/O."""
