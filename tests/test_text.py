"""No mention, link, image or HTML that a stranger plants survives."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.untrusted_text import outside_code, untrusted

from bench_models.errors import BenchModelsError
from bench_models.report.document import read
from bench_models.results_branch.untrusted import json_list
from bench_models.text import LONGEST, code, logged, one_line

# What GitHub turns into a link outside code, whatever was escaped.
_LINKED = re.compile(r"[@#<>]|://|www\.|GH-\d|\b[0-9a-f]{7,40}\b", re.IGNORECASE)


@settings(deadline=None)  # other tests run beside this one
@given(untrusted)
@example("a\\")
@example("`")
@example("``")
def test_text_stays_inside_code(text: str) -> None:
    """In a paragraph and in a table's cell, before and behind our own words."""
    shown = code(text)
    assert outside_code(f"before {shown} behind").split() == ["before", "behind"]
    table = f"| a | b |\n| --- | --- |\n| {shown} | end |\n"
    assert outside_code(table).split() == ["a", "b", "end"]


@settings(deadline=None)  # other tests run beside this one
@given(untrusted, st.integers(min_value=1, max_value=50))
def test_text_is_one_line_and_no_longer_than_allowed(text: str, longest: int) -> None:
    """Without anything that a reader cannot see."""
    shown = code(text, longest)
    assert len(shown) <= longest + 2
    assert shown.isprintable()
    assert len(code(text)) <= LONGEST + 2


def test_ordinary_names_are_left_alone() -> None:
    """Benchmarks with their parameters, and reasons."""
    name = "rotten_tomatoes.Latency.time_offline 'pruned30-int8', 32 (a, b) 5 % <= x"
    assert code(name) == f"`{name}`"


def test_words_on_different_lines_stay_apart() -> None:
    """One space, whatever was between them."""
    assert code("\ta\nb\r\n") == "`a b`"


def test_what_cannot_be_seen_is_left_out() -> None:
    """Any white space is one space; controls and what turns text around are nothing."""
    assert one_line(" one\n\ttwo\u2003\u202ethree\u200b\x1b ") == "one two three"
    assert one_line("\u200b\u202e\ud800") == ""


@settings(deadline=None)  # other tests run beside this one
@given(st.lists(st.sampled_from(("::", "##", "[", "add-mask", "]", "\n", " ", "\u200b", ":", "#"))).map("".join))
@example("\n::add-mask::x")
@example("read ##[add-mask]x")
@example("##\u200b[add-mask]x")
def test_text_in_a_log_commands_the_runner_nothing(text: str) -> None:
    """Neither where a line begins nor within one."""
    line = logged(text)
    assert "\n" not in line
    assert "##[" not in line
    assert not line.startswith("::")


def test_this_test_would_see_what_is_planted() -> None:
    """Outside code, each would be a link or more."""
    assert _LINKED.search(outside_code("before @everyone behind"))
    assert outside_code("before <b>x</b>") != outside_code("before x")
    assert "link_open" in outside_code("[x](https://evil.example)")


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("reader", [read, json_list])
def test_numbers_that_json_lacks_are_refused_by_name(
    reader: Callable[[Path], object], tmp_path: Path, word: str
) -> None:
    """A report and a file of the results branch are read alike."""
    file = tmp_path / "file.json"
    file.write_text(f'[{{"variants": {word}}}]', encoding="utf-8")
    with pytest.raises(BenchModelsError, match=rf"{word} is not a number of JSON"):
        reader(file)
