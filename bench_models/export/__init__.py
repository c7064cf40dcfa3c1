"""Handing a variant over for deployment: a file that loads without this package, checked before it is handed over."""
