"""Two commits side by side on one machine."""
