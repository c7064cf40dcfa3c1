"""The store of trained weights and scorecards, each under its content key."""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench_models.home import figures, home
from bench_models.sealed import sealed_folder, write_atomically

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A folder of results that are never changed, only added; the one place with mutable state.

    Records lie in a folder of their own where ``records`` names one.
    """

    root: Path
    records: Path | None = None

    @classmethod
    def default(cls) -> "Store":
        """Return the store in the user's cache folder, or in ``BENCH_MODELS_HOME``.

        Within a check its records are those of one side alone: no key can cover all that makes a figure, and a
        figure that the other side wrote would hide the change that is looked for.
        """
        return cls(root=home(), records=figures())

    def trained(self, key: str, train: Callable[[Path], None], *, what: str) -> Path:
        """Return the folder of trained weights, calling ``train`` to fill it when it is not there."""
        return sealed_folder(self._weights(key), train, what=what)

    def has_trained(self, key: str) -> bool:
        """Say whether trained weights are there, whole or damaged."""
        return self._weights(key).is_dir()

    def put_record(self, kind: str, key: str, record: dict[str, Any]) -> None:
        """Keep a small record."""
        write_atomically(self._record(kind, key), json.dumps(record))

    def get_record(self, kind: str, key: str) -> dict[str, Any] | None:
        """Return a record, or None when there is none that can be read."""
        try:
            record: dict[str, Any] = json.loads(self._record(kind, key).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except ValueError as error:
            log.warning("%s is damaged (%s): measuring again", self._record(kind, key), error)
            return None
        return record

    def _weights(self, key: str) -> Path:
        return self.root / "weights" / key

    def _record(self, kind: str, key: str) -> Path:
        return (self.records or self.root) / kind / f"{key}.json"
