"""A record is read back as it was written, however the check ended."""

from dataclasses import replace
from pathlib import Path

import pytest
from support.observing import FAILED, answered, exact, recorded, timed

from bench_models.check.record import FILE, Record, Recorder, read
from bench_models.errors import BenchModelsError
from bench_models.outcomes import Failed, Skipped
from bench_models.verdict.measurements import SIDES, Absent, Measurements

RECORD = recorded(
    timed("suite.time_it"),
    exact(1.0, 2.0),
    answered(3, 2),
    replace(timed("suite.time_new", pairs=0), base=Absent()),
    replace(timed("suite.time_broken", pairs=2), head=FAILED, base=Skipped(reason="no GPU")),
)


def write(folder: Path, record: Record) -> Path:
    """Write a record as a check does: pair by pair."""
    begun = [Measurements(benchmark=each.benchmark) for each in record.measurements]
    with Recorder(folder, record.header, begun) as recorder:
        for each in record.measurements:
            for pair in each.pairs:
                recorder.pair(each.benchmark, pair)
            if each.answers is not None:
                recorder.answers(each.benchmark, each.answers)
            for side in SIDES:
                if (trouble := getattr(each, side)) is not None:
                    recorder.trouble(each.benchmark, side, trouble)
        recorder.end(record.ending, record.wall_s, record.timed_s)
    return folder / FILE


def test_record_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    """Pairs, answers, troubles and header."""
    assert read(write(tmp_path, RECORD).parent) == RECORD


def test_texts_that_are_no_unicode_are_read_back(tmp_path: Path) -> None:
    """Half a character, as Python spells a byte of a name: in an error, a module's name, and that of a commit."""
    record = replace(
        RECORD,
        header=replace(
            RECORD.header, head_name="caf\udce9", broken={"base": {}, "head": {"caf\udce9": "no caf\udce9"}}
        ),
        measurements=(replace(exact(1.0, 2.0), head=Failed(error="OSError: caf\udce9")),),
    )
    assert read(write(tmp_path, record).parent) == record


def test_count_is_read_back_as_a_whole_number(tmp_path: Path) -> None:
    """The report of merged shards says 100 where that of a check does, and not 100.0."""
    record = replace(RECORD, measurements=(exact(100, 100),))
    pair = read(write(tmp_path, record).parent).measurements[0].pairs[0]
    assert repr((pair.base, pair.head)) == "((100,), (100,))"


@pytest.mark.parametrize("line", [0, 1, 2, -2, -1])
def test_key_that_is_unknown_damages_a_record(tmp_path: Path, line: int) -> None:
    """Of the header, a benchmark, a pair, answers or the end: it may be one of this version, misspelt."""
    file = write(tmp_path, recorded(timed("suite.time_it"), answered(3, 2)))
    lines = file.read_text(encoding="utf-8").splitlines()
    lines[line] = lines[line].removesuffix("}") + ', "planted": 1}'
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(BenchModelsError, match=r"is damaged .*(planted is unknown here|unknown field `planted`)"):
        read(tmp_path)


@pytest.mark.parametrize("times", [1, 2])
def test_folder_of_a_record_is_ignored_by_git(tmp_path: Path, times: int) -> None:
    """The next check is to find no change of the tree."""
    for _ in range(times):
        write(tmp_path / "results" / "check", RECORD)
    assert (tmp_path / "results" / "check" / ".gitignore").read_text(encoding="utf-8") == "*\n"


@pytest.mark.parametrize("ignored", ["results/\n", None])
def test_record_in_a_folder_with_other_files_hides_none_of_them(tmp_path: Path, ignored: str | None) -> None:
    """`--output .` is a project's own folder, also the second time."""
    (tmp_path / "code.py").write_text("x = 1\n", encoding="utf-8")
    if ignored:
        (tmp_path / ".gitignore").write_text(ignored, encoding="utf-8")
    for _ in range(2):
        write(tmp_path, RECORD)
    file = tmp_path / ".gitignore"
    assert (file.read_text(encoding="utf-8") if file.exists() else None) == ignored


@pytest.mark.parametrize("cut", [2, 40, 400])
def test_record_that_was_cut_short_keeps_what_is_whole(tmp_path: Path, cut: int) -> None:
    """As after a crash or a power cut, in the midst of a line."""
    file = write(tmp_path, RECORD)
    file.write_bytes(file.read_bytes()[:-cut])
    record = read(tmp_path)
    assert record.ending == "crashed"
    assert RECORD.measurements[:3] == record.measurements[:3]


@pytest.mark.parametrize("content", ["", "{}\n", "null\n", '{"line": "header"}\n', "not JSON\nat all\n"])
def test_damaged_record_is_one_sentence(tmp_path: Path, content: str) -> None:
    """It names the file and what to do."""
    (tmp_path / FILE).write_text(content, encoding="utf-8")
    with pytest.raises(BenchModelsError, match=f"{FILE} is damaged .*: measure this shard again"):
        read(tmp_path)


def test_record_of_an_older_schema_is_refused_by_its_number(tmp_path: Path) -> None:
    """Its pairs are whole, but what shares the error budget is counted otherwise."""
    file = write(tmp_path, RECORD)
    text = file.read_text(encoding="utf-8").replace('"schema_version": 2', '"schema_version": 1')
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BenchModelsError, match=f"{FILE} is of schema 1, this version reads 2: measure again"):
        read(tmp_path)


def test_record_that_names_no_files_of_the_suite_is_read(tmp_path: Path) -> None:
    """It was made before they were kept."""
    header = replace(RECORD.header, suite_changes=("suite/helper.py",))
    file = write(tmp_path, replace(RECORD, header=header))
    assert read(tmp_path).header.suite_changes == ("suite/helper.py",)
    text = file.read_text(encoding="utf-8")
    older = text.replace(', "suite_changes": ["suite/helper.py"]', "")
    assert older != text
    file.write_text(older, encoding="utf-8")
    assert read(tmp_path).header.suite_changes == ()


def test_benchmarks_know_the_shard_that_measured_them(tmp_path: Path) -> None:
    """It is the header that says it."""
    record = recorded(timed(), shard=3, shards=4)
    write(tmp_path, record)
    assert [each.shard for each in read(tmp_path).measurements] == [3]


def test_folder_without_a_record_is_one_sentence(tmp_path: Path) -> None:
    """The name is what the user gave."""
    with pytest.raises(BenchModelsError, match=r"no record of a check in .*nowhere"):
        read(tmp_path / "nowhere")
