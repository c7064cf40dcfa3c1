"""Runs the paired check of two commits, from git to a record."""

import logging
import math
import os
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bench_models.check.affected import NOTHING_CHANGED, affected, observable, told, unlike_environments
from bench_models.check.both_sides import BothSides, Progress
from bench_models.check.pair_runner import PairRunner
from bench_models.check.planning import Planned, SuiteName, chosen, described, plan, share, shares
from bench_models.check.record import Ending, Header, Record, Recorder, read
from bench_models.check.sampler import Sampler, ask_bases_own, try_one_sided
from bench_models.check.sides.changes import ChangedFiles
from bench_models.check.sides.commits import Commit, changed_files, changed_names, resolve, side_by_side
from bench_models.check.sides.environments import ASV, Project, furnish
from bench_models.check.sides.isolation import common_variables, one_check_at_a_time
from bench_models.check.sides.side import Side, Starter, Tree, discovered, make_alike
from bench_models.check.sides.suite import Discovery, left_out
from bench_models.checkout import checkout_here
from bench_models.errors import BenchModelsError
from bench_models.machine import this_machine
from bench_models.stats.sequential import LOOKS
from bench_models.verdict.measurements import SIDES, Benchmark, SideName

log = logging.getLogger(__name__)

_Suites = Mapping[SuiteName, Mapping[SideName, Side]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of a check.

    What the change cannot affect is left out. ``everything`` measures it, too, without finding out what that is, and
    ``audit`` finds it out and measures it. No pair begins after ``budget_minutes``.
    """

    base: str
    head: str
    output: Path
    config: Path = Path("asv.conf.json")
    interpreter: str = ASV
    threads: int = 1
    bench: str = ""
    shard: int = 1
    shards: int = 1
    spawn: bool = False
    itself: bool = False
    everything: bool = False
    audit: bool = False
    budget_minutes: float = math.inf
    pairs: int | None = None

    @property
    def observes(self) -> bool:
        """Whether the check finds out what the change can affect."""
        return self.audit or not self.everything


def check(options: Options) -> Record:
    """Measure both commits and return the record, which is complete up to the last pair.

    Ctrl-C ends the measuring, not the record. Raises ``BenchModelsError`` where nothing can be measured.
    """
    checkout = checkout_here()
    config = _inside(checkout.root, options.config)
    require_pattern(options.bench)
    project = Project(root=checkout.root, config=config)
    commits = resolve(checkout, options.base, options.head, itself=options.itself)
    log.info("BASE is %s, HEAD is %s", commits["base"], commits["head"])
    with ExitStack() as stack:
        scratch = stack.enter_context(one_check_at_a_time())
        started = time.monotonic()
        trees = stack.enter_context(side_by_side(checkout, commits, scratch))
        furnished, variables = furnish(
            project,
            commits,
            trees,
            scratch,
            options.interpreter,
            one_version=options.observes,
        )
        names = tuple(changed_names(checkout, commits, [Path()]))
        changed = ChangedFiles(names=names, furnished=furnished, trees=trees)
        starter = Starter(
            checkout=checkout,
            commits=commits,
            trees=trees,
            scratch=scratch,
            environment={**os.environ, **common_variables(options.threads), **variables},
            spawn=options.spawn,
            alike=changed.runs_alike and not (options.everything or options.audit),
        )
        sides, header, planned = _compared(options, starter, furnished, stack)
        mine = share(planned, options.shard, options.shards)
        _measure(options, header, sides, mine, started, partial(_unaffected, starter, changed, header))
    return read(options.output)


def require_pattern(bench: str) -> None:
    """Refuse a pattern that is not a regular expression, before anything begins."""
    try:
        re.compile(bench)
    except re.error as error:
        raise BenchModelsError(f"--bench {bench!r} is not a regular expression: {error}") from error


def _compared(
    options: Options, starter: Starter, furnished: Mapping[SideName, Tree], stack: ExitStack
) -> tuple[_Suites, Header, list[Planned]]:
    """Start both sides with their own suites, and BASE also with HEAD's where a benchmark needs it; plan the check."""
    own = dict(zip(SIDES, stack.enter_context(starter.started(*furnished.values())), strict=True))
    found, timeout_s = discovered(own), max(each.timeout_s for each in furnished.values())
    everything = _asked(plan(found, timeout_s), options.bench)
    sides: dict[SuiteName, Mapping[SideName, Side]] = {"own": own}
    if any(each.suite == "head" for each in everything):
        lent = stack.enter_context(starter.lent(furnished))
        sides["head"] = {**own, **({"base": lent.side} if lent.side else {})}
        make_alike([*own.values(), sides["head"]["base"]])
        everything = _asked(plan(found, timeout_s, lent.found), options.bench)
    if not everything:
        raise BenchModelsError(_nothing(found, options.bench))
    changes = changed_files(starter.checkout, starter.commits, _suites(starter, furnished))
    return sides, _header(options, starter.commits, found, everything, changes), everything


def _suites(starter: Starter, furnished: Mapping[SideName, Tree]) -> list[Path]:
    """Return the suites' folders relative to their trees, without those that a link leads out of their tree."""
    places = [(furnished[side].suite.resolve(), starter.trees[side].resolve()) for side in SIDES]
    return [suite.relative_to(tree) for suite, tree in places if suite.is_relative_to(tree)]


def _asked(planned: Sequence[Planned], bench: str) -> list[Planned]:
    return [each for each in planned if chosen(each, bench)]


def _measure(  # noqa: PLR0913, PLR0917  # what a check consists of
    options: Options,
    header: Header,
    suites: _Suites,
    mine: Sequence[Planned],
    started: float,
    unaffected: Callable[[BothSides, Sequence[Planned]], Mapping[Benchmark, str]],
) -> None:
    begun = {each.benchmark: each.not_measured() for each in mine}
    with Recorder(options.output, header, begun.values()) as recorder:
        progress = Progress(measurements=begun, recorder=recorder)
        both = BothSides(suites=suites, progress=progress)
        runner = PairRunner(both=both, one_core=options.threads == 1)
        ending: Ending = "crashed"
        try:
            needed, shared = mine, header.shares
            if options.observes:
                found = unaffected(both, mine)
                for benchmark, reason in found.items():
                    progress.add_unaffected(benchmark, reason)
                if found and not options.audit:
                    needed = [each for each in mine if each.benchmark not in found]
                    if options.shards == 1:  # of other shards, this one does not know how many they measure
                        shared = shares(needed)
                        recorder.shares(shared)
            _prepare(runner, needed)
            try_one_sided(both, needed)
            sampler = Sampler(runner=runner, shares=shared, ends_at=started + 60 * options.budget_minutes)
            looks = (options.pairs,) if options.pairs else LOOKS
            sampler.run(needed, looks, until_decided=options.pairs is None)
            ask_bases_own(both, needed)
            _require_time(options, sampler, needed)
            ending = "complete"
        except KeyboardInterrupt:
            ending = "interrupted"
            log.warning("interrupted: judging what was measured so far")
        except BenchModelsError as error:
            log.error("the check broke off, judging what was measured so far: %s", error)  # noqa: TRY400  # a sentence
        except Exception:
            log.exception("internal error, judging what was measured so far")
        finally:
            recorder.end(ending, time.monotonic() - started, runner.timer.timed_s)


def _require_time(options: Options, sampler: Sampler, planned: Sequence[Planned]) -> None:
    """Refuse to call a check complete in which benchmarks were not even looked at once."""
    unseen = sampler.unseen(planned) if time.monotonic() >= sampler.ends_at else ()
    if unseen:
        raise BenchModelsError(
            f"{options.budget_minutes:g} minutes are too few: {len(unseen)} of {len(planned)} benchmarks have fewer "
            f"pairs than the first look takes ({LOOKS[0]}); give more --budget-minutes, or ask for fewer with --bench"
        )


def _unaffected(
    starter: Starter, changed: ChangedFiles, header: Header, both: BothSides, planned: Sequence[Planned]
) -> Mapping[Benchmark, str]:
    """Return the benchmarks that the change cannot affect, with the reason."""
    runs = observable(planned)
    sides = [(header.python[side], header.libraries[side]) for side in SIDES]
    if not runs:
        return {}
    if header.environments != "one" or sides[0] != sides[1]:
        log.info("everything is measured, as the sides differ in their environments: %s", unlike_environments(*sides))
        return {}
    if not changed.of_benchmarks and changed.installed_alike:
        return {each.benchmark: NOTHING_CHANGED for each in runs}
    both.cache(runs)
    log.info("running %d benchmarks once under observation, to see what the change can affect", len(runs))
    try:
        found = affected(starter, changed, both, runs)
    except (BenchModelsError, OSError) as error:
        log.warning("what the change can affect was not found out, so everything is measured: %s", error)
        return {}
    for sentence in told(found):
        log.info("%s", sentence)
    return found.unaffected


def _header(
    options: Options,
    commits: Mapping[SideName, Commit],
    found: Mapping[SideName, Discovery],
    everything: Sequence[Planned],
    suite_changes: Sequence[str],
) -> Header:
    from_head = [each for each in everything if each.suite == "head"]
    rewritten = _names(each for each in from_head if not each.lacking)
    return Header(
        base=commits["base"].hash,
        head=commits["head"].hash,
        base_name=commits["base"].name,
        head_name=commits["head"].name,
        uncommitted=commits["head"].uncommitted,
        machines=(asdict(this_machine()),),
        threads=options.threads,
        python={side: found[side].python for side in SIDES},
        libraries={side: found[side].libraries for side in SIDES},
        environments="one" if found["base"].prefix == found["head"].prefix else "one each",
        rewritten=rewritten,
        redescribed=tuple(
            f"{each.benchmark}: {', '.join(each.redescribed)}" for each in everything if each.redescribed
        ),
        added=tuple(name for name in _names(from_head) if name not in rewritten),
        suite_changes=tuple(suite_changes),
        broken={side: found[side].broken for side in SIDES},
        shard=options.shard,
        shards=options.shards,
        plan={str(each.benchmark): described(each) for each in everything},
        shares=shares(everything),
        began=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _names(planned: Iterable[Planned]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.benchmark.name for each in planned))


def _prepare(runner: PairRunner, planned: Sequence[Planned]) -> None:
    """Run each ``setup_cache`` once a side, and find out what parents have to import for their workers."""
    runs = [each for each in planned if each.runs]
    runner.both.cache(runs)
    imported: dict[Side, dict[str, None]] = {}
    timed = [each for each in reversed(runs) if each.benchmark.kind == "time" and runner.progress.works(each)]
    for first in {(each.suite, each.benchmark.name.partition(".")[0]): each for each in timed}.values():
        for side, names in runner.rehearse(first).items():
            imported.setdefault(runner.both.of(first, side), {}).update(dict.fromkeys(names))
    for place, modules in imported.items():
        place.warm(list(modules))


def _inside(root: Path, config: Path) -> Path:
    """Return a configuration file relative to the repository; a path that exists here is meant first."""
    file = config if config.is_absolute() or not (Path.cwd() / config).is_file() else Path.cwd() / config
    try:
        return file.resolve().relative_to(root.resolve()) if file.is_absolute() else file
    except ValueError as error:
        raise BenchModelsError(f"{config} is outside the repository {root}, whose commits are compared") from error


def _nothing(found: Mapping[SideName, Discovery], bench: str) -> str:
    """Say why there is nothing to measure."""
    broken = {module: error for side in SIDES for module, error in found[side].broken.items()}
    if broken:
        return "the suite cannot be imported: " + "; ".join(f"{module}: {error}" for module, error in broken.items())
    unchecked = sorted({str(benchmark) for side in SIDES for benchmark in left_out(found[side])})
    asked = [name for name in unchecked if re.search(bench, name)]
    if asked:
        return (
            f"the suite leaves out of checks what matches {bench!r} (`check = False`): {', '.join(asked[:10])}"
            f"{' and more' if asked[10:] else ''}; ask for another benchmark, or take the attribute away"
        )
    names = sorted({benchmark.name for side in SIDES for benchmark in found[side].benchmarks})
    if names:
        return f"no benchmark matches {bench!r}; there are {', '.join(names[:10])}{' and more' if names[10:] else ''}"
    return "the suite has no benchmarks: asv looks for functions and methods named time_..., track_... and the like"
