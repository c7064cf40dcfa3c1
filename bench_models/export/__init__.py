"""Exports a variant for deployment: a file that loads without this package, checked before it appears."""
