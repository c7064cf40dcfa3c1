"""Makes each side's environment: one for both if their pins are equal, else one each; a side's own code comes first."""

import hashlib
import json
import logging
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from asv import environment
from asv.config import Config
from asv.plugin_manager import plugin_manager  # noqa: F401  # importing it is what makes asv know its environments
from asv.repo import get_repo
from asv.util import ProcessError, UserError

from bench_models.check.sides import packages
from bench_models.check.sides.commits import Commit
from bench_models.check.sides.side import Tree
from bench_models.checkout import git
from bench_models.errors import BenchModelsError
from bench_models.verdict.measurements import SIDES, SideName

log = logging.getLogger(__name__)

# Where both sides run when their pins are those of the working tree, instead of a path: in an environment
# that asv makes, or in that of this process.
ASV, SAME = "asv", "same"

# What decides which libraries a project gets, in any folder; of pyproject.toml only the tables that do.
_PINS = (
    "setup.py",
    "setup.cfg",
    "*requirements*.txt",
    "requirements/*.txt",
    "constraints*.txt",
    "*.lock",
    "Pipfile",
    "*environment*.y*ml",
)
_PROJECT_KEYS = ("dependencies", "optional-dependencies", "requires-python", "dynamic")
_RUNNER = "asv_runner>=0.2.5,<0.3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """Where a repository keeps its asv project: ``asv.conf.json``, relative to the root."""

    root: Path
    config: Path

    def load(self, tree: Path) -> Any:  # noqa: ANN401  # asv is untyped
        """Return asv's configuration as a tree has it."""
        file = tree / self.config
        if not file.is_file():
            raise BenchModelsError(
                f"there is no {self.config} in {tree.name.upper()}: a check needs a project with an asv suite "
                "(`asv quickstart` makes one); where the file lies in a folder of its own, name it with --config"
            )
        try:
            return Config.load(str(file))
        except (UserError, KeyError, TypeError, ValueError) as error:
            raise BenchModelsError(f"{self.config} is damaged ({error}): mend it") from error

    def suite(self, tree: Path) -> Path:
        """Return the folder with a tree's benchmarks."""
        return (tree / self.config).parent / str(self.load(tree).benchmark_dir)

    def require_suite(self, tree: Path) -> None:
        """Refuse a tree without a suite; it is asked of HEAD, as BASE may not have one yet."""
        folder = self.suite(tree)
        if not folder.is_dir():
            where = folder.relative_to(tree)
            raise BenchModelsError(f"{self.config} says that the suite is in {where}, which {tree.name.upper()} lacks")


def pins(tree: Path, config: Path) -> str:
    """Return a digest of all that decides which libraries a tree gets."""
    digest = hashlib.sha256()
    tracked = git("ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=tree) or ""
    for name in sorted({*filter(None, tracked.split("\0")), config.as_posix()}):
        file = tree / name
        if not file.is_file():
            continue
        if file.name == "pyproject.toml":
            content = json.dumps(_dependencies(file), sort_keys=True).encode()
        elif name == config.as_posix() or any(fnmatch(f"/{name}", f"*/{pattern}") for pattern in _PINS):
            content = file.read_bytes()
        else:
            continue
        digest.update(os.fsencode(name) + b"\0" + content + b"\0")
    return digest.hexdigest()[:16]


def furnish(  # noqa: PLR0913  # what a check consists of
    project: Project,
    commits: Mapping[SideName, Commit],
    trees: Mapping[SideName, Path],
    scratch: Path,
    interpreter: str,
    *,
    one_version: bool = False,
) -> tuple[dict[SideName, Tree], dict[str, str]]:
    """Return what each side runs, and the variables that asv's matrix sets on both.

    Where both sides have the pins of the working tree, they run in the environment of ``interpreter``, which
    is taken to be installed from them. Otherwise, and with the interpreter ``asv``, environments are made as
    ``asv.conf.json`` says: both of them, as one from elsewhere may differ in more than its pins. Either way
    a side's own package lies in a folder before the environment's. With ``one_version`` both have BASE's version, if
    their builds derive it from git.
    """
    subdir = project.load(trees["head"]).repo_subdir or "."
    project.require_suite(trees["head"])
    pythons, variables = _pythons(project, commits, trees, interpreter)
    sources = {side: trees[side] / subdir for side in SIDES}
    codes = packages.installed(pythons, sources, scratch, one_version=one_version)
    apart = {side: codes[side] != sources[side] for side in SIDES}
    modules = {name for side in SIDES for name in packages.modules_in(codes[side], namespaces=apart[side])}
    return {
        side: Tree(
            name=side,
            place=side,
            python=pythons[side],
            code=codes[side],
            suite=project.suite(trees[side]),
            timeout_s=float(project.load(trees[side]).default_benchmark_timeout),
            apart=apart[side],
            modules=tuple(sorted(modules)),
            root=project.root,
        )
        for side in SIDES
    }, variables


def _pythons(
    project: Project, commits: Mapping[SideName, Commit], trees: Mapping[SideName, Path], interpreter: str
) -> tuple[dict[SideName, Path], dict[str, str]]:
    """Return the interpreter of each side's environment, and the variables that asv's matrix sets."""
    wanted = {side: pins(trees[side], project.config) for side in SIDES}
    here = pins(project.root, project.config)
    ready = interpreter != ASV and set(wanted.values()) == {here}
    pythons = {here: _interpreter(interpreter)} if ready else {}
    variables: dict[str, str] = {}
    made = _Maker(project, project.load(trees["head"]))
    for side in SIDES:
        if wanted[side] not in pythons:
            log.info("%s: an environment for its pins (%s)", side.upper(), wanted[side])
            pythons[wanted[side]], variables = made.environment(wanted[side], commits[side], trees[side])
    made.forget(set(pythons))
    return {side: pythons[wanted[side]] for side in SIDES}, variables


class _Maker:
    """Makes environments with asv, and keeps those that the latest check used."""

    def __init__(self, project: Project, config: Any) -> None:  # noqa: ANN401  # asv is untyped
        self._folder = (project.root / project.config).parent / config.env_dir / "check"
        self._project = project

    def environment(self, key: str, commit: Commit, tree: Path) -> tuple[Path, dict[str, str]]:
        """Return the interpreter of the environment for these pins, made now or by an earlier check."""
        config, ready = self._project.load(tree), self._folder / key / "ready"
        config.repo, config.env_dir = str(self._project.root), str(self._folder / key)
        config.environment_type = config.environment_type or "virtualenv"  # asv asks for one
        try:
            with redirect_stdout(sys.stderr):
                made = next(iter(environment.get_environments(config, None)), None)
                if made is None:
                    raise BenchModelsError(
                        f"asv finds no Python {' or '.join(config.pythons)} for {self._project.config}: install "
                        "one, or give an interpreter that has all libraries with --python"
                    )
                made.create()
                if not ready.exists():
                    if config.install_command:
                        made.install_project(config, get_repo(config), commit.hash)
                    elif packages.is_package(tree):
                        # asv's own way fails for projects with dependencies: its build makes wheels of those, too.
                        made.run_executable("python", ["-m", "pip", "install", str(tree / (config.repo_subdir or "."))])
                    made.run_executable("python", ["-m", "pip", "install", _RUNNER])
                    ready.touch()
            return Path(made.find_executable("python")), dict(made.env_vars)
        except (UserError, ProcessError, OSError, environment.EnvironmentUnavailable) as error:
            shutil.rmtree(self._folder / key, ignore_errors=True)
            raise BenchModelsError(
                f"asv cannot make the environment of {commit}: {error}; --python takes an interpreter that has all "
                "libraries instead"
            ) from error

    def forget(self, used: set[str]) -> None:
        """Remove environments of other pins: each is as large as its libraries."""
        for folder in self._folder.iterdir() if self._folder.is_dir() else ():
            if folder.name not in used:
                shutil.rmtree(folder, ignore_errors=True)


def _interpreter(given: str) -> Path:
    """Return the interpreter that was asked for, which can load an asv suite."""
    python = Path(sys.executable if given == SAME else given).absolute()
    try:
        done = subprocess.run([str(python), "-c", "import asv_runner"], capture_output=True, text=True, check=False)
    except OSError as error:
        raise BenchModelsError(
            f"--python {given} cannot be run: {error}; give {ASV}, {SAME} or an interpreter"
        ) from error
    if done.returncode != 0:
        raise BenchModelsError(f'--python {given} has no asv_runner: install "{_RUNNER}" there')
    return python


def _dependencies(file: Path) -> dict[str, Any]:
    try:
        settings = tomllib.loads(file.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise BenchModelsError(f"pyproject.toml of {file.parent.name.upper()} is damaged: {error}") from error
    project, poetry = settings.get("project", {}), settings.get("tool", {}).get("poetry", {})
    return {
        "build-system": settings.get("build-system"),
        "project": {key: project.get(key) for key in _PROJECT_KEYS},
        "groups": settings.get("dependency-groups"),
        "poetry": {key: poetry.get(key) for key in ("dependencies", "group")},
    }
