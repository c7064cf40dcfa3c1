"""The same results as a table for people and as JSON for programs."""
