"""The steps that make a variant, one file a family."""
