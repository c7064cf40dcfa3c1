"""Is a check right to leave benchmarks of other projects out, and what does it save? Judges their published versions.

    python tools/affected.py                        # every pair of versions; a quarter of an hour
    python tools/affected.py --only flox            # the pairs whose title matches
    python tools/affected.py --table                # the table of docs/check.md, of what was judged before

Consecutive versions of projects with an asv suite become commits: the archive of a version is unpacked, committed, and
replaced by that of the next one. Each pair is judged twice, by a check and with ``--audit``, which measures everything.
Whatever the first leaves out and the second calls changed is noise or a hole in what can be observed; the last column
names how many, and status 1 results.

What pins libraries stays as the first version of a pair has it. Otherwise each side has an environment of its own, and
nothing is left out. The interpreter has the libraries of all three projects; it is made below ``--output``.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatch
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from in_clone import ROOT, commit, environment, git
from tabulate import tabulate

from bench_models.check.report.document import Report
from bench_models.sources.archives import PinnedArchive
from bench_models.storage import home

# What the suites import, and what builds the packages: builds in isolation would install numpy and scipy each time.
LIBRARIES = (
    "asv_runner",
    "bottleneck",
    "dask[array]==2026.8.0",
    "numpy_groupies==0.16.0",
    "pandas",
    "properscoring==0.1",
    "scipy",
    "setuptools==84.2.1",
    "setuptools-scm==10.3.4",
    "statsmodels==0.15.0",
    "toolz==1.2.0",
    "wheel==0.48.0",
    "xarray==2026.9.0",
    "xhistogram==0.3.2",
)

# What is no part of a commit: the build of the archive has made it.
MADE = ("PKG-INFO", "*.egg-info/*", "*/_version.py")
# What pins libraries, as far as these projects have it.
PINS = ("pyproject.toml", "*.lock", "*environment*.yml")

# How the pairs of versions are judged.
WAYS: dict[str, tuple[str, ...]] = {"affected": (), "audit": ("--audit",)}
CHANGED = ("regressed", "improved", "lost")
# pip builds the packages with what the interpreter has.
BUILDS = {"PIP_NO_BUILD_ISOLATION": "false"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two versions of a project, and which of its benchmarks are judged."""

    base: PinnedArchive
    head: PinnedArchive
    bench: str

    @property
    def title(self) -> str:
        """The project and its two versions."""
        name, _, version = self.base.requirement.partition("==")
        return f"{name} {version} to {self.head.requirement.partition('==')[2]}"


def _archive(name: str, version: str, sha256: str) -> PinnedArchive:
    return PinnedArchive(
        requirement=f"{name}=={version}", filename=f"{name}-{version}.tar.gz", sha256=sha256, is_sdist=True
    )


FLOX = [
    _archive("flox", "0.11.1", "247463f4c9b456d821fc1f60712caa1460559dc8fa6149b463487d2fb9524800"),
    _archive("flox", "0.11.2", "ca48d391e4a06cdf1c24368bf73114191851149611a5b318d82436fa713efdf0"),
]
XSKILLSCORE = [
    _archive("xskillscore", "0.0.27", "89a9f728f0a6b45b88b4f3bdaebf1a541923b58fca2c0abcad274d971ec121b2"),
    _archive("xskillscore", "0.0.28", "e003bba66d2d244524f5b9fa9b152a71b09646d25beda42622b0eb7fd84c05c5"),
    _archive("xskillscore", "0.0.29", "34375e86ea5e2ac710e52b8eb8e77c7acb5b2782aa6c67e863c71e4ae202dd74"),
]
XARRAY = [
    _archive("xarray", "2025.10.0", "d92c847f73c67a1cff8ca5571289af5cd2501353f93ada1bee702214c42824f0"),
    _archive("xarray", "2025.10.1", "3c2b5ad7389825bd624ada5ff26b01ac54b1aae72e2fe0d724d81d40a2bf5785"),
]
OF_FLOX = r"^cohorts\.(PerfectMonthly|OISST)\.(time|track_num_cohorts)|^reduce\.Quantile"
OF_XSKILLSCORE = r"^(deterministic|probabilistic)\.Compute_small\.time.*(rmse|mae|crps_gaussian|brier)"
OF_XARRAY = r"^repr\.Repr\.|^merge\.DatasetAddVariable.*\(100\)"
PAIRS = (
    Pair(base=FLOX[0], head=FLOX[1], bench=OF_FLOX),
    Pair(base=XSKILLSCORE[0], head=XSKILLSCORE[1], bench=OF_XSKILLSCORE),
    Pair(base=XSKILLSCORE[1], head=XSKILLSCORE[2], bench=OF_XSKILLSCORE),
    Pair(base=XARRAY[0], head=XARRAY[1], bench=OF_XARRAY),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What both ways to judge a pair came to.

    ``wrong`` are the benchmarks that a check leaves out and that the full measurement calls changed.
    """

    title: str
    changed: int
    benchmarks: int
    left_out: int
    wrong: tuple[str, ...]
    seconds: Mapping[str, float]


def main() -> None:
    """Judge each pair both ways, and print the table."""
    options = _options()
    output = options.output.resolve()
    chosen = [pair for pair in PAIRS if re.search(options.only, pair.title)]
    if not chosen:
        raise SystemExit(f"no pair matches {options.only!r}; there are {', '.join(pair.title for pair in PAIRS)}")
    if not options.table:
        python = _interpreter(output / "libraries")
        for pair in chosen:
            judged = _judged(pair, python, output)
            _file(output, pair).write_text(json.dumps(asdict(judged), indent=2) + "\n", encoding="utf-8")
    files = [file for pair in PAIRS if (file := _file(output, pair)).exists()]
    found = [Judged(**json.loads(file.read_text(encoding="utf-8"))) for file in files]
    print(table(found))
    for each in found:
        for name in each.wrong:
            print(f"{each.title}: {name} was left out, and is changed")
    sys.exit(1 if any(each.wrong for each in found) else 0)


def table(found: Sequence[Judged]) -> str:
    """Return the table of docs/check.md."""
    headers = ("versions", "files changed", "benchmarks", "left out", "with", "without", "left out, but changed")
    rows = [
        (
            each.title,
            each.changed,
            each.benchmarks,
            each.left_out,
            *(f"{each.seconds[way]:.0f} s" for way in WAYS),
            len(each.wrong),
        )
        for each in found
    ]
    return tabulate(rows, headers=headers, tablefmt="github")


def compared(title: str, changed: int, affected: Report, audit: Report) -> Judged:
    """Return what the reports of both ways come to.

    Each run observes by itself: what the first one left out is looked up in the second one, and what the second one
    would have left out, too.
    """
    left_out = affected.unaffected or ()
    doubtful = {str(row) for row in audit.rows if row.verdict in CHANGED and str(row) in left_out}
    return Judged(
        title=title,
        changed=changed,
        benchmarks=len(audit.rows),
        left_out=len(affected.not_needed),
        wrong=tuple(sorted(doubtful | {str(row) for row in audit.doubtful})),
        seconds={"affected": affected.wall_s, "audit": audit.wall_s},
    )


def is_like(name: str, patterns: Sequence[str]) -> bool:
    """Say whether a file is one of these, in whichever folder."""
    return any(fnmatch(f"/{name}", f"*/{pattern}") for pattern in patterns)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", metavar="REGEX", help="only pairs whose title matches")
    parser.add_argument("--table", action="store_true", help="judge nothing, and print the table of what was judged")
    parser.add_argument("--output", type=Path, default=Path("results/affected"))
    return parser.parse_args()


def _interpreter(folder: Path) -> Path:
    """Return an interpreter with the libraries of all projects, made once."""
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        install = (str(python), "-m", "pip", "install", "--quiet", "--constraint", str(ROOT / "constraints.txt"))
        subprocess.run([*install, *LIBRARIES], check=True)
        (folder / "ready").touch()
    return python


def _judged(pair: Pair, python: Path, output: Path) -> Judged:
    with TemporaryDirectory() as folder:
        root = Path(folder) / "repository"
        pinning = _committed(pair.base, root, {})
        _committed(pair.head, root, pinning)
        names = subprocess.run(
            ["git", "diff", "--name-only", "HEAD~1"], cwd=root, check=True, stdout=subprocess.PIPE, text=True
        ).stdout.splitlines()
        reports = {way: _checked(root, python, pair, way, output) for way in WAYS}
    return compared(pair.title, len(names), reports["affected"], reports["audit"])


def _committed(archive: PinnedArchive, root: Path, pinning: Mapping[str, bytes]) -> dict[str, bytes]:
    """Replace what a repository holds by an archive, but for what pins libraries, which is returned."""
    root.mkdir(exist_ok=True)
    if not (root / ".git").exists():
        git("init", "--quiet", "--initial-branch=main", cwd=root)
    for each in root.iterdir():
        if each.is_dir() and each.name != ".git":
            shutil.rmtree(each)
        elif each.is_file():
            each.unlink()
    with TemporaryDirectory() as folder, tarfile.open(archive.fetch(home())) as packed:
        packed.extractall(folder, filter="data")
        (inside,) = Path(folder).iterdir()
        shutil.copytree(inside, root, symlinks=True, dirs_exist_ok=True)
    files = [each.relative_to(root).as_posix() for each in root.rglob("*") if each.is_file()]
    files = [name for name in files if not name.startswith(".git/")]
    for name in files:
        if is_like(name, MADE) or (pinning and is_like(name, PINS)):
            (root / name).unlink()
    for name, content in pinning.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    commit(root, archive.requirement)
    return {name: (root / name).read_bytes() for name in files if not pinning and is_like(name, PINS)}


def _checked(root: Path, python: Path, pair: Pair, way: str, output: Path) -> Report:
    """Check a repository's last commit against the one before in one of the ways."""
    results = output / pair.title.replace(" ", "-") / way
    shutil.rmtree(results, ignore_errors=True)
    command = [sys.executable, "-m", "bench_models", "check", "HEAD~1", "HEAD", *WAYS[way], "--output", str(results)]
    command += ["--config", "asv_bench/asv.conf.json", "--python", str(python), "--bench", pair.bench]
    done = subprocess.run(command, cwd=root, check=False, env={**environment(ROOT), **BUILDS})
    if done.returncode not in {0, 1}:
        print(f"{pair.title}: the check ended with status {done.returncode}, see {results}", file=sys.stderr)
    return msgspec.json.decode((results / "report.json").read_bytes(), type=Report)


def _file(output: Path, pair: Pair) -> Path:
    return output / f"{pair.title.replace(' ', '-')}.json"


if __name__ == "__main__":
    main()
