"""The hub's client, kept brief and quiet: it asks for half a minute, and tells of each try."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

_PATIENCE_S = 10.0


def ask_the_hub() -> None:
    """Ask once and briefly whether the hub is there; raises what the client's own library raises."""
    from huggingface_hub import constants, get_session

    if not constants.HF_HUB_OFFLINE:  # the client refuses by itself, at once
        get_session().head(constants.ENDPOINT, timeout=_PATIENCE_S)


def why_unanswered() -> Exception | None:
    """Return what keeps the hub from answering, or None when it does."""
    from huggingface_hub import errors

    try:
        ask_the_hub()
    except (OSError, errors.HTTPError) as error:  # type: ignore[attr-defined]  # of the client's own library
        return error
    return None


@contextmanager
def quiet() -> Iterator[None]:
    """Silence what the client says of each try; what goes wrong in the end is raised, and said in our words."""
    client = logging.getLogger("huggingface_hub")
    before = client.level
    client.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        client.setLevel(before)


@contextmanager
def offline(*, wanted: bool) -> Iterator[None]:
    """Let the client take what it has kept, without asking a hub again that did not answer."""
    from datasets import config
    from huggingface_hub import constants

    before = config.HF_HUB_OFFLINE, constants.HF_HUB_OFFLINE
    if wanted:
        config.HF_HUB_OFFLINE = constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        config.HF_HUB_OFFLINE, constants.HF_HUB_OFFLINE = before


@contextmanager
def without_bars() -> Iterator[None]:
    """Hide the bars that are drawn for each split of a dataset, some more than once."""
    from datasets.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    hidden = are_progress_bars_disabled()
    disable_progress_bars()
    try:
        yield
    finally:
        if not hidden:
            enable_progress_bars()
