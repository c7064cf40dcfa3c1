"""What runs in a side's own environment, with the standard library and asv_runner only."""
