"""Which extra of this package brings a library that is not installed, by the package's own metadata."""

import re
from importlib.metadata import PackageNotFoundError, requires

_OPTIONAL = re.compile(r"""([\w.-]+).*\bextra *== *["']([\w-]+)["']""")


def extra_for(error: BaseException | None) -> tuple[str, str] | None:
    """Return the library that an import did not find, and the extra with it; None where no extra would help."""
    if not isinstance(error, ModuleNotFoundError) or not error.name:
        return None
    library = error.name.partition(".")[0]
    try:
        declared = requires("bench-models") or ()
    except PackageNotFoundError:  # a source tree that is not installed
        return None
    found = (match.groups() for match in map(_OPTIONAL.match, declared) if match)
    return next(((library, extra) for name, extra in found if _normal(name) == _normal(library)), None)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
