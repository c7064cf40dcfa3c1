"""What stands in for GitHub's actions in a rehearsal: each does locally what the action would do."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from support.tiny_project import git


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a job runs: its folder, the bare remote and the commit it is about, and what stays between jobs."""

    workspace: Path
    remote: Path
    commit: str
    artifacts: Path
    caches: Path


Inputs = Mapping[str, str]
StandIn = Callable[[Inputs, Place], dict[str, str]]


class StandInError(Exception):
    """What an action would fail for."""


def checkout(inputs: Inputs, place: Place) -> dict[str, str]:
    """Fetch as much of the history as the action would: one commit, unless ``fetch-depth`` asks for more."""
    _require_known(inputs, "path", "ref", "fetch-depth", "fetch-tags", "persist-credentials", "token")
    folder = place.workspace / inputs.get("path", ".")
    folder.mkdir(parents=True, exist_ok=True)
    wanted, depth = inputs.get("ref") or place.commit, inputs.get("fetch-depth", "1")
    git("init", "--quiet", "--initial-branch=main", cwd=folder)
    git("remote", "add", "origin", place.remote.resolve().as_uri(), cwd=folder)
    if depth == "0":
        git("fetch", "--quiet", "origin", "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*", cwd=folder)
    git("fetch", "--quiet", *(() if depth == "0" else ("--depth", depth)), "origin", wanted, cwd=folder)
    branch = git("ls-remote", "origin", f"refs/heads/{wanted}", cwd=folder)
    git("checkout", "--quiet", "--force", *(("-B", wanted) if branch else ("--detach",)), "FETCH_HEAD", cwd=folder)
    return {"commit": git("rev-parse", "HEAD", cwd=folder).strip(), "ref": wanted}


def upload(inputs: Inputs, place: Place) -> dict[str, str]:
    """Copy files to the artifact: below the deepest folder that all patterns share, as the action does."""
    _require_known(inputs, "name", "path", "if-no-files-found", "retention-days", "include-hidden-files", "overwrite")
    target = place.artifacts / inputs.get("name", "artifact")
    if target.exists() and inputs.get("overwrite") != "true":
        raise StandInError(f"there is an artifact {target.name} already")
    hidden = inputs.get("include-hidden-files") == "true"
    files = [file for file in _matched(inputs["path"], place.workspace) if hidden or not _is_hidden(file, place)]
    if not files and inputs.get("if-no-files-found") == "error":
        raise StandInError(f"there is nothing at {inputs['path']!r} to upload")
    root = _shared_root(inputs["path"], place.workspace, files)
    for file in files:
        (target / file.relative_to(root)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target / file.relative_to(root))
    return {"artifact-id": "1", "artifact-url": f"https://github.invalid/artifacts/{target.name}"}


def download(inputs: Inputs, place: Place) -> dict[str, str]:
    """Copy one artifact, or each that matches into a folder of its name (or all into one)."""
    _require_known(inputs, "name", "pattern", "path", "merge-multiple", "run-id", "github-token")
    folder = place.workspace / inputs.get("path", ".")
    if "name" in inputs:
        if not (place.artifacts / inputs["name"]).is_dir():
            raise StandInError(f"there is no artifact {inputs['name']}")
        shutil.copytree(place.artifacts / inputs["name"], folder, dirs_exist_ok=True)
        return {"download-path": str(folder)}
    folder.mkdir(parents=True, exist_ok=True)
    for artifact in sorted(place.artifacts.glob(inputs.get("pattern", "*"))):
        into = folder if inputs.get("merge-multiple") == "true" else folder / artifact.name
        shutil.copytree(artifact, into, dirs_exist_ok=True)
    return {"download-path": str(folder)}


def restore(inputs: Inputs, place: Place) -> dict[str, str]:
    """Bring back what was kept under a key, or under the newest one that begins like a ``restore-keys``."""
    _require_known(inputs, "path", "key", "restore-keys", "fail-on-cache-miss", "lookup-only")
    starts = [inputs["key"], *inputs.get("restore-keys", "").split()]
    kept = sorted(place.caches.glob("*"), key=lambda each: each.stat().st_mtime, reverse=True)
    exact = [each for each in kept if each.name == inputs["key"]]
    found = next(iter([*exact, *(each for start in starts for each in kept if each.name.startswith(start))]), None)
    if found is not None and inputs.get("lookup-only") != "true":
        shutil.copytree(found, place.workspace / inputs["path"], dirs_exist_ok=True)
    return {"cache-hit": str(bool(exact)).lower() if found else "", "cache-matched-key": found.name if found else ""}


def save(inputs: Inputs, place: Place) -> dict[str, str]:
    """Keep a folder under a key; what a key holds never changes."""
    _require_known(inputs, "path", "key")
    folder, target = place.workspace / inputs["path"], place.caches / inputs["key"]
    if folder.is_dir() and not target.exists():
        shutil.copytree(folder, target)
    return {}


def nothing(_: Inputs, __: Place) -> dict[str, str]:
    """Do nothing: the environment of the tests has it, or nobody looks at it."""
    return {}


STAND_INS: Mapping[str, StandIn] = {
    "actions/checkout": checkout,
    "actions/setup-python": nothing,
    "actions/upload-artifact": upload,
    "actions/download-artifact": download,
    "actions/cache": restore,
    "actions/cache/restore": restore,
    "actions/cache/save": save,
    "actions/configure-pages": nothing,
    "actions/upload-pages-artifact": nothing,
    "actions/deploy-pages": nothing,
}


def _require_known(inputs: Inputs, *known: str) -> None:
    unknown = sorted(inputs.keys() - set(known))
    if unknown:
        raise AssertionError(f"this rehearsal's action does not know the input {', '.join(unknown)}")


def _matched(patterns: str, workspace: Path) -> list[Path]:
    found: dict[Path, None] = {}
    for pattern in patterns.split("\n"):
        wanted = pattern.strip()
        if wanted.startswith("!"):
            away = str(workspace / wanted[1:])
            found = {file: None for file in found if not fnmatch(str(file), away)}
        elif wanted:
            found |= dict.fromkeys(_files(workspace / wanted))
    return list(found)


def _files(path: Path) -> Iterator[Path]:
    """Yield the files at a path, which may be a folder or hold wildcards."""
    fixed = _fixed(path)
    for found in [path] if fixed == path else sorted(fixed.glob(str(path.relative_to(fixed)))):
        yield from (
            (file for file in sorted(found.rglob("*")) if file.is_file())
            if found.is_dir()
            else [found][: found.is_file()]
        )


def _fixed(path: Path) -> Path:
    """Return the part of a path before its first wildcard."""
    while any(mark in str(path) for mark in "*?["):
        path = path.parent
    return path


def _shared_root(patterns: str, workspace: Path, files: Sequence[Path]) -> Path:
    wanted = [_fixed(workspace / each.strip()) for each in patterns.split("\n") if each.strip() and each[0] != "!"]
    if len(wanted) == 1:
        return wanted[0] if wanted[0].is_dir() else wanted[0].parent
    common = [each if each.is_dir() else each.parent for each in wanted]
    return next(
        parent for parent in [common[0], *common[0].parents] if all(file.is_relative_to(parent) for file in files)
    )


def _is_hidden(file: Path, place: Place) -> bool:
    inside = file.relative_to(place.workspace) if file.is_relative_to(place.workspace) else file
    return any(part.startswith(".") for part in inside.parts)
