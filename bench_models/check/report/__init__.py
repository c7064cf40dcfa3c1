"""The report of a pull-request check."""
