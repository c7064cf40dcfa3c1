"""The figure of a report: latency, accuracy, size and their trade-off. Nothing else imports matplotlib."""
