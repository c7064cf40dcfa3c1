"""The Markdown report shows what a reader can use, and no more of it."""

from dataclasses import replace

from support.observing import recorded, timed

from bench_models.check.report.make import report_on
from bench_models.check.report.markdown import markdown


def test_uncommitted_files_are_named_up_to_a_few() -> None:
    """A working tree may hold thousands that git does not ignore."""
    record = recorded(timed())
    for count, shown in ((1, "file-0."), (3, "file-0, file-1, file-2."), (15, "file-0, file-1, file-2 and 12 more.")):
        files = tuple(f"file-{number}" for number in range(count))
        text = markdown(report_on(replace(record, header=replace(record.header, uncommitted=files))))
        assert f"* Uncommitted on HEAD: {shown}\n" in text
    assert "Uncommitted" not in markdown(report_on(record))


def test_two_pairs_are_shown_without_an_interval() -> None:
    """It would be so wide that it says nothing; what is needed is said instead."""
    row = next(line for line in markdown(report_on(recorded(timed(pairs=2)))).splitlines() if "time_it" in line)
    verdict, _, base, _, change, interval, pairs, why = (cell.strip() for cell in row.strip("|").split("|"))
    assert (verdict, base, change, interval, pairs) == ("undecided", "10.0 ms", "-", "-", "2")
    assert why == "too few pairs for an interval: 2, and it takes 3"
