"""Finds the benchmarks that a change can affect, by what their figures depend on; all others need no measuring.

Each side runs each benchmark once under observation (worker/observer.py). Where both sides enter the same code and read
the same files, HEAD computes what BASE computes, because the two would have to part where code or data differ. Whatever
cannot be followed counts as changed. A single run shows what a benchmark depends on only if the same code runs every
time.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import NamedTemporaryFile

import msgspec
from tqdm import tqdm

from bench_models.check.both_sides import BothSides
from bench_models.check.planning import Planned, grouped
from bench_models.check.sides.changes import ChangedFiles, contents, unlike
from bench_models.check.sides.process import BenchmarkFailedError, BenchmarkSkippedError, Process
from bench_models.check.sides.side import Side, Starter, discovered, elsewhere
from bench_models.check.worker import digests
from bench_models.check.worker.protocol import Message
from bench_models.checkout import in_short
from bench_models.errors import BenchModelsError
from bench_models.verdict.measurements import SIDES, Benchmark, SideName

NOTHING_CHANGED = "no file that a benchmark can depend on changed"
_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What the figure of a benchmark can depend on, on one side, as worker/observer.py reports it.

    ``code`` has an entry for each function and body that ran, with its file, name and digest; ``files`` has the digest
    of each file that was read, and ``unseen`` says what could not be followed.
    """

    code: frozenset[str]
    files: dict[str, str]
    unseen: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """Files of one side that differ from the other side's, and whether anybody read them.

    Native code opens files without Python's knowledge, but the file system notes when a file was last read. Where it
    does not, every file counts as read.
    """

    files: Mapping[str, Path]
    is_noted: bool

    def forget(self) -> None:
        """Take back that any was read: systems note a reading if it is the first one since the file was written."""
        for file in self.files.values():
            if file.is_file():
                os.utime(file, ns=(0, file.stat().st_mtime_ns))

    def read(self) -> dict[str, str]:
        """Return the digest of each file that was read since, by its name; what is missing may have been looked for."""
        names = [name for name, file in self.files.items() if not self._is_unread(file)]
        return {name: digests.of_file(str(self.files[name]), name=name) for name in names}

    def _is_unread(self, file: Path) -> bool:
        return self.is_noted and file.exists() and file.stat().st_atime_ns == 0


def notes_reading(folder: Path) -> bool:
    """Say whether the file system of a folder notes that a file was read."""
    with NamedTemporaryFile(dir=folder) as file:
        file.write(b"read")
        file.flush()
        probe = Watched(files={"probe": Path(file.name)}, is_noted=True)
        probe.forget()
        Path(file.name).read_bytes()
        return bool(probe.read())


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """Which benchmarks a change cannot affect, with the reason, and why it may affect others."""

    unaffected: Mapping[Benchmark, str] = field(default_factory=dict)
    why: Mapping[Benchmark, str] = field(default_factory=dict)


def observable(planned: Sequence[Planned]) -> list[Planned]:
    """Return what each side runs from its own suite, in the same version and with the same terms."""
    return [each for each in planned if each.runs and each.suite == "own" and not each.redescribed]


def affected(starter: Starter, changed: ChangedFiles, both: BothSides, planned: Sequence[Planned]) -> Affected:
    """Run ``planned`` once under observation on both sides, and compare what the sides depend on.

    ``both`` has run each ``setup_cache``. A benchmark that cannot be observed is affected.
    """
    runs = [each for each in observable(planned) if both.progress.works(each)]
    if changed.gone:
        reason = f"{in_short(changed.gone, _NAMED)} is not on both sides"
        return Affected(why={each.benchmark: reason for each in runs})
    noted = all(notes_reading(tree) for tree in changed.trees.values())
    data = {side: Watched(files=changed.data(side), is_noted=noted) for side in SIDES}
    for watched in data.values():
        watched.forget()
    with starter.observing(changed.furnished) as observed:
        discovered(observed)
        caches = _Caches(both)
        for planned_run in runs:  # before anybody is watched reading them
            caches.unlike(planned_run)
        sides = {
            side: _Observing(both=both, side=observed[side], data=data[side], imported=data[side].read(), caches=caches)
            for side in SIDES
        }
        with ThreadPoolExecutor() as pool, tqdm(total=2 * len(runs), unit="run", leave=False, disable=None) as bar:
            bar.set_description("observing")
            running = {side: pool.submit(sides[side].run, runs, bar.update) for side in SIDES}
            try:
                seen = {side: future.result() for side, future in running.items()}
            except BaseException:  # Ctrl-C, too: the other side would go on to its end
                for each in observed.values():
                    each.end()
                raise
    why = {each.benchmark: _difference(*(seen[side][each.benchmark] for side in SIDES)) for each in runs}
    return Affected(
        unaffected={each: _same(seen["head"][each]) for each, reason in why.items() if not reason},
        why={each: reason for each, reason in why.items() if reason},
    )


class _Caches:
    """The files of each ``setup_cache`` that differ between the sides."""

    def __init__(self, both: BothSides) -> None:
        """Compare each cache once."""
        self._both = both
        self._unlike: dict[str | None, list[str]] = {}

    def unlike(self, planned: Planned) -> list[str]:
        """Return the files that differ in the folders of a benchmark's ``setup_cache``, or are in one only."""
        key = planned.cache("head")
        if key not in self._unlike:
            self._unlike[key] = unlike(*(self._contents(planned, side) for side in SIDES))
        return self._unlike[key]

    def _contents(self, planned: Planned, side: SideName) -> dict[str, str]:
        folder = self.folder(planned, side)
        return contents(folder) if folder else {}

    def folder(self, planned: Planned, side: SideName) -> Path | None:
        """Return the folder of a benchmark's ``setup_cache`` on a side, if it has any."""
        return self._both.cache_folder(planned, side)


@dataclass(slots=True, kw_only=True)
class _Observing:
    """Runs benchmarks on one side under observation; ``imported`` are the data that importing the suite has read."""

    both: BothSides
    side: Side
    data: Watched
    imported: Mapping[str, str]
    caches: _Caches

    def run(self, planned: Sequence[Planned], done: Callable[[], object]) -> dict[Benchmark, Observation | str]:
        """Return what each benchmark depends on, or why that is not known; ``done`` is told of each."""
        seen: dict[Benchmark, Observation | str] = {}
        for group in grouped(planned).values():
            watched = self._watched(group[0])
            watched.forget()
            with self.side.worker(from_nothing=group[0].from_nothing) as worker:
                last: Observation | str | None = None
                for each in group:
                    # What one method leaves in the process, a later one depends on, too: the notes of a worker add up.
                    last = last if isinstance(last, str) else self._run(each, worker, watched)
                    seen[each.benchmark] = last
                    done()
        return seen

    def _watched(self, planned: Planned) -> Watched:
        """Return the files of this side, its cache included, that differ from the other side's."""
        folder = self.caches.folder(planned, self.side.name)
        cached = {f"cache/{name}": folder / name for name in self.caches.unlike(planned)} if folder else {}
        return Watched(files={**self.data.files, **cached}, is_noted=self.data.is_noted)

    def _run(self, planned: Planned, worker: Process, watched: Watched) -> Observation | str:
        """Run one benchmark, and return what its worker has depended on so far."""

        def ask(do: str) -> None:
            reply = worker.ask(planned.timeout_s, **self.both.request(planned, self.side.name, do))
            # Both sides would run the same code, whatever changed: measuring refuses that, and says so.
            foreign = elsewhere(self.side.name, reply.get("foreign_imports", {}))
            if foreign:
                raise BenchmarkFailedError(foreign)

        try:
            if planned.benchmark.kind == "value":
                ask("value")
                if planned.answers:
                    ask("answers")
            else:
                ask("open")
                worker.ask(planned.timeout_s, do="block", benchmark=planned.benchmark.name, number=1)
                ask("close")
            read = watched.read()
            found = _observation(worker.ask(planned.timeout_s, do="observation", of_process=planned.from_nothing))
            return replace(found, files={**found.files, **self.imported, **read})
        except BenchmarkSkippedError as skip:
            return f"it is skipped under observation: {skip}"
        except BenchmarkFailedError as error:
            return f"it fails under observation: {error}"


def _observation(reply: Message) -> Observation:
    try:
        return msgspec.convert(reply, Observation)
    except msgspec.ValidationError as error:
        raise BenchModelsError(f"the worker's observation is not as documented: {error}") from error


def _difference(base: Observation | str, head: Observation | str) -> str:
    """Return in words what the sides depend on that is not the same, or nothing."""
    for name, each in (("BASE", base), ("HEAD", head)):
        if isinstance(each, str):
            return f"on {name} {each}"
        if each.unseen:
            return f"on {name} {' and '.join(each.unseen)}, which cannot be followed"
    if isinstance(base, str) or isinstance(head, str):
        raise TypeError("both sides were observed")
    code = sorted({each.rpartition(" ")[0] for each in base.code ^ head.code})
    files = unlike(base.files, head.files)
    return f"{in_short([*code, *files], _NAMED)} changed" if code or files else ""


def _same(observation: Observation | str) -> str:
    count = len(observation.code) if isinstance(observation, Observation) else 0
    return f"nothing that it depends on changed: the same {count} functions and module bodies ran on both sides"


def unlike_environments(base: tuple[str, Mapping[str, str | None]], head: tuple[str, Mapping[str, str | None]]) -> str:
    """Return in words how two environments differ, each given as its Python and the versions of its libraries."""
    pythons = [] if base[0] == head[0] else [f"{base[0]} and {head[0]}"]
    libraries = [f"{name} {base[1].get(name)} and {head[1].get(name)}" for name in unlike(base[1], head[1])]
    return in_short([*pythons, *libraries], _NAMED) or "their pins"


def told(found: Affected) -> Iterator[str]:
    """Yield sentences on what is measured, and why."""
    total = len(found.unaffected) + len(found.why)
    yield f"{len(found.unaffected)} of {total} benchmarks depend on nothing that changed"
    reasons = list(found.why.values())
    for reason in sorted(set(reasons), key=reasons.count, reverse=True)[:_NAMED]:
        yield f"{reasons.count(reason)} to measure, as {reason}"
