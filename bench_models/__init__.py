"""A benchmark regression service for compressed transformer models."""


def __getattr__(name: str) -> str:
    """Return ``__version__``, which takes longer to find out than everything else that help needs."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import version

    return version("bench-models")
