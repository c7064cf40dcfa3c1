"""A script that imports a module of benchmarks and runs each in a process of its own, all of it under observation.

It is called with a folder. For each function ``track_...`` of ``folder/suite.py`` it prints what that returns, and what
it can depend on.
"""

import importlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from bench_models.check.worker.observer import Observer


def main(folder: str) -> None:
    """Import the suite in one process, and run each benchmark in a fork of it."""
    sys.path.insert(0, folder)
    sys.dont_write_bytecode = True
    observer = Observer({"tree": folder})
    with observer.watching():
        suite = importlib.import_module("suite")
    found = {name: _forked(observer, getattr(suite, name)) for name in vars(suite) if name.startswith("track_")}
    sys.stdout.write(json.dumps(found))


def _forked(observer: Observer, benchmark: Callable[[], object]) -> dict[str, object]:
    read, write = os.pipe()
    if os.fork() == 0:
        with observer.watching(imports_count=True):
            try:
                value = benchmark()
            except Exception as error:  # noqa: BLE001  # which the test compares
                value = repr(error)
        Path(f"/dev/fd/{write}").write_text(json.dumps({"value": value, **observer.report()}), encoding="utf-8")
        os._exit(0)
    os.close(write)
    with os.fdopen(read, encoding="utf-8") as pipe:
        said = pipe.read()
    os.wait()
    told: dict[str, object] = json.loads(said)
    return told


if __name__ == "__main__":
    main(sys.argv[1])
