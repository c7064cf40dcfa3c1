"""Weights and sentences from the hub, by name and pinned revision.

Weights are safetensors and sentences data files: nothing that could run is ever loaded. Where the environment
variable ``BENCH_MODELS_HUB`` names a folder that holds a repository under its name, such as
``distilbert/distilbert-base-uncased``, that is taken instead, whatever its revision, and no hub is asked.
"""

from bench_models.sources.hub.checkpoints import HubCheckpoint
from bench_models.sources.hub.sentences import HubSentences

__all__ = ["HubCheckpoint", "HubSentences"]
