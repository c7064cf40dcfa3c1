"""Which variant to ship."""
