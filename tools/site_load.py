"""Measures the time and memory that our pages add to publishing a long history, against asv alone.

``python tools/site_load.py`` makes 1,000 empty commits with results of 20 variants x 8 metrics, in a folder of its own
that is removed again, and publishes it without our pages and with them.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from support.site_project import Project, make  # noqa: E402  # found by the line above

# With a suite of budgets the site draws its figure, too.
SUITE = """
from dataclasses import replace

from bench_models.suites.rotten_tomatoes import SUITE as KNOWN

BASELINE = KNOWN.baseline
COMMON = replace(KNOWN.variants[1], starts_from=BASELINE.name)
VARIANTS = [replace(COMMON, name=name) for name in {names}[1:]]
SUITE = replace(KNOWN, name="load", variants=(BASELINE, *VARIANTS))
"""

LONGEST_EXTRA_S, MOST_MIB = 60.0, 1024.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one run took; the memory is that of its largest process."""

    wall_s: float
    mib: float


def publish(project: Project, command: list[str], *, plugins: list[str]) -> Cost:
    """Publish in a process of its own, which reports its memory as it ends."""
    file = project.root / "asv.conf.json"
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | {"plugins": plugins}), encoding="utf-8")
    before = time.perf_counter()
    done = subprocess.run(
        [sys.executable, __file__, "--inside", *command],
        cwd=project.root,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Cost(wall_s=time.perf_counter() - before, mib=float(done.stdout.split()[-1]))


def inside(command: list[str]) -> None:
    """Run a command and print the memory of the largest process below this one, in MiB."""
    subprocess.run([sys.executable, "-m", *command], stdout=subprocess.DEVNULL, check=True)
    sys.stdout.write(f"{resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024}\n")


def main() -> int:
    """Measure, print, and return 1 when our pages cost more than they may."""
    if "--inside" in sys.argv:
        inside(sys.argv[2:])
        return 0
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--commits", type=int, default=1000)
    parser.add_argument("--variants", type=int, default=20)
    options = parser.parse_args()
    with TemporaryDirectory() as scratch:
        names = ("baseline", *(f"variant{number:02d}" for number in range(1, options.variants)))
        project = make(Path(scratch) / "project", commits=options.commits, variants=names, suite="load")
        (project.root / "benchmarks").mkdir()
        (project.root / "benchmarks" / "load.py").write_text(SUITE.format(names=names), encoding="utf-8")
        alone = publish(project, ["asv", "publish"], plugins=[])
        both = publish(project, ["asv", "publish"], plugins=[".bench_models.site.plugin"])
        figures = len(list((project.html / "bench-models").glob("*.svg")))
        ours = sum(file.stat().st_size for file in (project.html / "bench-models").iterdir()) / 2**20
    extra = both.wall_s - alone.wall_s
    print(f"{options.commits} commits x {options.variants} variants x 8 metrics")
    print(f"asv publish alone:        {alone.wall_s:6.1f} s, {alone.mib:6.0f} MiB at most")
    print(f"with our pages:           {both.wall_s:6.1f} s, {both.mib:6.0f} MiB at most")
    print(f"our pages:                {ours:6.1f} MiB, {figures} figures")
    print(f"over what asv alone took: {extra:6.1f} s, {LONGEST_EXTRA_S:.0f} allowed; memory: {MOST_MIB:.0f} allowed")
    return 1 if extra > LONGEST_EXTRA_S or both.mib > MOST_MIB else 0


if __name__ == "__main__":
    sys.exit(main())
