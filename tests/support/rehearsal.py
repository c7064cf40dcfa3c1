"""A rehearsal of workflows: their own ``run:`` steps, in order, in a temporary clone of a bare remote.

    remote = bare(project, tmp_path)
    rehearsal = Rehearsal(remote=remote, scratch=tmp_path / "rehearsal", event_name="push", event={...})
    jobs = rehearsal.workflow(".github/workflows/check.yml")   # every job, in the order of `needs`, matrix and all
    jobs["verdict"][0].status, .outputs, .summary, .steps["Judge"].log

Steps run as GitHub runs them (with ``shell: bash``, of the step or as a default, ``bash --noprofile --norc -eo
pipefail``, otherwise ``bash -e``), with the runner's variables and files.
Actions are replaced by ``stand_ins``; an unknown one is an error, as is an expression that ``expressions``
does not know. The repository's own composite actions are executed for real. Where the workflow installs
bench-models, the step is named in ``satisfied``: the environment of the tests has it already.
"""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any, Literal

import yaml

from support.expressions import condition, shown, strict, value
from support.stand_ins import STAND_INS, Place, StandIn, StandInError
from support.tiny_project import git

Status = Literal["success", "failure", "skipped"]

_SHELLS = {"bash": ("bash", "--noprofile", "--norc", "-eo", "pipefail"), None: ("bash", "-e")}
_STEP_KEYS = {"name", "id", "if", "uses", "with", "run", "shell", "env", "working-directory", "continue-on-error"}
# What of the context github every step is told as a variable.
_TOLD = (
    *("actor", "api_url", "base_ref", "event_name", "head_ref", "job", "ref", "ref_name", "repository"),
    *("repository_owner", "run_attempt", "run_id", "run_number", "server_url", "sha", "workflow", "workspace"),
)
_COMMANDS = ("python", "python3", "bench-models")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step that was rehearsed: ``inputs`` are an action's, evaluated."""

    name: str
    status: Status
    log: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job that was rehearsed, once for each row of its matrix."""

    status: Status
    steps: Mapping[str, Step] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    summary: str = ""
    workspace: Path | None = None

    @property
    def log(self) -> str:
        """What all steps printed."""
        return "".join(f"--- {step.name}: {step.status}\n{step.log}" for step in self.steps.values())


def bare(project: Path, folder: Path) -> Path:
    """Return a bare clone of a project, from which any commit can be fetched, as from GitHub."""
    remote = folder / "remote.git"
    git("clone", "--quiet", "--bare", str(project), str(remote), cwd=folder)
    git("config", "uploadpack.allowAnySHA1InWant", "true", cwd=remote)
    return remote


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """Everything that jobs of a workflow share: the event, the remote, artifacts and caches.

    ``actions`` maps ``owner/name/path`` to the folder of a composite action that lies in another repository,
    ``stand_ins`` adds to the known ones, and ``environment`` to the variables of every step.
    """

    remote: Path
    scratch: Path
    event_name: str = "push"
    event: Mapping[str, Any] = field(default_factory=dict)
    repository: str = "owner/project"
    ref: str = "refs/heads/main"
    sha: str = ""
    api_url: str = "http://127.0.0.1:9"  # nothing listens there
    token: str = "a-token"  # noqa: S105  # no password
    run_id: int = 1
    inputs: Mapping[str, Any] = field(default_factory=dict)
    satisfied: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    stand_ins: Mapping[str, StandIn] = field(default_factory=dict)
    actions: Mapping[str, Path] = field(default_factory=dict)

    def workflow(self, file: str | Path) -> dict[str, list[Job]]:
        """Rehearse all jobs of a workflow, each after those that it needs."""
        jobs: dict[str, list[Job]] = {}
        waiting = dict(self._loaded(file)["jobs"])
        while waiting:
            ready = [name for name, job in waiting.items() if set(_list(job.get("needs"))) <= jobs.keys()]
            assert ready, f"{', '.join(waiting)} wait for each other"
            for name in ready:
                waiting.pop(name)
                jobs[name] = self.job(file, name, jobs)
        return jobs

    def job(self, file: str | Path, name: str, before: Mapping[str, list[Job]] | None = None) -> list[Job]:
        """Rehearse one job, once for each row of its matrix; ``before`` holds the jobs that it needs."""
        workflow = self._loaded(file)
        described = workflow["jobs"][name]
        needs = {each: _needed((before or {})[each]) for each in _list(described.get("needs"))}
        base = {"github": self._github(), "needs": needs, "inputs": self.inputs, "vars": {}, "secrets": self._secrets}
        failed = any(need["result"] != "success" for need in needs.values())
        if not condition(described.get("if"), base, failed=failed):
            return [Job(status="skipped")]
        rows = list(_rows(value(described.get("strategy", {}).get("matrix", {}), base)))
        return [
            self._job(workflow, described, {**base, "matrix": row}, f"{name}-{index}") for index, row in enumerate(rows)
        ]

    @property
    def _secrets(self) -> dict[str, str]:
        return {"GITHUB_TOKEN": self.token}

    @cached_property
    def _commit(self) -> str:
        return self.sha or git("rev-parse", self.ref, cwd=self.remote).strip()

    def _loaded(self, file: str | Path) -> dict[str, Any]:
        """Return a workflow: of the commit that it runs at, unless the file lies elsewhere."""
        text = (
            Path(file).read_text(encoding="utf-8")
            if Path(file).is_absolute()
            else git("show", f"{self._commit}:{file}", cwd=self.remote)
        )
        loaded: dict[str, Any] = yaml.safe_load(text)
        return loaded

    def _github(self) -> Mapping[str, Any]:
        number = self.event.get("pull_request", {}).get("number")
        return strict(
            {
                "actor": "somebody",
                "api_url": self.api_url,
                "base_ref": self.event.get("pull_request", {}).get("base", {}).get("ref", ""),
                "event": self.event,
                "event_name": self.event_name,
                "head_ref": self.event.get("pull_request", {}).get("head", {}).get("ref", ""),
                "ref": f"refs/pull/{number}/merge" if number else self.ref,
                "ref_name": f"{number}/merge" if number else self.ref.rpartition("/")[2],
                "repository": self.repository,
                "repository_owner": self.repository.partition("/")[0],
                "run_attempt": "1",
                "run_id": str(self.run_id),
                "run_number": str(self.run_id),
                "server_url": "https://github.invalid",
                "sha": self._commit,
                "token": self.token,
                "workflow": "rehearsal",
            }
        )

    def _job(self, workflow: dict[str, Any], described: dict[str, Any], base: dict[str, Any], name: str) -> Job:
        folder = self._new_folder(name)
        workspace = folder / "workspace"
        for each in (workspace, folder / "temp", folder / "home"):
            each.mkdir()
        github = strict({**base["github"], "workspace": str(workspace), "job": name.rpartition("-")[0]})
        runner = strict({"temp": str(folder / "temp"), "os": "Linux", "arch": "X64", "tool_cache": str(folder)})
        contexts: dict[str, Any] = {**base, "github": github, "runner": runner, "steps": {}, "env": {}, "job": {}}
        contexts["env"] = {**_evaluated(workflow.get("env"), contexts)}
        contexts["env"] |= _evaluated(described.get("env"), contexts)
        defaults = {**workflow.get("defaults", {}).get("run", {}), **described.get("defaults", {}).get("run", {})}
        running = _Running(rehearsal=self, folder=folder, contexts=contexts, shell=defaults.get("shell"))
        running.all(described["steps"])
        missing = [each for each in self.satisfied if each not in self._names(workflow)]
        assert not missing, f"no step is called {', '.join(missing)}"
        outputs = {key: shown(value(text, contexts)) for key, text in described.get("outputs", {}).items()}
        status: Status = "failure" if running.failed else "success"
        return Job(status=status, steps=running.steps, outputs=outputs, summary=running.summary, workspace=workspace)

    def _names(self, workflow: dict[str, Any]) -> set[str]:
        """Return the names of all steps, of composite actions too as far as they ran."""
        own = {step.get("name", "") for job in workflow["jobs"].values() for step in job.get("steps", ())}
        return own | self._seen

    @cached_property
    def _seen(self) -> set[str]:
        return set()

    def _new_folder(self, name: str) -> Path:
        count = sum(1 for _ in self.scratch.glob(f"{name}-*")) if self.scratch.is_dir() else 0
        folder = self.scratch / f"{name}-{count}"
        folder.mkdir(parents=True)
        return folder

    @cached_property
    def commands(self) -> Path:
        """A folder with ``python`` and ``bench-models`` as the environment of the tests has them."""
        folder = self.scratch / "bin"
        folder.mkdir(parents=True, exist_ok=True)
        for name in _COMMANDS:
            module = " -P -m bench_models" if name == "bench-models" else ""
            (folder / name).write_text(f'#!/bin/sh\nexec "{sys.executable}"{module} "$@"\n', encoding="utf-8")
            (folder / name).chmod(stat.S_IRWXU)
        return folder

    def place(self, workspace: Path) -> Place:
        """Return what the stand-ins of actions work on."""
        for name in ("artifacts", "caches"):
            (self.scratch / name).mkdir(parents=True, exist_ok=True)
        return Place(
            workspace=workspace,
            remote=self.remote,
            commit=self._commit,
            artifacts=self.scratch / "artifacts",
            caches=self.scratch / "caches",
        )


@dataclass(kw_only=True)
class _Running:
    """A job, or a composite action within one, while its steps run."""

    rehearsal: Rehearsal
    folder: Path
    contexts: dict[str, Any]
    steps: dict[str, Step] = field(default_factory=dict)
    failed: bool = False
    summary: str = ""
    path: list[str] = field(default_factory=list)
    shell: str | None = None

    def all(self, described: list[dict[str, Any]]) -> None:
        """Run all steps."""
        for number, step in enumerate(described, start=1):
            assert step.keys() <= _STEP_KEYS, f"a step has a key that this rehearsal does not know: {step}"
            name = str(step.get("name") or step.get("id") or step.get("uses", "").partition("@")[0] or f"step {number}")
            name = name if name not in self.steps else f"{name} ({number})"
            self.rehearsal._seen.add(name)
            done = self._step(name, step)
            self.steps[name] = done
            tolerated = step.get("continue-on-error") is True
            self.failed = self.failed or (done.status == "failure" and not tolerated)
            if "id" in step:
                conclusion = "success" if tolerated and done.status == "failure" else done.status
                self.contexts["steps"][step["id"]] = {
                    "outputs": done.outputs,
                    "outcome": done.status,
                    "conclusion": conclusion,
                }

    def _step(self, name: str, step: dict[str, Any]) -> Step:
        if not condition(step.get("if"), self.contexts, failed=self.failed):
            return Step(name=name, status="skipped")
        if name in self.rehearsal.satisfied:
            return Step(name=name, status="success", log="The environment of the tests has it already.\n")
        contexts = {**self.contexts, "env": self.contexts["env"] | _evaluated(step.get("env"), self.contexts)}
        if "uses" in step:
            return self._action(name, step["uses"], _evaluated(step.get("with"), contexts), contexts)
        return self._script(name, step, contexts)

    def _action(self, name: str, uses: str, inputs: dict[str, str], contexts: dict[str, Any]) -> Step:
        action = uses.partition("@")[0]
        if uses.startswith("./"):
            return self._composite(name, self._workspace / uses, inputs, contexts)
        if action in self.rehearsal.actions:
            return self._composite(name, self.rehearsal.actions[action], inputs, contexts)
        stand_ins = {**STAND_INS, **self.rehearsal.stand_ins}
        assert action in stand_ins, f"this rehearsal has no stand-in for the action {uses}"
        try:
            outputs = stand_ins[action](inputs, self.rehearsal.place(self._workspace))
        except (StandInError, subprocess.CalledProcessError) as error:
            log = f"{error}\n{getattr(error, 'stderr', '')}\n"
            return Step(name=name, status="failure", log=log, inputs=inputs)
        return Step(name=name, status="success", outputs=outputs, inputs=inputs)

    def _composite(self, name: str, action: Path, inputs: dict[str, str], contexts: dict[str, Any]) -> Step:
        described = yaml.safe_load((action / "action.yml").read_text(encoding="utf-8"))
        known = described.get("inputs", {})
        assert inputs.keys() <= known.keys(), f"{name} has no input {', '.join(inputs.keys() - known.keys())}"
        defaults = {key: shown(value(each.get("default", ""), contexts)) for key, each in known.items()}
        github = strict({**contexts["github"], "action_path": str(action)})
        inside = {**contexts, "github": github, "inputs": strict(defaults | inputs), "steps": {}}
        running = _Running(rehearsal=self.rehearsal, folder=self.folder, contexts=inside, path=self.path)
        running.all(described["runs"]["steps"])
        outputs = {key: shown(value(each["value"], inside)) for key, each in described.get("outputs", {}).items()}
        self.summary += running.summary
        log = "".join(f"--- {step.name}: {step.status}\n{step.log}" for step in running.steps.values())
        status: Status = "failure" if running.failed else "success"
        return Step(name=name, status=status, log=log, outputs=outputs, inputs=inputs)

    def _script(self, name: str, step: dict[str, Any], contexts: dict[str, Any]) -> Step:
        shell = step.get("shell", self.shell)
        assert shell in _SHELLS, f"{name}: this rehearsal knows bash only, not {shell}"
        files = self._files(name)
        script = value(step["run"], contexts)
        (self.folder / "script.sh").write_text(script, encoding="utf-8")
        done = subprocess.run(
            [*_SHELLS[shell], str(self.folder / "script.sh")],
            cwd=self._workspace / value(step.get("working-directory", "."), contexts),
            env=self._variables(contexts, files),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.summary += files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")
        self.contexts["env"] |= _pairs(files["GITHUB_ENV"])
        self.path[:0] = files["GITHUB_PATH"].read_text(encoding="utf-8").split("\n")[:-1]
        status: Status = "failure" if done.returncode else "success"
        return Step(name=name, status=status, log=done.stdout, outputs=_pairs(files["GITHUB_OUTPUT"]))

    @property
    def _workspace(self) -> Path:
        return Path(self.contexts["github"]["workspace"])

    def _files(self, name: str) -> dict[str, Path]:
        """Return the empty files that a step writes to."""
        folder = self.folder / "files" / f"{len(self.steps)}-{abs(hash(name))}"
        folder.mkdir(parents=True, exist_ok=True)
        files = {each: folder / each for each in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV", "GITHUB_PATH")}
        for file in files.values():
            file.write_text("", encoding="utf-8")
        return files

    def _variables(self, contexts: dict[str, Any], files: dict[str, Path]) -> dict[str, str]:
        """Return a step's variables: the runner's, and of this machine's only what finds programs and libraries."""
        github = contexts["github"]
        event = self.folder / "event.json"
        event.write_text(json.dumps(self.rehearsal.event), encoding="utf-8")
        kept = {
            key: os.environ[key] for key in ("LANG", "PYTHONPATH", "OMP_NUM_THREADS", "TMPDIR") if key in os.environ
        }
        return {
            **kept,
            "PATH": os.pathsep.join((*self.path, str(self.rehearsal.commands), os.environ["PATH"])),
            "HOME": str(self.folder / "home"),
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            **{f"GITHUB_{key.upper()}": shown(github[key]) for key in _TOLD},
            **({"GITHUB_ACTION_PATH": github["action_path"]} if "action_path" in github else {}),
            "GITHUB_EVENT_PATH": str(event),
            "RUNNER_TEMP": contexts["runner"]["temp"],
            "RUNNER_OS": "Linux",
            "RUNNER_ARCH": "X64",
            **{key: str(file) for key, file in files.items()},
            "HF_HUB_OFFLINE": "1",
            **self.rehearsal.environment,
            **{key: shown(each) for key, each in contexts["env"].items()},
        }


def _evaluated(given: Mapping[str, Any] | None, contexts: Mapping[str, Any]) -> dict[str, str]:
    return {key: shown(value(each, contexts)) for key, each in (given or {}).items()}


def _pairs(file: Path) -> dict[str, str]:
    """Return what a step wrote as ``name=value`` or as ``name<<mark``, lines, ``mark``."""
    found: dict[str, str] = {}
    lines = iter(file.read_text(encoding="utf-8").split("\n"))
    for line in lines:
        if not line:
            continue
        name, mark, rest = line.partition("<<") if "=" not in line.partition("<<")[0] else line.partition("=")
        assert mark, f"{file.name} has a line that GitHub cannot read: {line!r}"
        found[name] = rest if mark == "=" else "\n".join(_until(lines, rest))
    return found


def _until(lines: Iterator[str], mark: str) -> Iterator[str]:
    for line in lines:
        if line == mark:
            return
        yield line
    raise AssertionError(f"the mark {mark!r} never comes")


def _rows(matrix: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the rows of a matrix: the product of its lists, without what is excluded, and what is included."""
    lists = {key: each for key, each in matrix.items() if key not in {"include", "exclude"}}
    excluded = matrix.get("exclude", [])
    for row in product(*lists.values()) if lists or "include" not in matrix else ():
        named = dict(zip(lists, row, strict=True))
        if not any(other.items() <= named.items() for other in excluded):
            yield named
    yield from matrix.get("include", [])


def _needed(jobs: list[Job]) -> dict[str, Any]:
    """Return what later jobs see of a job: its worst status, and the outputs of its last row."""
    statuses = [job.status for job in jobs]
    worst = next(status for status in ("failure", "skipped", "success") if status in statuses)
    return {"result": worst, "outputs": {key: text for job in jobs for key, text in job.outputs.items()}}


def _list(given: str | list[str] | None) -> list[str]:
    return [given] if isinstance(given, str) else list(given or ())
