"""Published tables of compressed transformers, and what this project finds instead."""
