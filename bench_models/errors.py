"""Errors that the user can fix; each message is one sentence."""


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
