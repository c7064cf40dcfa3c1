"""Budgets of a suite's variants: kept, broken or open, and how often training anew would break one by chance."""
