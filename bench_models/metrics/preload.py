"""Importing this imports what every model needs, for a process that others are forked from.

Nothing is computed here: threads of PyTorch would not survive a fork, as those of numpy's BLAS do. Libraries of single
techniques are left to their rows: some change settings of the whole process.
"""

from importlib import import_module

from bench_models.recipes.classifier import leave_torchao_out

leave_torchao_out()
for _name in ("bert", "distilbert"):  # and with them nearly all that others need
    import_module(f"transformers.models.{_name}.modeling_{_name}")
