"""The catalogue of suites, and how a suite is found by its name or its file."""

import importlib
import importlib.util
import sys
from contextlib import suppress
from pathlib import Path
from types import ModuleType

from bench_models.errors import BenchModelsError
from bench_models.suites.suite import Suite

BUILT_IN = ("rotten-tomatoes", "sst2-distilbert", "sst2-bert", "imdb-bert")
DEFAULT = BUILT_IN[0]

# The rows that the main job was asked for, for the processes that asv starts; all of them where it is not set.
ROWS = "BENCH_MODELS_ROWS"


def load(name_or_path: str) -> Suite:
    """Return the suite called so, or the ``SUITE`` of the Python file at that path.

    Raises ``BenchModelsError`` when there is neither.
    """
    if name_or_path in BUILT_IN:
        return _suite_of(importlib.import_module(f"bench_models.suites.{module_name(name_or_path)}"))
    path = Path(name_or_path)
    if path.suffix != ".py":
        raise BenchModelsError(_no_suite(name_or_path))
    if not path.is_file():
        raise BenchModelsError(f"there is no suite file {path}: give the path of a Python file that defines SUITE")
    try:
        suite = _suite_of(_module_at(path.absolute()))
    except BenchModelsError:
        raise
    except Exception as error:
        raise BenchModelsError(f"{path} cannot be imported: {type(error).__name__}: {error}") from error
    if module_name(suite.name) != path.stem:
        message = (
            f"{path} calls its suite {suite.name!r}, but asv knows benchmarks by their file: "
            f"call it {path.stem.replace('_', '-')!r}, or the file {module_name(suite.name)}.py"
        )
        raise BenchModelsError(message)
    return suite


def _no_suite(given: str) -> str:
    """Return the message for an argument that names no suite, with what it may have been meant as."""
    if Path(given).exists():
        return f"{given} is not a suite file: a suite of your own is a Python file, whose name ends in .py"
    if given in load(DEFAULT).names:
        return f"{given} is a row of the suite {DEFAULT}: give the suite's name before it, as in `{DEFAULT} {given}`"
    return (
        f"unknown suite {given!r}: the suites are {', '.join(BUILT_IN)}; a suite of your own is given as the path of "
        "its .py file"
    )


def module_name(suite: str) -> str:
    """Return the name that a suite's module has, here and in ``benchmarks/``."""
    return suite.replace("-", "_")


def _module_at(path: Path) -> ModuleType:
    """Import a file; one that lies in a package is imported as a part of it, as asv does."""
    # Python takes cached bytecode for current when size and whole seconds agree: a recipe edited from
    # 0.5 to 0.6 within a second would be measured as it was.
    with suppress(OSError):
        Path(importlib.util.cache_from_source(str(path))).unlink()
    if (path.parent / "__init__.py").exists():
        root = str(path.parent.parent)
        _refuse_another_package(path.parent)
        if sys.path[:1] != [root]:  # first, as another package of that name may be installed
            sys.path.insert(0, root)
        return importlib.import_module(f"{path.parent.name}.{path.stem}")
    spec = importlib.util.spec_from_file_location(f"suite_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise BenchModelsError(f"{path} cannot be imported: a suite is a Python file that defines SUITE")
    module = importlib.util.module_from_spec(spec)
    # Steps defined in the file are looked up by their module's name, for their source.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _refuse_another_package(folder: Path) -> None:
    """Raise ``BenchModelsError`` where a package of another folder was imported under this one's name.

    Python would look for the suite there, and may find one.
    """
    imported = [*getattr(sys.modules.get(folder.name), "__path__", [])]
    if imported and Path(imported[0]).resolve() != folder.resolve():
        raise BenchModelsError(
            f"the package {folder.name} of this process is {imported[0]}, not {folder}: load the suites of each in a "
            "process of their own"
        )


def _suite_of(module: ModuleType) -> Suite:
    suite = getattr(module, "SUITE", None)
    if not isinstance(suite, Suite):
        raise BenchModelsError(f"{module.__file__} defines no SUITE: a suite file needs one, as SUITE = Suite(...)")
    return suite
