"""Where weights and sentences come from: pinned archives and local folders."""
