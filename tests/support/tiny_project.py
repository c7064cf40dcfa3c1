"""The tiny project's files, and git as the tests use it."""

import csv
import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from bench_models.build import Builder
from bench_models.recipes.step import Step

# What the baseline learns by.
TRAINING = "FineTune(learning_rate=1e-2, max_epochs=3)"

TINY_SUITE = f'''
"""A suite in one file, as a user would write it."""

from pathlib import Path

from bench_models.recipes.finetune import FineTune
from bench_models.recipes.prune import PruneL1
from bench_models.recipes.quantize_dynamic import QuantizeDynamic
from bench_models.sources.checkpoints import LocalCheckpoint
from bench_models.sources.corpora import LocalSentences
from bench_models.suites.suite import Budget, Suite, Variant

HERE = Path(__file__).parent
BUDGET = Budget(max_accuracy_drop_points=100.0, min_size_reduction_pct=-5.0)

SUITE = Suite(
    name="tiny",
    checkpoint=LocalCheckpoint(path=HERE / "checkpoint"),
    corpus=LocalSentences(path=HERE / "sentences.csv"),
    pairs=2,
    variants=(
        Variant(name="baseline", starts_from=None, steps=({TRAINING},)),
        Variant(name="pruned", starts_from="baseline", steps=(PruneL1(amount=0.5),), budget=BUDGET),
        Variant(name="int8", starts_from="pruned", steps=(QuantizeDynamic(),), budget=BUDGET),
    ),
)
'''

_SUBJECTS = ("the film", "this story", "its plot", "the cast", "a sequel", "the music", "every scene", "the ending")
_PRAISE = ("shines", "charms", "delights", "moves", "thrills", "soars")
_BLAME = ("bores", "drags", "fails", "annoys", "stumbles", "sinks")
_MANNERS = ("quietly", "at once", "once more", "by turns")

TINY_BENCHMARKS = """

from benchmarks import measures


def setup_cache() -> measures.Prepared:
    return measures.prepare(SUITE)


setup_cache.timeout = measures.SETUP_TIMEOUT_S


class Figures(measures.Figures):
    suite = SUITE


class Latency(measures.Latency):
    suite = SUITE
    sample_time = 0.01
    warmup_time = 0.1


class SpeedUp(measures.SpeedUp):
    suite = SUITE
"""


def write_tiny(folder: Path, checkpoint: Path) -> Path:
    """Write the tiny suite and its data into a folder and return the suite's file."""
    shutil.copytree(checkpoint, folder / "checkpoint")
    with (folder / "sentences.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("text", "label"))
        writer.writerows(sentences())
    suite = folder / "tiny.py"
    suite.write_text(TINY_SUITE, encoding="utf-8")
    return suite


def edited(text: str, old: str, new: str) -> str:
    """Return a text that is changed in one place, which must be there, and once."""
    assert text.count(old) == 1, f"there is {text.count(old)} times {old!r}"
    return text.replace(old, new)


def with_row(builder: Builder, name: str, *steps: Step) -> Builder:
    """Return a builder of the tiny suite with one more row, which makes these steps from the baseline."""
    suite = builder.suite
    row = replace(suite["pruned"], name=name, steps=steps)
    return replace(builder, suite=replace(suite, variants=(*suite.variants, row)))


def sentences() -> list[tuple[str, str]]:
    """Return some made-up reviews whose verb tells the label."""
    verbs = [(verb, "good") for verb in _PRAISE] + [(verb, "bad") for verb in _BLAME]
    return [
        (f"{subject} {verb} {manner}", label) for subject in _SUBJECTS for verb, label in verbs for manner in _MANNERS
    ]


def git(*arguments: str, cwd: Path) -> str:
    """Run git and return what it prints."""
    return subprocess.run(["git", *arguments], cwd=cwd, capture_output=True, text=True, check=True).stdout


def asv_project(root: Path, files: Mapping[str, str], suite: str = "suite") -> Path:
    """Make a repository with an empty asv suite in the folder of this name, and other files; nothing is committed."""
    config = {"version": 1, "project": "tiny", "repo": ".", "benchmark_dir": suite, "env_dir": "env"}
    own = {f"{suite}/__init__.py": "", "asv.conf.json": json.dumps(config), ".gitignore": "results/\nenv/\n"}
    write_files(root, {**own, **files})
    git("init", "--quiet", "--initial-branch=main", cwd=root)
    return root


def write_files(root: Path, files: Mapping[str, str]) -> None:
    """Write files, by their names below a folder."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")


def commit_all(repository: Path, message: str) -> str:
    """Commit everything and return the commit's hash."""
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
    git("add", "--all", cwd=repository)
    git(*identity, "commit", "--quiet", "--message", message, cwd=repository)
    return git("rev-parse", "HEAD", cwd=repository).strip()
