"""Installs each side's own package into a folder of its own, without its dependencies."""

import logging
import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import distributions
from pathlib import Path

from bench_models.errors import BenchModelsError
from bench_models.verdict.measurements import SIDES, SideName

log = logging.getLogger(__name__)

# How the file of a module ends, compiled or not.
_ENDINGS = (".py", ".so", ".pyd")
# What takes a package's version from git, and the variable by which it takes another one, before the package's name.
_FROM_GIT = "setuptools-scm"
_PRETEND = "SETUPTOOLS_SCM_PRETEND_VERSION_FOR_"


def installed(
    pythons: Mapping[SideName, Path], sources: Mapping[SideName, Path], scratch: Path, *, one_version: bool
) -> dict[SideName, Path]:
    """Install both sides' own packages, and return the folders to import them from.

    What is no package is imported from its source.
    With ``one_version`` both have BASE's version, if their builds derive it from git.
    """
    codes = _installed(pythons, sources, scratch, {})
    pretended = _pretended(sources, codes) if one_version else {}
    if not pretended:
        return codes
    shown = " ".join(f"{name}={value}" for name, value in pretended.items())
    log.info("%s, on both sides: a version that is derived from git differs between any two", shown)
    for side in SIDES:
        shutil.rmtree(codes[side])
    return _installed(pythons, sources, scratch, pretended)


def _installed(
    pythons: Mapping[SideName, Path], sources: Mapping[SideName, Path], scratch: Path, variables: Mapping[str, str]
) -> dict[SideName, Path]:
    """Install both sides' own packages with some variables set, and return the folders to import them from."""
    with ThreadPoolExecutor() as pool:
        folders = pool.map(
            lambda side: _install(pythons[side], sources[side], scratch / f"code-{side}", variables), SIDES
        )
        return dict(zip(SIDES, folders, strict=True))


def _pretended(sources: Mapping[SideName, Path], codes: Mapping[SideName, Path]) -> dict[str, str]:
    """Return the variable that gives both sides BASE's version, if it differs and both builds take it from git.

    It names the package, so that others that are built on the way keep their versions.
    """
    (name, version), head = (_name_and_version(codes[side]) for side in SIDES)
    if not name or head[0] != name or head[1] == version or not all(map(_version_from_git, sources.values())):
        return {}
    return {f"{_PRETEND}{re.sub('[-_.]+', '_', name).upper()}": version}


def _name_and_version(code: Path) -> tuple[str, str]:
    """Return name and version of the one package in a folder, or nothing."""
    found = [(each.name, each.version) for each in distributions(path=[str(code)])]
    return found[0] if len(found) == 1 else ("", "")


def _version_from_git(tree: Path) -> bool:
    """Say whether the build of a package takes its version from git, in a way that can be told another one."""
    file = tree / "pyproject.toml"
    requires = tomllib.loads(file.read_text(encoding="utf-8")).get("build-system", {}) if file.is_file() else {}
    names = {re.split(r"[^\w.-]", each.strip(), maxsplit=1)[0] for each in requires.get("requires", ())}
    return _FROM_GIT in {re.sub("[-_.]+", "-", name).lower() for name in names}


def _install(python: Path, tree: Path, target: Path, variables: Mapping[str, str]) -> Path:
    """Install a tree's own package, without its dependencies, and return the folder to import it from."""
    if not is_package(tree):
        return tree
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--target", str(target), str(tree)]
    env = {**os.environ, **variables}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tree, env=env)
    if done.returncode != 0:
        raise BenchModelsError(f"the package of {tree.name.upper()} cannot be installed: {done.stderr.strip()[-1000:]}")
    return target


def modules_in(folder: Path, *, namespaces: bool, inside: str = "") -> Iterator[str]:
    """Yield the modules that can be imported from a folder; ``namespaces``: also from namespace packages."""
    for path in folder.iterdir():
        name, _, ending = path.name.partition(".")
        if not name.isidentifier():
            continue
        if path.is_dir():
            if (path / "__init__.py").is_file():
                yield inside + name
            elif namespaces and not ending:
                yield from modules_in(path, namespaces=True, inside=f"{inside}{name}.")
        elif path.suffix in _ENDINGS:
            yield inside + name


def is_package(tree: Path) -> bool:
    """Say whether a tree can be installed."""
    return any((tree / name).is_file() for name in ("pyproject.toml", "setup.py"))
