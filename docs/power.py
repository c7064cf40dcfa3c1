"""How large a slow-down does the check find? Plant some, check, count: ``python docs/power.py --times 10``.

Each check judges a commit, in a clone, that slows down one variant by each size; the variants take
turns. It measures the latencies of these variants, and the figures of all. Whoever runs this needs the
trained variants in the store (`bench-models build`) and a machine that does nothing else; a check takes
minutes.
"""

import argparse
import json
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

from tabulate import tabulate

from bench_models.stats.proportions import proportion
from bench_models.suites.rotten_tomatoes import SUITE

ROOT = Path(__file__).resolve().parent.parent
SUITE_FILE = Path("bench_models/suites/rotten_tomatoes.py")
RUNTIME_FILE = Path("bench_models/runtimes/slowed.py")

RUNTIME = '''
"""Eager PyTorch that then does nothing for a share of the time that it took."""

import time
from dataclasses import dataclass

from bench_models.runtimes.eager import Eager


@dataclass(frozen=True, kw_only=True, repr=False)
class Slowed(Eager):
    pct: float

    def open(self, model, *, threads):
        session = Eager().open(model, threads=threads)

        def slowed(batch):
            began = time.perf_counter()
            answer = session(batch)
            end = began + (time.perf_counter() - began) * (1 + self.pct / 100)
            while time.perf_counter() < end:
                pass
            return answer

        return slowed

    # Its answers are those of Eager, so that the figures of slowed variants are not computed anew.
    def __repr__(self):
        return repr(Eager())


Slowed.__module__ = Eager.__module__
'''


def main() -> None:
    """Plant, check and print what was caught."""
    options = _options()
    found: dict[float, list[dict[str, str]]] = defaultdict(list)
    others: list[str] = []
    for number in range(options.times):
        names = [SUITE.names[(number + place) % len(SUITE.names)] for place in range(len(options.sizes))]
        planted = dict(zip(names, options.sizes, strict=True))
        slowed: dict[str, dict[str, str]] = {name: {} for name in names}
        for change in _checked(planted, options.output.resolve() / f"{number + 1:02d}")["changes"]:
            name, (*_, benchmark) = change["parameters"][0].strip("'"), change["benchmark"].split(".")
            if name in planted and benchmark.startswith("time_"):
                slowed[name][benchmark] = change["verdict"]
            else:
                others.append(change["verdict"])
        for name, pct in planted.items():
            found[pct].append(slowed[name])
            print(f"{pct:g} % in {name}: {slowed[name]}")
        print(_table(found))
        print(f"{others.count('regressed')} of {len(others)} verdicts on what was not slowed down are red", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=10, help="checks; default: %(default)s")
    parser.add_argument("--sizes", type=float, nargs="+", default=[2.0, 3.0, 5.0, 10.0], help="in percent")
    parser.add_argument("--output", type=Path, default=Path("results/power"))
    return parser.parse_args()


def _checked(planted: dict[str, float], output: Path) -> dict[str, list[dict[str, str]]]:
    """Return the report on a commit that slows variants down."""
    with TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        _run("git", "clone", "--quiet", str(ROOT), str(clone), cwd=ROOT)
        (clone / RUNTIME_FILE).write_text(RUNTIME, encoding="utf-8")
        suite = (clone / SUITE_FILE).read_text(encoding="utf-8")
        suite = suite.replace(
            "from bench_models.suites", "from bench_models.runtimes.slowed import Slowed\nfrom bench_models.suites", 1
        )
        for name, pct in planted.items():
            suite, count = re.subn(f'name="{name}",', f'name="{name}", runtime=Slowed(pct={pct}),', suite)
            if count != 1:
                raise SystemExit(f"{SUITE_FILE} has {count} variants {name}, not one")
        (clone / SUITE_FILE).write_text(suite, encoding="utf-8")
        _run("git", "add", "--all", cwd=clone)
        _run(
            "git", "-c", "user.name=Power", "-c", "user.email=power@localhost", "commit", "-qm", f"{planted}", cwd=clone
        )
        bench = f"Figures|'({'|'.join(planted)})'"
        command = ("check", "HEAD~1", "HEAD", "--python", "same", "--bench", bench, "--output", str(output))
        status = subprocess.run([sys.executable, "-m", "bench_models", *command], cwd=clone, check=False)
        if status.returncode not in {0, 1}:
            raise SystemExit(f"the check ended with status {status.returncode}")
    report: dict[str, list[dict[str, str]]] = json.loads((output / "report.json").read_text(encoding="utf-8"))
    return report


def _run(*command: str, cwd: Path) -> None:
    subprocess.run(command, cwd=cwd, check=True)


def _table(found: dict[float, list[dict[str, str]]]) -> str:
    rows = []
    for size, verdicts in found.items():
        caught = proportion(["regressed" in each.values() for each in verdicts])
        benchmarks = [verdict for each in verdicts for verdict in each.values()]
        rows.append(
            (
                f"{size:g} %",
                f"{sum('regressed' in each.values() for each in verdicts)} of {len(verdicts)}",
                f"{caught.low:.0%} to {caught.high:.0%}",
                *(
                    f"{benchmarks.count(verdict)} of {len(benchmarks)}"
                    for verdict in ("regressed", "undecided", "unchanged")
                ),
            )
        )
    headers = ("slow-down", "variants caught", "interval", "latencies regressed", "undecided", "unchanged")
    return tabulate(rows, headers=headers, tablefmt="github")


if __name__ == "__main__":
    main()
