"""Verdicts on merged pull requests are kept for the history, as figures; nothing else of strangers gets there."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.github_server import GitHub, serving
from support.publishers import on_branch, remote_with
from support.rehearsal import Job, Rehearsal, bare
from support.reporting import decoded, packed, report, zipped
from support.tiny_project import commit_all, git
from support.untrusted_text import untrusted

from bench_models.check.report.document import as_json
from bench_models.github.check_run import keep_merged
from bench_models.github.client import Api
from bench_models.results_branch.records import LARGEST_REPORT_BYTES, MOST_CHECKS
from bench_models.results_branch.sync import results_branch
from bench_models.results_branch.untrusted import UNNAMED, rebuilt

WORKFLOW = ".github/workflows/publish.yml"
REPOSITORY = Path(__file__).resolve().parent.parent.parent
HEAD = "b" * 40
NOTE, KEEP = "Note verdicts of merged pull requests", "Keep"


@dataclass(frozen=True, kw_only=True)
class Place:
    """A repository on GitHub: main has a commit, and one that the pull request brought."""

    remote: Path
    github: GitHub
    base: str
    merge: str

    def pull(self, number: int = 7, head: str = HEAD, **others: object) -> dict[str, Any]:
        """Return a pull request of a fork, squashed into main."""
        return {
            "number": number,
            "merged_at": "2026-11-22T02:00:00Z",
            "merge_commit_sha": self.merge,
            "body": "",
            "labels": [],
            "base": {"ref": "main", "sha": "9" * 40, "repo": {"full_name": "owner/project"}},
            "head": {"sha": head, "repo": {"full_name": "stranger/fork"}},
            **others,
        }

    def run(self, number: int = 5, head: str = HEAD, **others: object) -> dict[str, Any]:
        """Return the check of that pull request."""
        return {
            "id": number,
            "name": "check",
            "event": "pull_request",
            "conclusion": "failure",
            "head_sha": head,
            "head_branch": "change",
            "head_repository": {"full_name": "stranger/fork", "owner": {"login": "stranger"}},
            "html_url": f"https://github.example/owner/project/actions/runs/{number}",
            "created_at": "2026-11-22T01:00:00Z",
            "run_started_at": "2026-11-22T01:00:00Z",
            "pull_requests": [],
            "repository": {"full_name": "owner/project"},
            **others,
        }

    def merged(self, *pulls: dict[str, Any]) -> None:
        """Let GitHub say that these pull requests brought main's newest commit."""
        for commit in git("rev-list", "main", cwd=self.remote).split():
            self.github.answers[f"GET commits/{commit}/pulls"] = []
        self.github.answers[f"GET commits/{self.merge}/pulls"] = list(pulls)

    def checked(self, *runs: dict[str, Any], **reports: bytes) -> None:
        """Let there be these runs, and reports of runs by their numbers."""
        self.github.answers["GET actions/runs"] = {"workflow_runs": list(runs)}
        for name, archive in reports.items():
            number = name.removeprefix("run")
            artifact = {"id": int(number), "name": "bench-models-report", "size_in_bytes": len(archive)}
            self.github.answers[f"GET actions/runs/{number}/artifacts"] = {"artifacts": [artifact]}
            self.github.files[f"actions/artifacts/{number}/zip"] = archive

    def report(self, **others: Any) -> bytes:  # noqa: ANN401  # any key of a report
        """Return what an honest check left."""
        return packed(**{"base": {"commit": self.base, "name": "main"}} | others)

    def said(self) -> str:
        """Note verdicts in a clone, as the job does after a push to main; return its sentences."""
        clone = self.clone
        if not clone.exists():
            git("clone", "--quiet", str(self.remote), str(clone), cwd=clone.parent)
        api = Api(url=self.github.url, repository="owner/project", token="x", sleep=lambda _: None)  # noqa: S106
        commits = git("rev-list", "--first-parent", "main", cwd=clone).split()
        return "\n".join(keep_merged(clone, clone / ".asv", api, "main", commits))

    @property
    def clone(self) -> Path:
        """Where verdicts are noted."""
        return self.remote.parent / "clone"

    @property
    def noted(self) -> dict[str, Any]:
        """The verdicts that were noted."""
        files = (self.clone / ".asv" / "checks").glob("*")
        return {file.name: json.loads(file.read_text(encoding="utf-8")) for file in files}

    def kept(self) -> Job:
        """Rehearse the job that keeps, after a push to main."""
        rehearsal = Rehearsal(
            remote=self.remote, scratch=self.remote.parent / "run", api_url=self.github.url, satisfied=("Install",)
        )
        (job,) = rehearsal.job(WORKFLOW, "keep", {"measure": [Job(status="success")]})
        return job

    @property
    def checks(self) -> dict[str, Any]:
        """The verdicts on the results branch."""
        there = git("branch", "--list", "results", cwd=self.remote)
        return {name: each for name, each in (on_branch(self.remote) if there else {}).items() if "checks/" in name}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """Return a repository whose newest commit a pull request brought, whose check was red."""
    _, (project,) = remote_with(tmp_path, 1)
    (project / WORKFLOW).parent.mkdir(parents=True)
    shutil.copyfile(REPOSITORY / WORKFLOW, project / WORKFLOW)
    base = commit_all(project, "Add the workflow")
    (project / "more.txt").write_text("more", encoding="utf-8")
    merge = commit_all(project, "Merge the pull request")
    (tmp_path / "bare").mkdir()
    with serving(GitHub()) as github:
        place = Place(remote=bare(project, tmp_path / "bare"), github=github, base=base, merge=merge)
        place.merged(place.pull())
        place.checked(place.run(), run5=place.report())
        yield place


def test_verdict_on_a_merged_pull_request_is_kept_as_figures(place: Place) -> None:
    """Under the commit that was checked; of its texts nothing is left."""
    place.checked(place.run(), run5=place.report(sentence="Trust @me", began="yesterday, says Eve"))
    job = place.kept()
    assert job.status == "success", job.log

    ((name, check),) = place.checks.items()
    assert name == f"checks/{HEAD}.json"
    assert (check["pull_request"], check["at"]) == (7, "2026-11-22T01:00:00Z")
    assert check["report"]["exit_status"] == 1
    assert check["report"]["sentence"] == "2 of 3 benchmarks regressed; no regression among 1."
    assert check["report"]["began"] == UNNAMED
    assert check["report"]["changes"][0]["benchmark"] == "suite.track_it"
    (asked,) = {tuple(sorted(each.query.items())) for each in place.github.asked if each.path == "actions/runs"}
    assert {("head_sha", HEAD), ("event", "pull_request"), ("status", "completed")} <= {*asked}


def test_fork_that_is_gone_by_now_is_no_hindrance(place: Place) -> None:
    """People remove them after the merge."""
    place.merged(place.pull() | {"head": {"sha": HEAD, "repo": None}})
    place.checked(place.run(head_repository=None), run5=place.report())
    assert "is kept" in place.said()
    assert place.noted


@pytest.mark.parametrize(
    "others",
    [
        {"merged_at": None},
        {"merge_commit_sha": "d" * 40},
        {"merge_commit_sha": None},
        {"base": {"ref": "dev", "sha": "9" * 40, "repo": {"full_name": "owner/project"}}},
        {"base": {"ref": "main", "sha": "9" * 40, "repo": {"full_name": "stranger/fork"}}},
    ],
    ids=["open-or-closed", "other-merge", "no-merge", "other-branch", "other-repository"],
)
def test_pull_request_that_main_did_not_take_keeps_nothing(place: Place, others: dict[str, Any]) -> None:
    """However its check ended, and though GitHub lists it among those of the commit."""
    place.merged(place.pull(**others))
    assert not place.said()
    assert place.noted == {}
    assert "actions/runs" not in {each.path for each in place.github.asked}


@pytest.mark.parametrize(
    "others",
    [
        {"name": "checks"},
        {"event": "push"},
        {"head_sha": "d" * 40},
        {"head_repository": {"full_name": "eve/fork", "owner": {"login": "eve"}}},
        {"head_repository": None},
        {"repository": {"full_name": "eve/project"}},
        {"pull_requests": [{"number": 8}]},
        {"conclusion": "cancelled"},
        {"created_at": "2026-11-22T02:00:01Z"},
    ],
    ids=lambda others: str(*others),
)
def test_run_of_anything_else_is_not_taken_for_its_check(place: Place, others: dict[str, Any]) -> None:
    """Whatever it calls itself, also when it is newer; one after the merge compares what was merged with itself."""
    stranger = {"id": 6, "created_at": "2026-11-22T01:30:00Z", **others}
    place.checked(place.run(), place.run(**stranger), run5=place.report(), run6=place.report(changes=[], exit_status=2))
    assert "is kept" in place.said()
    (check,) = place.noted.values()
    assert check["report"]["exit_status"] == 1


def test_newest_check_before_the_merge_counts(place: Place) -> None:
    """GitHub lists them in whatever order."""
    later = place.run(number=6, created_at="2026-11-22T01:30:00Z", run_started_at="2026-11-22T01:30:00Z")
    place.checked(place.run(), later, run5=place.report(), run6=place.report(changes=[], exit_status=2))
    assert "is kept" in place.said()
    (check,) = place.noted.values()
    assert (check["at"], check["report"]["exit_status"]) == ("2026-11-22T01:30:00Z", 2)


@pytest.mark.parametrize(
    ("archive", "why"),
    [
        (zipped("{"), "the artifact is refused"),
        (zipped("{}", "../../results/benchmarks.json"), "the artifact is refused"),
        (zipped("[" * 100_000), "the artifact is refused"),
        (packed(head={"commit": "d" * 40, "name": "main"}), "another commit than the run checked"),
        (packed(sentence="x" * 20_001), "the artifact is refused"),
        (packed(exit_status=0), "its status is 0, and its rows say otherwise"),
        (packed(base={"commit": HEAD, "name": "main"}), "compares a commit with itself"),
        (packed(), "aaaaaaaa is not a commit that"),
    ],
    ids=["cut-short", "path", "nested", "other-commit", "long-text", "contradiction", "itself", "base"],
)
def test_what_is_refused_is_named_and_keeps_nobody_out(place: Place, archive: bytes, why: str) -> None:
    """Whatever a stranger's check left in its artifact; the other pull request's verdict is noted."""
    other = "c" * 40
    place.merged(place.pull(), place.pull(number=8, head=other))
    runs = [place.run(), place.run(number=6, head=other)]
    place.checked(*runs, run5=archive, run6=place.report(head={"commit": other, "name": "HEAD"}))
    assert why in place.said()
    assert list(place.noted) == [f"{other}.json"]
    assert not place.github.changed


def test_more_than_any_check_finds_is_not_kept(place: Place) -> None:
    """It would stay on the branch for good."""
    row = report()["changes"][0]
    large = [row | {"benchmark": f"suite.time_{number}"} for number in range(2500)]
    place.checked(place.run(), run5=place.report(changes=large))
    assert f"{LARGEST_REPORT_BYTES:,} are kept" in place.said()
    assert place.noted == {}


def test_base_that_came_with_the_merge_is_refused(place: Place) -> None:
    """It is none that the pull request began from."""
    place.checked(place.run(), run5=place.report(base={"commit": place.merge, "name": "main"}))
    assert "is not a commit that" in place.said()
    assert place.noted == {}


def test_job_that_may_not_ask_is_red_and_keeps_the_results(place: Place) -> None:
    """A missing permission is no verdict's fault."""
    place.github.first["GET actions/runs"] = [(403, {})]
    job = place.kept()
    assert job.status == "failure"
    assert "`permissions`" in job.steps[NOTE].log
    assert job.steps[KEEP].status == "success"


def test_verdict_that_is_kept_is_not_asked_for_again(place: Place) -> None:
    """Unless it is damaged, or was kept with a stranger's texts, as earlier versions did."""
    place.said()
    ((name, check),) = place.noted.items()
    place.github.asked.clear()
    assert not place.said()
    assert "actions/runs" not in {each.path for each in place.github.asked}

    for text in ("{", json.dumps(check | {"report": check["report"] | {"sentence": "Trust @me"}})):
        (place.clone / ".asv" / "checks" / name).write_text(text, encoding="utf-8")
        assert "is kept" in place.said()
        assert place.noted == {name: check}


def test_branch_holds_so_many_checks_and_no_more(tmp_path: Path) -> None:
    """The newest; what was removed does not come back with an older clone."""
    remote, (clone, other) = remote_with(tmp_path, 2)
    (clone / ".asv" / "checks").mkdir(parents=True)
    dates = [f"2026-{1 + day // 28:02d}-{1 + day % 28:02d}T00:00:00Z" for day in range(MOST_CHECKS + 3)]
    for number, date in enumerate(dates):
        file = clone / ".asv" / "checks" / f"{number:040x}.json"
        file.write_text(json.dumps({"at": date}), encoding="utf-8")
        if number == MOST_CHECKS - 1:
            assert results_branch(clone).push("Keep the first") == MOST_CHECKS
            results_branch(other).fetch()
    results_branch(clone).push("Keep the last")
    (other / ".asv" / "accepted.json").write_text("[]", encoding="utf-8")
    results_branch(other).push("Keep something else")

    expected = {f"checks/{number:040x}.json" for number in range(3, MOST_CHECKS + 3)}
    assert {name for name in on_branch(remote) if "checks/" in name} == expected
    for each in (clone, other):
        assert {f"checks/{file.name}" for file in (each / ".asv" / "checks").iterdir()} == expected


@st.composite
def hostile(draw: st.DrawFn) -> dict[str, Any]:
    """Draw reports that follow the schema and hold strangers' text wherever a check would write its own."""
    made = report(sentence=draw(untrusted), suite_changes=[draw(untrusted)], began=draw(untrusted))
    made["broken_modules"] = {draw(untrusted): {draw(untrusted): draw(untrusted)}}
    made["python"] = {draw(untrusted): draw(untrusted)}
    made["counts"] = {draw(untrusted): 1}
    made["machines"] = [{draw(untrusted): draw(untrusted), "deep": [draw(untrusted)], "cores": 2}]
    for change in made["changes"]:
        change.update({each: draw(untrusted) for each in ("benchmark", "unit", "reason")})
        change["parameters"] = [draw(untrusted), draw(untrusted)]
        change["flips"] = {
            "right_to_wrong": 1,
            "wrong_to_right": 2,
            "p_value": 0.1,
            "lost": [draw(untrusted)],
            "won": [],
        }
    return made


def texts(value: Any, key: str = "") -> Iterator[str]:  # noqa: ANN401  # JSON
    """Yield the texts of a document, but for the sentence and the reasons."""
    if isinstance(value, dict):
        yield from (name for name in value if name not in {"sentence", "reason"})
        yield from (text for name, each in value.items() for text in texts(each, name))
    elif isinstance(value, list):
        yield from (text for each in value for text in texts(each, key))
    elif isinstance(value, str) and key not in {"sentence", "reason"}:
        yield value


@given(hostile())
def test_no_sentence_address_or_markup_survives(made: dict[str, Any]) -> None:
    """Only words of ours, and names; the figures stay, and what is rebuilt stays as it is."""
    rebuilt_once = rebuilt(decoded(made))
    figures = json.loads(as_json(rebuilt_once))
    for text in texts(figures):
        assert text in {"one each", UNNAMED} or not {*" <>@#`&!|\\\u202e\n"} & {*text.replace(", ", "")}
        assert "//" not in text
    assert figures["sentence"] == "2 of 3 benchmarks regressed; no regression among 1."
    assert [change["change_pct"] for change in figures["changes"]] == [each["change_pct"] for each in made["changes"]]
    assert {change["reason"] for change in figures["changes"]} == {"answers that became wrong: 1, and right: 2"}
    assert rebuilt(rebuilt_once) == rebuilt_once
