"""A tiny project to try everything on: a two-layer random BERT and a few dozen made-up sentences."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from importlib.util import find_spec
from pathlib import Path

import pytest
from support import REPOSITORY, arithmetic
from support.tiny_project import TINY_BENCHMARKS, TINY_SUITE, commit_all, git, sentences, write_tiny

from bench_models import suites
from bench_models.build import Builder
from bench_models.recipes.step import Context
from bench_models.storage import Store, home


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the arithmetic that the CPU is said to have; without the option it is what it is."""
    parser.addoption("--bf16", choices=("with", "without"), help="run as on a CPU with or without bf16 arithmetic")
    parser.addoption("--a-core-each", action="store_true", help="keep each worker, and what it starts, on one core")


def pytest_configure(config: pytest.Config) -> None:
    """Choose kernels before anything imports torch, and cores before anything starts a process."""
    # `reproduction` is not in the wheel. Last in the path: bench_models is the installed one, as tox makes it.
    sys.path.append(str(REPOSITORY))
    if find_spec("hypothesis"):  # not where budgets are enforced, in the main job
        from hypothesis import HealthCheck, settings

        # How long it takes to make up inputs tells of the machine, which may be busy, and not of the project.
        settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
        settings.load_profile("any machine")
    if config.getoption("--bf16") == "without":
        arithmetic.keep_kernels_from_bf16()
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker and config.getoption("--a-core-each") and hasattr(os, "sched_setaffinity"):
        # A check times on the last core that it may use: two of them would wait for each other there.
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[int(worker.removeprefix("gw")) % len(cores)]})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest file, which else is all that one worker still has to do when the others are done."""
    items.sort(key=lambda item: item.path.name != "test_clone.py")


@pytest.fixture(scope="session", autouse=True)
def _cpu(request: pytest.FixtureRequest) -> Iterator[None]:
    """Say of the CPU what ``--bf16`` tells."""
    told = request.config.getoption("--bf16")
    with arithmetic.cpu(with_bf16=told == "with") if told else nullcontext():
        yield


@pytest.fixture(scope="session")
def users_store() -> Path:
    """Return the user's own store, for the tests of the real suite.

    Of the session, and so asked for before ``_away_from_home`` says otherwise for one test.
    """
    return home()


@pytest.fixture(autouse=True)
def _away_from_home(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's own store, but for the budgets, which are about what is in it."""
    if "thresholds" not in request.path.parts:
        monkeypatch.setenv("BENCH_MODELS_HOME", str(tmp_path / "home"))


@pytest.fixture(scope="session")
def tiny_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a random two-layer BERT with a tokenizer that knows the made-up words."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("tiny") / "checkpoint"
    words = sorted({word for text, _ in sentences() for word in text.split()})
    vocabulary = {word: index for index, word in enumerate(("[PAD]", "[UNK]", "[CLS]", "[SEP]", *words))}
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64
    )
    torch.manual_seed(0)
    BertModel(config).save_pretrained(folder)
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))  # noqa: S106  # no password
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


@pytest.fixture
def tiny_suite(tmp_path: Path, tiny_checkpoint: Path) -> Path:
    """Return the path of the tiny suite's file, with all that it names beside it."""
    return write_tiny(tmp_path / "suite", tiny_checkpoint)


@pytest.fixture
def untrained_builder(tiny_suite: Path, tmp_path: Path) -> Builder:
    """Return a builder of the tiny suite with an empty store."""
    return Builder(suite=suites.load(str(tiny_suite)), store=Store(root=tmp_path / "home"))


@pytest.fixture(scope="session")
def trained_store(tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a store with the tiny suite's baseline, trained once for all tests that are not about it."""
    folder = tmp_path_factory.mktemp("trained")
    suite = suites.load(str(write_tiny(folder / "suite", tiny_checkpoint)))
    Builder(suite=suite, store=Store(root=folder / "home")).train(suite.baseline.name)
    return folder / "home"


@pytest.fixture
def builder(untrained_builder: Builder, trained_store: Path) -> Builder:
    """Return a builder of the tiny suite whose store has nothing but the trained baseline."""
    shutil.copytree(trained_store, untrained_builder.store.root)
    return untrained_builder


@pytest.fixture
def context(builder: Builder, tmp_path: Path) -> Context:
    """Return what a step may use."""
    return Context(variant="mine", corpus=builder.corpus, encoder=builder.encoder, home=tmp_path, scratch=tmp_path)


@pytest.fixture
def project(tmp_path: Path, tiny_checkpoint: Path) -> Path:
    """Return a clone of this repository to which the tiny suite was added, and committed."""
    clone = tmp_path / "project"
    tracked = git("ls-files", "--cached", "--others", "--exclude-standard", cwd=REPOSITORY).splitlines()
    for name in tracked:
        if (REPOSITORY / name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(REPOSITORY / name, clone / name)
    write_tiny(clone / "benchmarks", tiny_checkpoint)
    (clone / "benchmarks" / "tiny.py").write_text(TINY_SUITE + TINY_BENCHMARKS, encoding="utf-8")
    git("init", "--quiet", "--initial-branch=main", cwd=clone)
    commit_all(clone, "Add the tiny suite")
    return clone


@pytest.fixture
def _benchmarks_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a test import the package ``benchmarks`` of a folder, as no other test did, and none after it did."""
    others = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "benchmarks"}
    monkeypatch.setattr(sys, "path", [*sys.path])
    for name in others:
        del sys.modules[name]
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "benchmarks"]:
        del sys.modules[name]
    sys.modules.update(others)


@pytest.fixture
def bench_models(tmp_path: Path) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Return a function that runs the command line as a user would, in a process of its own."""

    def run(*arguments: str, cwd: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "bench_models", *arguments],
            cwd=cwd,
            env=os.environ | {"BENCH_MODELS_HOME": str(tmp_path / "home"), "PYTHONSAFEPATH": "1"} | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run
