"""A benchmark regression service for compressed transformer models."""

from importlib.metadata import version

__version__ = version("bench-models")
