"""Finds the benchmarks that a change can affect, by what their figures depend on; all others need no measuring.

Each side runs each benchmark once under observation (worker/observer.py). Where both sides enter the same code and read
the same files, HEAD computes what BASE computes, because the two would have to part where code or data differ. Whatever
cannot be followed counts as changed. A single run shows what a benchmark depends on only if the same code runs every
time; `--all` measures everything.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import msgspec
from tqdm import tqdm

from bench_models.check.both_sides import BothSides
from bench_models.check.planning import Planned, grouped
from bench_models.check.sides.changes import ChangedFiles
from bench_models.check.sides.process import BenchmarkFailedError, BenchmarkSkippedError, Process
from bench_models.check.sides.side import Side
from bench_models.check.worker import digests
from bench_models.check.worker.protocol import Message
from bench_models.errors import BenchModelsError
from bench_models.verdict.measurements import SIDES, Benchmark, SideName

log = logging.getLogger(__name__)

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
class Affected:
    """Which benchmarks a change cannot affect, with the reason, and why it may affect others."""

    unaffected: Mapping[Benchmark, str] = field(default_factory=dict)
    why: Mapping[Benchmark, str] = field(default_factory=dict)


def observable(planned: Sequence[Planned]) -> list[Planned]:
    """Return what each side runs from its own suite, in the same version and with the same terms."""
    return [each for each in planned if each.runs and each.suite == "own" and not each.redescribed]


def affected(
    both: BothSides, observed: Mapping[SideName, Side], planned: Sequence[Planned], changed: ChangedFiles
) -> Affected:
    """Run ``planned`` once under observation, on the sides that are ``observed``, and compare what the sides depend on.

    ``both`` has run each ``setup_cache``. A benchmark that cannot be observed is affected.
    """
    runs = [each for each in observable(planned) if both.progress.works(each)]
    seen: dict[SideName, dict[Benchmark, Observation | str]] = {}
    with ThreadPoolExecutor() as pool, tqdm(total=len(runs), unit="benchmark", leave=False, disable=None) as bar:
        bar.set_description("observing")
        began = {
            side: pool.submit(_observe, both, side, observed[side], runs, bar if side == "head" else None)
            for side in SIDES
        }
        seen = {side: future.result() for side, future in began.items()}
    unknown = _unknown_use(changed, [each for side in seen.values() for each in side.values()])
    cached = {each.benchmark: _cache_difference(both, each, runs, seen) for each in runs}
    differing = {each.benchmark: _difference(*(seen[side][each.benchmark] for side in SIDES)) for each in runs}
    why = {each: unknown or cached[each] or difference for each, difference in differing.items()}
    return Affected(
        unaffected={each: _same(seen["head"][each]) for each, reason in why.items() if not reason},
        why={each: reason for each, reason in why.items() if reason},
    )


def _observe(
    both: BothSides, side: SideName, observed: Side, planned: Sequence[Planned], bar: "tqdm[NoReturn] | None"
) -> dict[Benchmark, Observation | str]:
    """Run benchmarks on a side under observation; return what each depends on, or why that is not known."""
    seen: dict[Benchmark, Observation | str] = {}
    for group in grouped(planned).values():
        with observed.worker(from_nothing=group[0].from_nothing) as worker:
            last: Observation | str | None = None
            for each in group:
                # What one method leaves in the process, a later one depends on, too: the notes of a worker add up.
                last = last if isinstance(last, str) else _run(both, each, side, worker)
                seen[each.benchmark] = last
                if bar is not None:
                    bar.update()
    return seen


def _run(both: BothSides, planned: Planned, side: SideName, worker: Process) -> Observation | str:
    """Run one benchmark, and return what its worker has depended on so far."""

    def ask(do: str) -> None:
        worker.ask(planned.timeout_s, **both.request(planned, side, do))

    try:
        if planned.benchmark.kind == "value":
            ask("value")
            if planned.answers:
                ask("answers")
        else:
            ask("open")
            worker.ask(planned.timeout_s, do="block", benchmark=planned.benchmark.name, number=1)
            ask("close")
        return _observation(worker.ask(planned.timeout_s, do="observation"))
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
    files = _unlike(base.files, head.files)
    return f"{_listed([*code, *files])} changed" if code or files else ""


def _unlike(base: Mapping[str, str], head: Mapping[str, str]) -> list[str]:
    return sorted(name for name in base.keys() | head.keys() if base.get(name) != head.get(name))


def _unknown_use(changed: ChangedFiles, seen: Sequence[Observation | str]) -> str:
    """Return in words which changed files nobody was seen to read, though anybody may have, or nothing."""
    read = {name.removesuffix(", loaded") for each in seen if isinstance(each, Observation) for name in each.files}
    unknown = [name for name in changed.unseen if not read & changed.called(name)]
    return f"{_listed(unknown)} changed, and who reads that cannot be seen" if unknown else ""


def _cache_difference(
    both: BothSides,
    planned: Planned,
    runs: Sequence[Planned],
    seen: Mapping[SideName, Mapping[Benchmark, Observation | str]],
) -> str:
    """Return in words which files of a ``setup_cache`` differ, and were read by nobody who was seen, or nothing."""
    base, head = (_contents(both.cache_folder(planned, side)) for side in SIDES)
    alike = [each for each in runs if each.cache("head") == planned.cache("head")]
    read = {
        name
        for side in SIDES
        for each in alike
        if isinstance(observation := seen[side][each.benchmark], Observation)
        for name in observation.files
    }
    unknown = [name for name in _unlike(base, head) if name not in read]
    return f"{_listed(unknown)} of setup_cache differs" if unknown else ""


def _contents(folder: Path | None) -> dict[str, str]:
    if folder is None:
        return {}
    files = (file for file in folder.rglob("*") if file.is_file())
    return {f"cache/{file.relative_to(folder).as_posix()}": digests.of_file(str(file)) for file in files}


def _same(observation: Observation | str) -> str:
    count = len(observation.code) if isinstance(observation, Observation) else 0
    return f"nothing that it depends on changed: the same {count} functions and module bodies ran on both sides"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def told(found: Affected) -> Iterator[str]:
    """Yield sentences on what is measured, and why."""
    total = len(found.unaffected) + len(found.why)
    yield f"{len(found.unaffected)} of {total} benchmarks depend on nothing that changed"
    reasons = list(found.why.values())
    for reason in sorted(set(reasons), key=reasons.count, reverse=True)[:_NAMED]:
        yield f"{reasons.count(reason)} to measure, as {reason}"
