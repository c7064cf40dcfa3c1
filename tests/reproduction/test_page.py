"""The page says what was found, and renders without measuring anything."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from support import REPOSITORY

from bench_models.machine import Machine
from bench_models.outcomes import Failed, Measured, Outcome, Skipped
from bench_models.sources.checkpoints import LocalCheckpoint
from bench_models.stats.estimate import Estimate
from reproduction import __main__ as command
from reproduction.latencies import latency
from reproduction.measure import Reproduced, Sizes
from reproduction.page import markdown, unequal
from reproduction.table import Table
from reproduction.tables.five_variants import FIVE_VARIANTS
from reproduction.tables.pruned_heads import PRUNED_HEADS
from reproduction.tables.two_layers import TWO_LAYERS

MACHINE = Machine(
    cpu="Abacus 3000", cpu_flags=("avx2",), cores=2, memory_bytes=1, system="Linux x86_64", python="3.11.7"
)
PARAMETERS = (66_955_010, 38_603_522, 38_603_522)
SIZES = tuple(
    Sizes(parameters=count, size_bytes=count * width, artifact_bytes=count * width)
    for count, width in zip(PARAMETERS, (4, 4, 2), strict=True)
)


def given(table: Table, sizes: Sequence[Sizes] = SIZES, outcome: Outcome[Estimate] | None = None) -> Reproduced:
    """Return a table with figures that nobody measured: each row twice as fast as the one before."""
    times = [[2.0**-index * (1 + call / 1000) for call in range(20)] for index in range(len(table.rows))]
    return Reproduced(
        table=table,
        sizes=tuple(sizes),
        latencies=tuple(latency(times[0], own) for own in times),
        accuracies=tuple(outcome or Skipped(reason="nobody asked") for _ in table.rows),
    )


def page(*found: Reproduced) -> str:
    """Return the page of what was found."""
    return markdown(found, MACHINE, {"torch": "2.13.0"}, 20)


def row_of(text: str, *starts: str) -> list[str]:
    """Return the cells of the one line of a table that starts so."""
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]
    (found,) = [line for line in lines if tuple(line[: len(starts)]) == starts]
    return found


def test_page_shows_each_figure_beside_ours() -> None:
    """Eight figures of table C follow from the architecture; latency and accuracy are measured or say why not."""
    text = page(given(TWO_LAYERS))

    assert "**Of 8 published parameter counts, sizes and size reductions 8 are equal" in text
    assert row_of(text, "student, FP16", "size reduction") == [
        "student, FP16",
        "size reduction",
        "71.17 %",
        "71.17 %",
        "equal",
    ]
    measured = row_of(text, "student, 2 layers", "147.3 MiB")
    assert measured[2:] == ["69.99 ms", "505 ms", "2.90", "2.00", "79.82", "not measured"]
    assert "* The accuracy of teacher; student, 2 layers; student, FP16 is not measured: nobody asked." in text
    assert "Abacus 3000, 2 cores" in text
    assert max(len(line) for line in text.splitlines() if line[:1] != "|") <= 120


def test_wrong_digit_stands_on_the_page() -> None:
    """In its row, in the first sentence and in the command's status."""
    teacher, *others = TWO_LAYERS.rows
    found = given(replace(TWO_LAYERS, rows=(replace(teacher, size="255.42"), *others)))
    text = " ".join(page(found).split())

    assert "7 are equal to what is counted here" in text
    assert "not equal: size, MiB of teacher: 255.42 published, 255.41 here" in text
    assert "| **not equal** |" in text
    assert [(cell.row, cell.ours) for cell in unequal([found])] == [("teacher", "255.41")]


def test_speed_up_that_was_not_printed_is_the_ratio_of_what_was() -> None:
    """Table A prints latencies alone."""
    text = page(given(FIVE_VARIANTS, sizes=SIZES[:1] * 5))

    assert row_of(text, "INT8 dynamic", "255.4 MiB")[4] == "0.26"
    assert row_of(text, "baseline", "255.4 MiB")[4:6] == ["-", "1.00"]


def test_accuracy_is_shown_as_it_was_printed() -> None:
    """In percent or as a share, with its interval."""
    outcome = Measured(value=Estimate(value=0.91, low=0.9, high=0.92, level=0.95))
    text = page(given(TWO_LAYERS, outcome=outcome))
    shares = replace(TWO_LAYERS, rows=tuple(replace(row, accuracy="0.8920") for row in TWO_LAYERS.rows))

    assert row_of(text, "teacher", "255.4 MiB")[-1] == "91.00 (90.00 to 92.00)"
    assert row_of(page(given(shares, outcome=outcome)), "teacher", "255.4 MiB")[-1] == "0.9100 (0.9000 to 0.9200)"


def test_reason_of_a_failure_is_given_once() -> None:
    """However many rows it keeps from being measured."""
    text = " ".join(page(given(TWO_LAYERS, outcome=Failed(error="the hub does not answer"))).split())

    assert text.count("the hub does not answer") == 1
    assert "student, FP16 could not be measured: the hub does not answer." in text


def test_folder_is_listed_file_by_file() -> None:
    """And what it comes to without the arguments of the training."""
    files = {"model.safetensors": 3 * 2**20, "training_args.bin": 2**19}
    sizes = Sizes(parameters=1, size_bytes=sum(files.values()), artifact_bytes=1, files=files)
    text = page(given(PRUNED_HEADS, sizes=[sizes] * 6))

    assert "The sizes of table D hang on which files a folder had" in " ".join(text.split())
    assert row_of(text, "model.safetensors")[1:] == ["3,145,728"] * 6
    assert "baseline 3.00 (418.58 published)" in " ".join(text.split())


@pytest.mark.parametrize(("size", "status"), [("255.41", 0), ("255.40", 1)])
def test_command_writes_the_page(
    tmp_path: Path, tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch, size: str, status: int
) -> None:
    """Where it is told to, and its status is 1 when a digit differs."""
    teacher, *others = TWO_LAYERS.rows
    table = replace(TWO_LAYERS, rows=(replace(teacher, size=size), *others))
    monkeypatch.setattr(command, "MINILM", LocalCheckpoint(path=tiny_checkpoint))
    monkeypatch.setattr(command, "TABLES", (table,))
    monkeypatch.setattr(command, "reproduce", lambda each, **_: given(each))
    output = tmp_path / "docs" / "page.md"
    output.parent.mkdir()

    done = CliRunner().invoke(command.main, ["--output", str(output), "--calls", "20"])
    assert (done.exit_code, done.stdout) == (status, f"Written to {output}\n")
    assert "python -m reproduction --calls 20" in output.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--calls", "5"), "Invalid value for '--calls': 5 is not in the range x>=6."),
        (("--output", "/proc/page.md"), "reproduction: /proc cannot be written to"),
        (("--output", "/proc"), "Invalid value for '--output': File '/proc' is a directory."),
    ],
)
def test_bad_input_is_refused_before_anything_is_built(arguments: tuple[str, ...], complaint: str) -> None:
    """With a sentence and status 2; with fewer than six calls a median has no interval."""
    done = CliRunner().invoke(command.main, arguments)
    assert done.exit_code == 2
    assert complaint in done.stderr


def test_study_is_run_as_a_module() -> None:
    """As the page says that it was written."""
    command = [sys.executable, "-m", "reproduction", "--calls", "1"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Invalid value for '--calls'" in done.stderr
