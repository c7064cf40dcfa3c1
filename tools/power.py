"""How large a slow-down does the check find? Plant some, check, count: ``python tools/power.py --times 10``.

Each check judges a commit, in a clone, that slows down one variant by each size; the variants take
turns. It measures these variants and some beside them, which must not be called slower. Whoever runs
this needs the trained variants in the store (`bench-models build`) and a machine that does nothing else;
a check takes minutes.
"""

import argparse
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import in_clone
from tabulate import tabulate

from bench_models.stats.proportions import proportion
from bench_models.suites.rotten_tomatoes import SUITE

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
    found: dict[float, list[dict[str, dict[str, Any]]]] = defaultdict(list)
    others: list[str] = []
    for number in range(options.times):
        count = len(options.sizes) + options.beside
        rows = [options.rows[(number + place) % len(options.rows)] for place in range(min(count, len(options.rows)))]
        planted = dict(zip(rows, options.sizes, strict=False))
        slowed: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in planted}
        for change in _checked(planted, rows, options.output.resolve() / f"{number + 1:02d}", options.bench)["changes"]:
            name, (*_, benchmark) = change["parameters"][0].strip("'"), change["benchmark"].split(".")
            if name in planted and benchmark.startswith("time_"):
                slowed[name][benchmark] = change
            elif change["verdict"] != "skipped":
                others.append(change["verdict"])
        for name, pct in planted.items():
            found[pct].append(slowed[name])
            print(f"{pct:g} % in {name}: {', '.join(_in_words(*each) for each in slowed[name].items())}")
        print(_table(found))
        print(f"{others.count('regressed')} of {len(others)} verdicts on what was not slowed down are red", flush=True)


def _in_words(benchmark: str, change: dict[str, Any]) -> str:
    return f"{benchmark} {change['verdict']} after {change['pairs']} pairs"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=10, help="checks; default: %(default)s")
    parser.add_argument("--sizes", type=float, nargs="+", default=[2.0, 3.0, 4.0, 5.0, 10.0], help="in percent")
    parser.add_argument("--bench", default="Latency", metavar="REGEX", help="only benchmarks whose name matches")
    parser.add_argument(
        "--rows", nargs="+", default=SUITE.names, choices=SUITE.names, metavar="VARIANT", help="these take turns"
    )
    parser.add_argument("--beside", type=int, default=2, help="rows that are not slowed down; default: %(default)s")
    parser.add_argument("--output", type=Path, default=Path("results/power"))
    return parser.parse_args()


def _checked(planted: dict[str, float], rows: list[str], output: Path, bench: str) -> dict[str, Any]:
    """Return the report on a commit that slows variants down."""
    with in_clone.clone() as there:
        plant(there, planted)
        return in_clone.checked(there, output, in_clone.benchmarks_of(rows, bench), rows)


def plant(there: Path, planted: dict[str, float]) -> None:
    """Commit in a clone that each variant is so many percent slower."""
    (there / RUNTIME_FILE).write_text(RUNTIME, encoding="utf-8")
    suite = (there / SUITE_FILE).read_text(encoding="utf-8")
    suite = suite.replace(
        "from bench_models.suites", "from bench_models.runtimes.slowed import Slowed\nfrom bench_models.suites", 1
    )
    for name, pct in planted.items():
        suite, count = re.subn(f'name="{name}",', f'name="{name}", runtime=Slowed(pct={pct}),', suite)
        if count != 1:
            raise SystemExit(f"{SUITE_FILE} has {count} variants {name}, not one")
    (there / SUITE_FILE).write_text(suite, encoding="utf-8")
    in_clone.commit(there, f"{planted}")


def _table(found: dict[float, list[dict[str, dict[str, Any]]]]) -> str:
    headers = (
        "slow-down",
        "variants caught",
        "interval",
        "latencies regressed",
        "undecided",
        "unchanged",
        "pairs each",
    )
    return tabulate([_row(*each) for each in found.items()], headers=headers, tablefmt="github")


def _row(size: float, variants: list[dict[str, dict[str, Any]]]) -> tuple[str, ...]:
    latencies = [change for each in variants for change in each.values()]
    verdicts = [change["verdict"] for change in latencies]
    caught = [any(change["verdict"] == "regressed" for change in each.values()) for each in variants]
    share = proportion(caught)
    return (
        f"{size:g} %",
        f"{sum(caught)} of {len(caught)}",
        f"{share.low:.0%} to {share.high:.0%}",
        *(f"{verdicts.count(each)} of {len(verdicts)}" for each in ("regressed", "undecided", "unchanged")),
        f"{sum(change['pairs'] for change in latencies) / max(1, len(latencies)):.1f}",
    )


if __name__ == "__main__":
    main()
