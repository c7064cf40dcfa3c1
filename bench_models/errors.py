"""Errors that the user can fix, each message one sentence, and the extra that brings a missing library."""

import re

_OPTIONAL = re.compile(r"""([\w.-]+).*\bextra *== *["']([\w-]+)["']""")


class BenchModelsError(Exception):
    """An error that the user can fix; the message says what was given and what is expected.

    The command line prints the sentence without a traceback and exits with status 2.
    """


class EnvironmentTroubleError(BenchModelsError):
    """The machine cannot go on, and no variant is to blame: no network, a full disk.

    A failing variant is reported and the next one is measured; this error stops the run instead,
    because every other variant would meet it too.
    """


class UnavailableError(EnvironmentTroubleError):
    """Weights or sentences cannot be downloaded from the hub; a suite made of them is skipped."""


def extra_for(error: BaseException | None) -> tuple[str, str] | None:
    """Return the library that an import did not find, and the extra with it; None where no extra would help."""
    if not isinstance(error, ModuleNotFoundError) or not error.name:
        return None
    from importlib.metadata import PackageNotFoundError, requires

    library = error.name.partition(".")[0]
    try:
        declared = requires("bench-models") or ()
    except PackageNotFoundError:  # a source tree that is not installed
        return None
    found = (match.groups() for match in map(_OPTIONAL.match, declared) if match)
    return next(((library, extra) for name, extra in found if _normal(name) == _normal(library)), None)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
