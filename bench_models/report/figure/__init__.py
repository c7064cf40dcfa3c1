"""The figure of a report: latency, accuracy, size, and what is traded for what. Only here is matplotlib imported."""
