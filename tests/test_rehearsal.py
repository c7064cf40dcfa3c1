"""The rehearsal runs workflows as GitHub does, and refuses what it cannot."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.expressions import UnknownExpressionError, condition, evaluated, value
from support.rehearsal import Job, Rehearsal, bare
from support.tiny_project import commit_all, git

_WORKFLOW = """
name: two jobs
on: push
env:
  GREETING: hello
jobs:
  first:
    runs-on: ubuntu-24.04
    outputs:
      rows: ${{ steps.rows.outputs.rows }}
    steps:
      - uses: actions/checkout@0000000000000000000000000000000000000000 # v0
      - id: rows
        run: |
          echo 'rows=["a", "b"]' >> "$GITHUB_OUTPUT"
          echo "# $GREETING" >> "$GITHUB_STEP_SUMMARY"
  second:
    needs: first
    strategy:
      matrix:
        row: ${{ fromJSON(needs.first.outputs.rows) }}
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@0000000000000000000000000000000000000000 # v0
      - name: Fail for b
        run: test "$ROW" = a
        env:
          ROW: ${{ matrix.row }}
      - name: Only after success
        run: echo went on
      - name: Always
        if: always()
        run: 'cat greeting.txt'
"""


@pytest.fixture
def rehearse(tmp_path: Path) -> Callable[..., Rehearsal]:
    """Return a function that makes a repository of files and returns its rehearsal."""

    def make(files: dict[str, str], **options: Any) -> Rehearsal:  # noqa: ANN401  # the rehearsal's own
        project = tmp_path / "project"
        for name, text in files.items():
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            (project / name).write_text(text, encoding="utf-8")
        git("init", "--quiet", "--initial-branch=main", cwd=project)
        commit_all(project, "Begin")
        return Rehearsal(remote=bare(project, tmp_path), scratch=tmp_path / "rehearsal", **options)

    return make


Rehearse = Callable[..., Rehearsal]


def only_job(rehearse: Rehearse, steps: str, **options: Any) -> Job:  # noqa: ANN401  # the rehearsal's own
    """Rehearse a workflow of one job with these steps."""
    text = f"on: push\njobs:\n  one:\n    runs-on: ubuntu-24.04\n    steps:\n{steps}"
    (job,) = rehearse({"work.yml": text}, **options).workflow("work.yml")["one"]
    return job


def test_jobs_run_in_order_with_outputs_matrix_and_summary(rehearse: Rehearse) -> None:
    """The second job has a row for each that the first one names, and one of them fails."""
    jobs = rehearse({"work.yml": _WORKFLOW, "greeting.txt": "good day\n"}).workflow("work.yml")
    (first,) = jobs["first"]
    assert (first.status, first.outputs, first.summary) == ("success", {"rows": '["a", "b"]'}, "# hello\n")
    assert [job.status for job in jobs["second"]] == ["success", "failure"]


def test_step_after_a_failing_one_is_skipped_unless_it_says_always(rehearse: Rehearse) -> None:
    """As on GitHub; the files of the commit are there."""
    jobs = rehearse({"work.yml": _WORKFLOW, "greeting.txt": "good day\n"}).workflow("work.yml")
    failed = jobs["second"][1]
    assert [step.status for step in failed.steps.values()] == ["success", "failure", "skipped", "success"]
    assert failed.steps["Always"].log == "good day\n"


def test_failing_command_inside_a_step_fails_it(rehearse: Rehearse) -> None:
    """What comes after it does not run; in a pipe only where bash was asked for by name."""
    assert only_job(rehearse, "      - run: |\n          false\n          echo on\n").log.count("on\n") == 0


@pytest.mark.parametrize(("shell", "status"), [("", "success"), ("        shell: bash\n", "failure")])
def test_pipe_fails_a_step_with_a_named_shell_only(rehearse: Rehearse, shell: str, status: str) -> None:
    """GitHub sets pipefail for ``shell: bash`` alone."""
    assert only_job(rehearse, f"      - run: false | cat\n{shell}").status == status


def test_output_of_several_lines_arrives_whole(rehearse: Rehearse) -> None:
    """Between two marks."""
    steps = """
      - id: lines
        run: printf 'text<<END\\none\\ntwo=2\\nEND\\n' >> "$GITHUB_OUTPUT"
      - run: test "$TEXT" = "$(printf 'one\\ntwo=2')"
        env:
          TEXT: ${{ steps.lines.outputs.text }}
"""
    assert only_job(rehearse, steps).status == "success"


def test_unknown_action_is_an_error(rehearse: Rehearse) -> None:
    """Not a step that passes silently."""
    with pytest.raises(AssertionError, match="no stand-in for the action somebody/something"):
        only_job(rehearse, "      - uses: somebody/something@v1\n")


@pytest.mark.parametrize("text", ["github.evnet.number", "nonsense.x", "frobnicate(1)", "1 +", "'a' 'b'"])
def test_unknown_expression_is_an_error(rehearse: Rehearse, text: str) -> None:
    """Not an empty string."""
    with pytest.raises(UnknownExpressionError):
        only_job(rehearse, f"      - run: echo\n        env:\n          X: ${{{{ {text} }}}}\n")


def test_step_called_satisfied_must_exist(rehearse: Rehearse) -> None:
    """A name that no step has any more hides nothing."""
    with pytest.raises(AssertionError, match="no step is called Install"):
        only_job(rehearse, "      - run: echo\n", satisfied=("Install",))


def test_artifact_and_cache_travel_between_jobs(rehearse: Rehearse) -> None:
    """Uploaded and saved in one job, downloaded and restored in the next."""
    pin = "0" * 40
    text = f"""
on: push
jobs:
  one:
    runs-on: ubuntu-24.04
    steps:
      - run: mkdir -p out/below kept && echo 1 > out/below/file && echo 2 > kept/file
      - uses: actions/upload-artifact@{pin}
        with: {{name: shard-1, path: out}}
      - uses: actions/cache/save@{pin}
        with: {{path: kept, key: some-key}}
  two:
    needs: one
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/download-artifact@{pin}
        with: {{pattern: shard-*, path: all}}
      - id: cache
        uses: actions/cache/restore@{pin}
        with: {{path: kept, key: some-other, restore-keys: some-}}
      - run: test "$(cat all/shard-1/below/file kept/file)" = "$(printf '1\\n2')" && test "$HIT" = false
        env: {{HIT: "${{{{ steps.cache.outputs.cache-hit }}}}"}}
"""
    (two,) = rehearse({"work.yml": text}).workflow("work.yml")["two"]
    assert two.status == "success", two.log


def test_composite_action_runs_for_real_and_has_outputs(rehearse: Rehearse) -> None:
    """Its inputs have defaults, and its steps their own names."""
    action = """
name: greet
inputs:
  who: {default: nobody}
outputs:
  said: {value: "${{ steps.say.outputs.said }}"}
runs:
  using: composite
  steps:
    - id: say
      shell: bash
      run: echo "said=hello $WHO" >> "$GITHUB_OUTPUT"
      env: {WHO: "${{ inputs.who }}"}
"""
    pin = "0" * 40
    steps = (
        f"      - uses: actions/checkout@{pin}\n      - uses: ./greet\n        id: greet\n        with: {{who: you}}\n"
    )
    steps += "      - run: test \"$SAID\" = 'hello you'\n        env: {SAID: '${{ steps.greet.outputs.said }}'}\n"
    text = f"on: push\njobs:\n  one:\n    runs-on: ubuntu-24.04\n    steps:\n{steps}"
    (job,) = rehearse({"work.yml": text, "greet/action.yml": action}).workflow("work.yml")["one"]
    assert job.status == "success", job.log


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 == 1 && 'yes' || 'no'", "yes"),
        ("!contains(github.labels.*.name, 'b')", False),
        ("format('{0}-{1}', github.labels[0].name, 2)", "a-2"),
        ("github.missing", None),
        ("github.missing || 'default'", "default"),
        ("fromJSON('[1, 2]')[1]", 2),
        ("'A' == 'a'", True),
        ("'it''s'", "it's"),
        ("(1 < 2) && startsWith('refs/heads/x', 'refs/heads/')", True),
    ],
)
def test_expressions_mean_what_they_mean_to_github(text: str, expected: object) -> None:
    """Truth is a value, comparison ignores case, and a missing key is null."""
    assert evaluated(text, {"github": {"labels": [{"name": "a"}, {"name": "b"}]}}) == expected


def test_condition_without_a_status_function_waits_for_success() -> None:
    """``if: true`` does not run after a failure; ``always() && true`` does."""
    assert not condition("true", {}, failed=True)
    assert condition("${{ always() && true }}", {}, failed=True)
    assert condition("failure()", {}, failed=True)


def test_expression_that_is_the_whole_value_keeps_its_type() -> None:
    """A matrix is a list, not its text."""
    assert value("${{ fromJSON(x.y) }}", {"x": {"y": "[1]"}}) == [1]
    assert value("a ${{ x.y }} b", {"x": {"y": True}}) == "a true b"
