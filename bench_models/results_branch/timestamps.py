"""Timestamps of stored files: in UTC, to the second, so that they sort as text."""

from datetime import UTC, datetime

_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


def written(at: datetime) -> str:
    """Return a moment as text."""
    return at.astimezone(UTC).strftime(_FORMAT)


def read(text: str) -> datetime:
    """Return the moment that a text names; raises ``ValueError`` for any other."""
    return datetime.strptime(text, _FORMAT).replace(tzinfo=UTC)
