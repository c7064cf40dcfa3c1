"""An asv suite of two rows, an exported file and the variant that it was made of: what a model card times."""
