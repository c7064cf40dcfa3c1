"""Which extra of this package brings a library, by the package's own metadata."""

import re
from importlib.metadata import PackageNotFoundError, requires

_OPTIONAL = re.compile(r"""([\w.-]+).*\bextra *== *["']([\w-]+)["']""")


def extra_with(library: str) -> str | None:
    """Return the first extra that brings a library, or None where none does."""
    try:
        declared = requires("bench-models") or ()
    except PackageNotFoundError:  # a source tree that is not installed
        return None
    found = (match.groups() for match in map(_OPTIONAL.match, declared) if match)
    return next((extra for name, extra in found if _plain(name) == _plain(library)), None)


def _plain(name: str) -> str:
    return name.lower().replace("-", "_").replace(".", "_")
