"""Does the check stay green when a commit changes nothing? ``python tools/harmless.py --rows baseline int8-dynamic``.

Each check judges a commit, in a clone, that tidies a file which the timed path runs: dead code, renamed locals,
functions, methods and imports in another order, docstrings, named results, constants written out. Status 1 if one
is red. Whoever runs this needs the trained variants in the store (`bench-models build`) and a machine that does
nothing else; a check takes minutes.
"""

import argparse
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import edits
import in_clone
from tabulate import tabulate

from bench_models.stats.proportions import proportion
from bench_models.suites.rotten_tomatoes import SUITE

EAGER = "bench_models/runtimes/eager.py"
SESSION = "bench_models/runtimes/session.py"
QUANTIZE = "bench_models/recipes/quantize_dynamic.py"
LATENCY = "bench_models/metrics/latency.py"
SCORECARD = "bench_models/metrics/scorecard.py"
MEASURES = "benchmarks/measures.py"
# What all training reads, so that its code is part of the content keys: only words may change there.
TOKENS = "bench_models/tokenizer.py"

COMMITS: tuple[tuple[str, edits.Edit], ...] = (
    (EAGER, edits.with_dead_code),
    (EAGER, edits.with_locals_renamed),
    (EAGER, edits.with_imports_reordered),
    (EAGER, edits.with_results_named),
    (EAGER, edits.reformatted),
    (QUANTIZE, edits.with_dead_code),
    (QUANTIZE, edits.with_locals_renamed),
    (QUANTIZE, edits.documented),
    (MEASURES, edits.with_dead_code),
    (MEASURES, edits.with_locals_renamed),
    (MEASURES, edits.with_functions_reordered),
    (MEASURES, edits.with_imports_reordered),
    (LATENCY, edits.with_constants_inlined),
    (LATENCY, edits.with_results_named),
    (SCORECARD, edits.with_locals_renamed),
    (SESSION, edits.documented),
    (TOKENS, edits.documented),
)

# The digest of all code that trained weights depend on: a commit that changes it would train for an hour.
WEIGHTS = """
from bench_models.provenance import source_digest
from bench_models.recipes import classifier
from bench_models.suites.rotten_tomatoes import SUITE
steps = {type(step) for variant in SUITE.variants for step in variant.steps if step.trained}
print(source_digest(classifier.__name__, *sorted(step.__module__ for step in steps)))
"""


def main() -> None:
    """Tidy, check and print what the check says of it."""
    options = _options()
    chosen = [each for each in COMMITS if re.search(options.only, _title(*each))]
    if not chosen:
        raise SystemExit(
            f"no commit matches {options.only!r}; there are {', '.join(_title(*each) for each in COMMITS)}"
        )
    found: list[tuple[str, dict[str, Any]]] = []
    for number in range(options.times):
        for place, (file, edit) in enumerate(chosen, start=1):
            output = options.output.resolve() / f"{number + 1:02d}-{place:02d}"
            found.append((_title(file, edit), _checked(file, edit, output, options)))
            print(_table(found), flush=True)
    red = [report["exit_status"] == 1 for _, report in found]
    share = proportion(red)
    print(f"\n{sum(red)} of {len(red)} checks of harmless commits are red ({share.low:.0%} to {share.high:.0%})")
    sys.exit(1 if any(red) else 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=1, help="checks of each commit; default: %(default)s")
    parser.add_argument("--only", default="", metavar="REGEX", help="only commits whose title matches")
    parser.add_argument("--rows", nargs="+", default=[], choices=SUITE.names, metavar="VARIANT", help="default: all")
    parser.add_argument("--bench", default="", metavar="REGEX", help="benchmarks to measure; default: all of the rows")
    parser.add_argument("--output", type=Path, default=Path("results/harmless"))
    return parser.parse_args()


def _title(file: str, edit: edits.Edit) -> str:
    return f"{Path(file).name} {edit.__name__.replace('_', ' ')}"


def _checked(file: str, edit: edits.Edit, output: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Return the report on a commit that makes one edit."""
    with in_clone.clone() as there:
        before = _weights(there)
        (there / file).write_text(edits.edited((there / file).read_text(encoding="utf-8"), edit), encoding="utf-8")
        if _weights(there) != before:
            raise SystemExit(f"{_title(file, edit)}: all would be trained anew, choose a file that no training reads")
        in_clone.commit(there, _title(file, edit))
        bench = options.bench or in_clone.benchmarks_of(options.rows or SUITE.names)
        return in_clone.checked(there, output, bench, options.rows)


def _weights(there: Path) -> str:
    command = (sys.executable, "-c", WEIGHTS)
    return subprocess.run(command, cwd=there, env=in_clone.environment(there), check=True, stdout=-1, text=True).stdout


def _table(found: list[tuple[str, dict[str, Any]]]) -> str:
    headers = ("commit", "check", "regressed", "undecided", "unchanged", "pairs a benchmark", "largest change")
    return tabulate([_row(*each) for each in found], headers=headers, tablefmt="github")


def _row(title: str, report: dict[str, Any]) -> tuple[str, ...]:
    verdicts = Counter(change["verdict"] for change in report["changes"])
    noisy = [change for change in report["changes"] if change["benchmark"].rpartition(".")[2].startswith("time_")]
    counts = (f"{verdicts[each]} of {len(report['changes'])}" for each in ("regressed", "undecided", "unchanged"))
    largest = max((abs(change["change_pct"]["value"]) for change in noisy if change["change_pct"]), default=0.0)
    pairs = sum(change["pairs"] for change in noisy) / max(1, len(noisy))
    return title, "red" if report["exit_status"] == 1 else "green", *counts, f"{pairs:.1f}", f"{largest:.1f} %"


if __name__ == "__main__":
    main()
