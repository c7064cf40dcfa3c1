"""The pull-request check: both commits, side by side, from git to a record."""

import logging
import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench_models.checkout import checkout_here
from bench_models.errors import BenchModelsError
from bench_models.machine import this_machine
from bench_models.paired import groups
from bench_models.paired.alone import alone
from bench_models.paired.channel import Message
from bench_models.paired.commits import Commit, changed_files, resolve, side_by_side
from bench_models.paired.environments import ASV, Project, furnish
from bench_models.paired.groups import Planned
from bench_models.paired.newcomers import try_one_sided
from bench_models.paired.notes import Notes
from bench_models.paired.pairing import Pairing
from bench_models.paired.process import SIDES, SideName
from bench_models.paired.record import Ending, Header, Record, Recorder, read
from bench_models.paired.sampling import Sampler
from bench_models.paired.sides import Side, Tree, discovered
from bench_models.stats.looks import LOOKS

log = logging.getLogger(__name__)

_THREADS = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)

# glibc decides by what happened before whether to hand a large buffer back after each call and to fault
# it in again at the next. That made equal processes differ by 20 %, far more than what a check looks for;
# docs/check.md shows it. Both sides keep their memory instead. Bytes; 32 MiB is the most that glibc takes.
_ALLOCATOR = {
    "MALLOC_MMAP_THRESHOLD_": str(32 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(16 * 2**30),
    "MALLOC_TOP_PAD_": str(256 * 2**20),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is asked of a check."""

    base: str
    head: str
    output: Path
    config: Path = Path("asv.conf.json")
    interpreter: str = ASV
    own_suites: bool = False
    threads: int = 1
    bench: str = ""
    shard: int = 1
    shards: int = 1
    spawn: bool = False
    itself: bool = False
    pairs: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compared:
    """Two commits, and the files of the suite that differ between them."""

    commits: Mapping[SideName, Commit]
    suite_changes: Sequence[str]


def check(options: Options) -> Record:
    """Measure both commits and return the record, which is complete up to wherever this ended.

    Ctrl-C ends the measuring, not the record. Raises ``BenchModelsError`` where nothing can be measured.
    """
    started = time.monotonic()
    checkout = checkout_here()
    config = _inside(checkout.root, options.config)
    require_pattern(options.bench)
    project = Project(root=checkout.root, config=config, own_suites=options.own_suites)
    commits = resolve(checkout, options.base, options.head, itself=options.itself)
    log.info("BASE is %s, HEAD is %s", commits["base"], commits["head"])
    with ExitStack() as stack:
        scratch = stack.enter_context(alone())
        trees = stack.enter_context(side_by_side(checkout, commits, scratch))
        furnished, variables = furnish(project, commits, trees, scratch, options.interpreter)
        suite = furnished["head"].suite.relative_to(trees["head"])
        compared = _Compared(commits=commits, suite_changes=changed_files(checkout, commits, suite))
        environment = {**os.environ, **_fixed(options.threads), **variables}
        sides = stack.enter_context(_started(furnished, scratch, environment))
        if options.spawn:
            for side in sides.values():
                side.spawn_only()
        _measure(options, compared, sides, started)
    return read(options.output)


def require_pattern(bench: str) -> None:
    """Refuse what is no regular expression, before anything is begun."""
    try:
        re.compile(bench)
    except re.error as error:
        raise BenchModelsError(f"--bench {bench!r} is not a regular expression: {error}") from error


def _measure(options: Options, compared: _Compared, sides: Mapping[SideName, Side], started: float) -> None:
    found = discovered(sides)
    everything = [
        each for each in groups.plan(found, sides["head"].tree.timeout_s) if groups.chosen(each, options.bench)
    ]
    mine = groups.share(everything, options.shard, options.shards)
    if not everything:
        raise BenchModelsError(_nothing(found, options.bench))
    header = _header(options, compared, found, everything, mine)
    with Recorder(options.output, header, [each.unmeasured() for each in mine]) as recorder:
        notes = Notes(observed={each.subject: each.unmeasured() for each in mine}, kept=recorder.add)
        pairing = Pairing(sides=sides, notes=notes, one_core=options.threads == 1)
        ending: Ending = "crashed"
        try:
            _prepare(pairing, mine)
            try_one_sided(pairing, mine)
            sampler = Sampler(pairing=pairing, elsewhere=header.elsewhere)
            fixed = options.pairs is not None
            sampler.run(mine, (options.pairs,) if options.pairs else LOOKS, until_decided=not fixed)
            ending = "complete"
        except KeyboardInterrupt:
            ending = "interrupted"
            log.warning("interrupted: judging what was measured so far")
        except BenchModelsError as error:
            log.error("the check broke off, judging what was measured so far: %s", error)  # noqa: TRY400  # a sentence
        except Exception:
            log.exception("internal error, judging what was measured so far")
        finally:
            recorder.end(ending, time.monotonic() - started, pairing.timed_s)


def _header(
    options: Options,
    compared: _Compared,
    found: Mapping[SideName, Message],
    everything: Sequence[Planned],
    mine: Sequence[Planned],
) -> Header:
    commits = compared.commits
    return Header(
        base=commits["base"].hash,
        head=commits["head"].hash,
        base_name=commits["base"].name,
        head_name=commits["head"].name,
        uncommitted=commits["head"].uncommitted,
        machines=(asdict(this_machine()),),
        threads=options.threads,
        python={side: found[side]["python"] for side in SIDES},
        libraries={side: found[side]["libraries"] for side in SIDES},
        environments="one" if found["base"]["prefix"] == found["head"]["prefix"] else "one each",
        suites="own" if options.own_suites else "head",
        suite_changes=tuple(compared.suite_changes),
        broken={side: found[side]["broken"] for side in SIDES},
        shard=options.shard,
        shards=options.shards,
        subjects=tuple(str(each.subject) for each in everything),
        elsewhere=sum(each.runs and each.by_chance for each in set(everything).difference(mine)),
        began=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _prepare(pairing: Pairing, planned: Sequence[Planned]) -> None:
    """Run each ``setup_cache`` once a side, and find out what parents are to import for their workers."""
    runs = [each for each in planned if each.runs]
    cached = {each.cache: each for each in reversed(runs) if each.cache}
    for key, first in cached.items():
        log.info("setup_cache of %s, on either side", key)
        pairing.cache(first, [each for each in planned if each.cache == key])
    imported: dict[SideName, dict[str, None]] = {side: {} for side in SIDES}
    timed = [each for each in reversed(runs) if each.subject.kind == "time" and pairing.notes.works(each)]
    for first in {each.subject.benchmark.partition(".")[0]: each for each in timed}.values():
        for side, names in pairing.rehearse(first).items():
            imported[side] |= dict.fromkeys(names)
    for side in SIDES:
        pairing.sides[side].warm(list(imported[side]))


@contextmanager
def _started(
    trees: Mapping[SideName, Tree], scratch: Path, environment: dict[str, str]
) -> Iterator[dict[SideName, Side]]:
    """Start both sides at once, and end them and all that they started."""
    sides = {side: Side(trees[side], scratch, environment) for side in SIDES}
    try:
        for side in sides.values():
            side.start()
        yield sides
    finally:
        for side in sides.values():
            side.end()


def _fixed(threads: int) -> dict[str, str]:
    """Return the variables that are the same on both sides, whatever the caller's are."""
    return {
        **dict.fromkeys(_THREADS, str(threads)),
        **({"OMP_WAIT_POLICY": "PASSIVE"} if threads > 1 else {}),
        **_ALLOCATOR,
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _inside(root: Path, config: Path) -> Path:
    """Return where a configuration lies within the repository."""
    file = config if config.is_absolute() or not (Path.cwd() / config).is_file() else Path.cwd() / config
    try:
        return file.resolve().relative_to(root.resolve()) if file.is_absolute() else file
    except ValueError as error:
        raise BenchModelsError(f"{config} is outside the repository {root}, whose commits are compared") from error


def _nothing(found: Mapping[SideName, Message], bench: str) -> str:
    """Return why there is nothing to measure."""
    broken = {module: error for side in SIDES for module, error in found[side]["broken"].items()}
    if broken:
        return "the suite cannot be imported: " + "; ".join(f"{module}: {error}" for module, error in broken.items())
    left_out = sorted({str(subject) for side in SIDES for subject in groups.left_out(found[side])})
    asked = [name for name in left_out if re.search(bench, name)]
    if asked:
        return (
            f"the suite leaves out of checks what matches {bench!r} (`check = False`): {', '.join(asked[:10])}"
            f"{' and more' if asked[10:] else ''}; ask for another benchmark, or take the attribute away"
        )
    names = sorted({benchmark["name"] for side in SIDES for benchmark in found[side]["benchmarks"]})
    if names:
        return f"no benchmark matches {bench!r}; there are {', '.join(names[:10])}{' and more' if names[10:] else ''}"
    return "the suite has no benchmarks: asv looks for functions and methods named time_..., track_... and the like"
