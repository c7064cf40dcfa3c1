"""Importing this does what every model needs and no model changes, for a process that others are forked from.

No tensor is computed here: threads of PyTorch would not survive a fork, as those of numpy's BLAS do. Libraries of
single techniques are left to their rows: some change settings of the whole process.
"""

from importlib import import_module

from transformers.conversion_mapping import get_checkpoint_conversion_mapping

from bench_models import build
from bench_models.provenance import own_digest, source_digest
from bench_models.recipes import classifier, finetune

classifier.leave_torchao_out()
for _name in ("bert", "distilbert"):  # and with them nearly all that others need
    import_module(f"transformers.models.{_name}.modeling_{_name}")
# What a process would find out when it opens its first model, which takes twice as long then: patterns of names of
# weights, which transformers keeps, and digests of code, of which content keys are made.
get_checkpoint_conversion_mapping("bert")
for _module in (classifier, finetune):
    source_digest(_module.__name__)
own_digest(build.__name__)
