"""The results branch is made when it is not there, and whoever pushes to it at the same time, nothing is lost."""

import base64
import multiprocessing
import os
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha1
from pathlib import Path

import pytest
from msgspec import structs
from support.publishers import MACHINE, measure, on_branch, publish, remote_with
from support.tiny_project import git

from bench_models.cli import main
from bench_models.errors import BenchModelsError
from bench_models.results_branch.git_objects import Objects
from bench_models.results_branch.records import Accepted, add_accepted, read_accepted
from bench_models.results_branch.sync import ATTEMPTS, results_branch

REASON = Accepted(
    commit="c" * 40, pull_request=12, reason="It is exact now.", by="octocat", at=datetime(2026, 11, 22, tzinfo=UTC)
)
SHARED = "e" * 40


def hashes(*words: object) -> str:
    """Return what could be a commit's hash."""
    return sha1(repr(words).encode(), usedforsecurity=False).hexdigest()


def test_branch_that_does_not_exist_is_created(tmp_path: Path) -> None:
    """As an orphan: it shares nothing with the history of the code."""
    remote, (clone, other) = remote_with(tmp_path, 2)
    assert not results_branch(clone).fetch()
    file = measure(clone, SHARED, {"suite.time_it": 1.0})

    assert results_branch(clone).push("Keep a result") == 3

    assert {"results/benchmarks.json", f"results/{MACHINE}/machine.json", f"results/{MACHINE}/{file.name}"} == set(
        on_branch(remote)
    )
    assert git("rev-list", "--count", "results", cwd=remote).strip() == "1"
    assert results_branch(other).fetch()
    assert file.read_bytes() == (other / file.relative_to(clone)).read_bytes()


def test_nothing_new_pushes_nothing(tmp_path: Path) -> None:
    """Not even an empty branch."""
    remote, (clone,) = remote_with(tmp_path, 1)
    assert results_branch(clone).push("Keep nothing") == 0
    assert git("branch", "--list", "results", cwd=remote) == ""

    measure(clone, SHARED, {"suite.time_it": 1.0})
    results_branch(clone).push("Keep a result")
    assert results_branch(clone).push("Keep it again") == 0
    assert git("rev-list", "--count", "results", cwd=remote).strip() == "1"


@pytest.mark.parametrize("publishers", [2, 3])
@pytest.mark.parametrize("round_", range(3))
def test_publishers_at_once_lose_nothing(tmp_path: Path, publishers: int, round_: int) -> None:
    """Each in a process of its own, with commits of its own and one that all of them measure."""
    remote, clones = remote_with(tmp_path, publishers)
    work = [[hashes(round_, number, commit) for commit in range(5)] + [SHARED] for number in range(publishers)]
    context = multiprocessing.get_context("fork")
    processes = [
        context.Process(target=publish, args=(clone, commits, number))
        for number, (clone, commits) in enumerate(zip(clones, work, strict=True))
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    assert [process.exitcode for process in processes] == [0] * publishers
    kept = on_branch(remote)
    for number, commits in enumerate(work):
        for commit in commits:
            data = kept[f"results/{MACHINE}/{commit[:8]}-venv-py3.11.json"]
            assert data["commit_hash"] == commit
            assert f"suite.time_{number}" in data["results"]
    assert git("rev-list", "--count", "--merges", "results", cwd=remote).strip() == "0"


def test_overtaken_push_is_made_again_on_top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another push lands between this one's fetch and its own, twice."""
    remote, (clone, other) = remote_with(tmp_path, 2)
    rivals = iter("ab")
    pauses: list[float] = []
    ours = replace(results_branch(clone), pause=pauses.append)
    commit = Objects.commit

    def overtaken(*arguments: object) -> str:
        made = commit(*arguments)  # type: ignore[arg-type]
        if arguments[0] is ours.objects and (rival := next(rivals, None)):
            measure(other, rival * 40, {"suite.time_rival": 1.0})
            results_branch(other).push("Keep a rival")
        return made

    monkeypatch.setattr(Objects, "commit", overtaken)
    measure(clone, SHARED, {"suite.time_it": 1.0})
    ours.push("Keep a result")

    assert len(pauses) == 2
    assert {"aaaaaaaa", "bbbbbbbb", "eeeeeeee"} <= {name.split("/")[-1][:8] for name in on_branch(remote)}
    assert (clone / ".asv/results" / MACHINE / "aaaaaaaa-venv-py3.11.json").exists()


def test_later_measurement_of_a_benchmark_counts(tmp_path: Path) -> None:
    """Whoever pushes last."""
    remote, (late, early) = remote_with(tmp_path, 2)
    measure(late, SHARED, {"suite.time_both": 2.0, "suite.time_late": 2.0}, began=2)
    measure(early, SHARED, {"suite.time_both": 1.0, "suite.time_early": 1.0}, began=1)
    results_branch(late).push("Keep the later")
    results_branch(early).push("Keep the earlier")

    results = on_branch(remote)[f"results/{MACHINE}/{SHARED[:8]}-venv-py3.11.json"]["results"]
    assert {name: row[0][0] for name, row in results.items()} == {
        "suite.time_both": 2.0,
        "suite.time_late": 2.0,
        "suite.time_early": 1.0,
    }


def test_benchmarks_that_were_removed_do_not_come_back(tmp_path: Path) -> None:
    """The list of the later push counts: asv publishes what stands in it."""
    remote, (clone, other) = remote_with(tmp_path, 2)
    measure(clone, SHARED, {"suite.time_old": 1.0})
    results_branch(clone).push("Keep a result")
    measure(other, "d" * 40, {"suite.time_new": 1.0})
    results_branch(other).push("Keep another, which knows nothing of the first")

    assert set(on_branch(remote)["results/benchmarks.json"]) == {"suite.time_new", "version"}


def test_damaged_result_on_the_branch_is_replaced(tmp_path: Path) -> None:
    """By whoever measured the commit again."""
    remote, (clone, other) = remote_with(tmp_path, 2)
    measure(clone, SHARED, {"suite.time_it": 1.0}).write_text("[]", encoding="utf-8")
    results_branch(clone).push("Keep a damaged result")
    file = measure(other, SHARED, {"suite.time_it": 2.0})
    results_branch(other).push("Keep a whole one")

    assert on_branch(remote)[f"results/{MACHINE}/{file.name}"]["results"]["suite.time_it"][0] == [2.0]


def test_stale_copy_does_not_undo_a_newer_one(tmp_path: Path) -> None:
    """What this clone only fetched is not new."""
    remote, (clone, other) = remote_with(tmp_path, 2)
    file = measure(clone, SHARED, {"suite.time_it": 1.0})
    results_branch(clone).push("Keep a result")
    results_branch(other).fetch()
    file.write_text(file.read_text(encoding="utf-8").replace("Imaginary 9000", "Imaginary 9001"), encoding="utf-8")
    results_branch(clone).push("Keep it anew")

    measure(other, "d" * 40, {"suite.time_it": 1.0})
    results_branch(other).push("Keep another")

    assert on_branch(remote)[f"results/{MACHINE}/{file.name}"]["params"]["cpu"] == "Imaginary 9001"
    assert "Imaginary 9001" in (other / file.relative_to(clone)).read_text(encoding="utf-8")


def test_accepted_regressions_of_both_are_kept(tmp_path: Path) -> None:
    """In the order of their dates."""
    _, (clone, other) = remote_with(tmp_path, 2)
    second = structs.replace(REASON, commit="d" * 40, pull_request=13)
    add_accepted(clone / ".asv", [REASON])
    add_accepted(other / ".asv", [second])
    results_branch(clone).push("Accept one")
    results_branch(other).push("Accept another")

    assert ((REASON, second), ()) == read_accepted(other / ".asv")


def test_files_that_people_put_on_the_branch_stay(tmp_path: Path) -> None:
    """Also those that lie nowhere in a clone, such as a README, and links are never followed."""
    remote, (clone, other) = remote_with(tmp_path, 2)
    git("switch", "--quiet", "--orphan", "results", cwd=other)
    (other / "README.md").write_text("Results.\n", encoding="utf-8")
    (other / "results").mkdir()
    (other / "results" / "planted.json").symlink_to("/etc/passwd")
    git("add", "--all", "--force", "README.md", "results", cwd=other)
    git("-c", "user.name=T", "-c", "user.email=t@example.org", "commit", "--quiet", "-m", "By hand", cwd=other)
    git("push", "--quiet", "origin", "results", cwd=other)

    assert results_branch(clone).fetch()
    measure(clone, SHARED, {"suite.time_it": 1.0})
    results_branch(clone).push("Keep a result")

    names = git("ls-tree", "-r", "--name-only", "results", cwd=remote).splitlines()
    assert {"README.md", "results/planted.json", "results/benchmarks.json"} <= set(names)
    assert not (clone / ".asv/results/planted.json").exists()


def test_result_removed_from_the_branch_is_removed_here(tmp_path: Path) -> None:
    """Unless it was measured again since."""
    remote, (clone, other) = remote_with(tmp_path, 2)
    file = measure(clone, SHARED, {"suite.time_it": 1.0})
    results_branch(clone).push("Keep a result")
    git("fetch", "--quiet", "origin", "results", cwd=other)
    git("switch", "--quiet", "results", cwd=other)
    git("rm", "--quiet", f"results/{MACHINE}/{file.name}", cwd=other)
    git("-c", "user.name=T", "-c", "user.email=t@example.org", "commit", "--quiet", "-m", "Remove it", cwd=other)
    git("push", "--quiet", "origin", "results", cwd=other)

    results_branch(clone).fetch()

    assert not file.exists()
    assert f"results/{MACHINE}/{file.name}" not in on_branch(remote)


def test_remote_that_refuses_is_one_sentence(tmp_path: Path) -> None:
    """After as many attempts as there are, with what git said; the results are still here."""
    remote, (clone,) = remote_with(tmp_path, 1)
    hook = remote / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho protected branch >&2\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)
    file = measure(clone, SHARED, {"suite.time_it": 1.0})
    pauses: list[float] = []

    with pytest.raises(BenchModelsError, match=r"(?s)in 20 attempts; git said: .*protected branch"):
        replace(results_branch(clone), pause=pauses.append).push("Keep a result")

    assert len(pauses) == ATTEMPTS
    assert max(pauses) <= 15
    assert file.exists()


def test_clone_without_the_remote_is_one_sentence(tmp_path: Path) -> None:
    """It names the remote, and what it is for."""
    _, (clone,) = remote_with(tmp_path, 1)
    git("remote", "remove", "origin", cwd=clone)

    with pytest.raises(BenchModelsError, match="no remote origin"):
        results_branch(clone)


def test_remote_that_is_gone_is_one_sentence(tmp_path: Path) -> None:
    """A branch that cannot be asked for is not taken for one that is not there."""
    remote, (clone,) = remote_with(tmp_path, 1)
    remote.rename(tmp_path / "elsewhere")

    with pytest.raises(BenchModelsError, match="`git ls-remote` fails for the results branch"):
        results_branch(clone).fetch()


def test_token_logs_git_in_and_stands_in_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor on a command line, which other processes see; a login that a checkout left is forgotten."""
    _, (clone,) = remote_with(tmp_path, 1)
    seen = tmp_path / "seen"
    git_in_path = shutil.which("git")
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    fake.write_text(
        f'#!/bin/sh\nenv >> {seen}\necho "arguments $*" >> {seen}\nexec {git_in_path} "$@"\n', encoding="utf-8"
    )
    fake.chmod(0o755)
    measure(clone, SHARED, {"suite.time_it": 1.0})
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("GITHUB_TOKEN", "s3cret")
    results_branch(clone).push("Keep a result")

    lines = seen.read_text(encoding="utf-8").splitlines()
    word = base64.b64encode(b"x-access-token:s3cret").decode()
    assert f"GIT_CONFIG_VALUE_1=AUTHORIZATION: basic {word}" in lines
    assert "GIT_CONFIG_KEY_1=http.https://github.com/.extraheader" in lines
    assert "GIT_CONFIG_VALUE_0=" in lines
    assert not [line for line in lines if line.startswith("arguments") and (word in line or "s3cret" in line)]
    for file in (path for path in clone.rglob("*") if path.is_file()):
        assert word.encode() not in file.read_bytes()


def test_file_that_has_no_place_on_the_branch_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be missed on the site, and nobody would know why."""
    remote, (clone,) = remote_with(tmp_path, 1)
    file = clone / ".asv" / "checks" / "abc.json"
    file.parent.mkdir(parents=True)
    file.write_text("{}", encoding="utf-8")
    monkeypatch.chdir(clone)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    assert main(["ci", "keep"]) == 0
    assert "abc.json is passed over: the branch has no place for checks/abc.json" in (tmp_path / "summary").read_text(
        encoding="utf-8"
    )
    assert git("branch", "--list", "results", cwd=remote) == ""


def test_what_git_says_is_one_line(tmp_path: Path) -> None:
    """Its hints follow in the same one."""
    objects = Objects(path=tmp_path / "branch.git", remote=str(tmp_path / "gone.git"))
    objects.prepare()
    with pytest.raises(BenchModelsError, match="does not appear to be a git repository") as caught:
        objects.fetch("results")
    assert len(str(caught.value).splitlines()) == 1
