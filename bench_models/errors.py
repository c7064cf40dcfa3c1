"""Errors that the user can put right, each of them one sentence."""


class BenchModelsError(Exception):
    """Something the user can mend: one sentence with what was given and what would be right.

    The command line prints the sentence without a traceback and exits with status 2.
    """


class EnvironmentTroubleError(BenchModelsError):
    """Nothing is wrong with a variant, but the machine cannot go on: no network, a full disk.

    A failing variant is reported and the next one is measured; this error stops the run instead,
    because every other variant would meet it too.
    """


class UnavailableError(EnvironmentTroubleError):
    """Weights or sentences cannot be had from the hub here and now; a suite made of them is skipped."""
