"""A variant handed over: a file that loads without this package, a card that tells how, and a check before."""

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import click
import numpy as np
import pytest
import torch
from huggingface_hub import ModelCard
from numpy.typing import NDArray
from support.runtimes import in_runtime
from support.tiny_project import commit_all, edited, git, with_row

from bench_models import suites
from bench_models.build import Builder
from bench_models.cli.suite import export as command
from bench_models.errors import BenchModelsError
from bench_models.export import export, verify
from bench_models.export.export import export_variant
from bench_models.export.formats import FORMATS
from bench_models.export.verify import MOST_APART, Agreement, Served, require_agreement
from bench_models.metrics.predictions import right_answers
from bench_models.recipes.cast import Cast
from bench_models.recipes.prune import PruneL1
from bench_models.recipes.quantize_bitsandbytes import LLMInt8, Quantize4Bit
from bench_models.recipes.quantize_dynamic import QuantizeDynamic
from bench_models.recipes.quantize_torchao import QuantizeIntx
from bench_models.recipes.step import Context, Format, Step
from bench_models.runtimes.artifact import ArtifactRuntime
from bench_models.runtimes.exporters import quiet
from bench_models.runtimes.onnx_runtime import OnnxRuntime
from bench_models.runtimes.openvino_runtime import OpenVino
from bench_models.serving import artifact
from bench_models.sources.checkpoints import LocalCheckpoint
from bench_models.stats.estimate import Estimate
from bench_models.storage import SEAL
from bench_models.suites import rotten_tomatoes
from bench_models.suites.suite import budget
from bench_models.tokenizer import Batch

NAMES = tuple(FORMATS)
# Those that take half a minute and more.
_COMPILED = ("aot-inductor", "executorch")


def _tried(*case: object, at_night: bool = False) -> Any:  # noqa: ANN401  # the class of a case has no public name
    """Return a case whose last value is a format, with marks by how long it takes."""
    marks = [pytest.mark.slow] if at_night or case[-1] in _COMPILED else []
    return pytest.param(*case, marks=[*marks, pytest.mark.nightly] if at_night else marks)


_TRIED = [_tried(each) for each in NAMES]

# As on a machine where this package was never installed.
_WITHOUT_US = """
import sys
for name in sys.argv[1:]:
    sys.modules[name] = None
exec(compile(sys.stdin.read(), "card", "exec"))
"""


@pytest.fixture(autouse=True)
def _without_a_clock(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take pairs of processes, which are half a minute's work, in slow tests only."""
    if request.node.get_closest_marker("slow") is None:
        times = (Estimate(value=0.002, low=0.0018, high=0.0022, level=0.95),) * 2
        monkeypatch.setattr(Served, "latencies", lambda _: times)


def test_every_format_that_can_be_asked_for_is_there() -> None:
    """The command line offers what is in the table, and each is one that steps are asked about, or made of one."""
    (kind,) = (each.type for each in command.params if each.name == "kind")
    assert isinstance(kind, click.Choice)
    assert list(kind.choices) == list(FORMATS) == [*get_args(Format), "openvino", "aot-inductor", "executorch"]
    assert {each.made_of for each in FORMATS.values()} == {*get_args(Format)}


_HANDED_OVER: tuple[tuple[tuple[Step, ...], str], ...] = (
    *(((PruneL1(amount=0.5),), each) for each in NAMES if each != "executorch"),
    ((Cast(dtype="bfloat16"),), "executorch"),
    *(((Cast(dtype="float16"),), each) for each in NAMES if each not in _COMPILED),
    ((PruneL1(amount=0.5), QuantizeDynamic()), "torchscript"),
    ((QuantizeIntx(bits=4),), "onnx"),
)


@pytest.mark.parametrize(
    ("steps", "target"),
    [_tried(*each) for each in _HANDED_OVER],
    ids=str,
)
def test_handed_over_file_answers_by_itself(
    builder: Builder, tmp_path: Path, steps: tuple[Step, ...], target: str
) -> None:
    """The card's own example runs with nothing but the folder and the format's library, and gives labels."""
    folder = tmp_path / "out"
    export_variant(with_row(builder, "mine", *steps), "mine", target, folder)
    card = (folder / "README.md").read_text(encoding="utf-8")
    example = re.findall(r"```python\n(.*?)```", card, flags=re.DOTALL)[0]
    example = example.replace("A film that shines.", "the film shines at once").replace(
        "It drags, and then it drags on.", "its plot bores"
    )
    without = ["bench_models", "transformers", "bitsandbytes", *(["torchao"] if target != "executorch" else [])]
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT_US, *without],
        input=example,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "['good', 'bad']"), done.stderr


def test_card_carries_metadata_and_figures_with_intervals(builder: Builder, tmp_path: Path) -> None:
    """As model hubs read them, and as people do."""
    export_variant(builder, "pruned", "torchscript", tmp_path / "out")
    card = ModelCard((tmp_path / "out" / "README.md").read_text(encoding="utf-8"))
    index = card.data.to_dict()["model-index"][0]  # type: ignore[no-untyped-call]  # the library's
    values = {each["type"]: each["value"] for each in index["results"][0]["metrics"]}
    assert index["name"] == "tiny-pruned"
    assert values["accuracy"] == 1.0
    assert values["size"] == (tmp_path / "out" / "model.pt").stat().st_size
    assert values["latency"] > 0
    assert "| accuracy   | 100.0 % (" in card.text
    assert "`PruneL1(amount=0.5)`" in card.text
    assert "It keeps its budget, against the suite's baseline:" in card.text
    assert "* pruned: accuracy drop is 0.00 points" in card.text
    assert f"Made on {datetime.now(UTC).date()}" in card.text
    assert card.data.get("license") is None  # a local folder states none
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "README.md",
        "config.json",
        "model.pt",
        "tokenizer.json",
    }


@pytest.mark.parametrize(
    ("runtime", "shown", "target"),
    [
        (OnnxRuntime(quantization="int8-dynamic"), "ONNX Runtime, dynamic INT8", "onnx"),
        (OnnxRuntime(quantization="int8-static"), "ONNX Runtime, static INT8", "onnx"),
        (OpenVino(), "OpenVINO, float16 weights", "openvino"),
    ],
)
def test_row_in_a_runtime_is_handed_over_as_it_is_measured(
    builder: Builder, tmp_path: Path, runtime: ArtifactRuntime, shown: str, target: str
) -> None:
    """The very files, whose card says how they answer beside eager PyTorch; in no format but the runtime's."""
    mine = in_runtime(builder, runtime, name="served")
    with pytest.raises(BenchModelsError, match=f"served by {shown}, so choose --format {target}"):
        export_variant(mine, "served", "torchscript", tmp_path / "out")
    export_variant(mine, "served", target, tmp_path / "out")
    shipped = artifact(mine, mine.suite["served"])
    assert shipped is not None
    files = {file.name: file.read_bytes() for file in shipped.iterdir() if file.name != SEAL}
    assert {name: (tmp_path / "out" / name).read_bytes() for name in files} == files
    card = ModelCard((tmp_path / "out" / "README.md").read_text(encoding="utf-8"))
    metrics = card.data.to_dict()["model-index"][0]["results"][0]["metrics"]  # type: ignore[no-untyped-call]  # theirs
    assert {each["type"]: each["value"] for each in metrics}["size"] == sum(map(len, files.values()))
    assert f"A classifier of bad or good sentences, as {' and '.join(sorted(files)[::-1])} ({target})." in card.text
    assert f"This file is what is measured in {shown}." in card.text
    assert re.search(r"Eager PyTorch gives [\d.]+ % \(.*\) of the test sentences the same label", card.text)
    assert "It has no budget.\n" in card.text


_OWN_STEP = """
from dataclasses import dataclass

from bench_models.recipes.step import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing(Step):
    def apply(self, model, context):
        return model


HERE ="""


@pytest.mark.slow
def test_latency_on_the_card_is_of_processes(builder: Builder, tiny_suite: Path, tmp_path: Path) -> None:
    """Of pairs of fresh ones, which build the variant themselves: its step is defined in the suite's own file."""
    text = edited(tiny_suite.read_text(encoding="utf-8"), "HERE =", _OWN_STEP)
    text = edited(text, "steps=(PruneL1(amount=0.5),)", "steps=(PruneL1(amount=0.5), Nothing())")
    tiny_suite.write_text(text, encoding="utf-8")
    own = replace(builder, suite=suites.load(str(tiny_suite)))
    export_variant(own, "pruned", "torchscript", tmp_path / "out")
    card = ModelCard((tmp_path / "out" / "README.md").read_text(encoding="utf-8"))
    (row,) = (line for line in card.text.splitlines() if line.startswith("| latency "))

    times = [[float(each) for each in re.findall(r"[\d.]+", cell)] for cell in row.split("|")[2:4]]
    assert all(low < value < high for value, low, high in times), row
    assert "the mean of fresh processes of both kinds" in card.text


def test_card_states_the_license_of_the_weights_and_the_commit(
    builder: Builder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a source knows its own, and where the work was done in a clone."""
    (tmp_path / "clone").mkdir()
    git("init", "--quiet", cwd=tmp_path / "clone")
    (tmp_path / "clone" / "notes.txt").write_text("", encoding="utf-8")
    commit = commit_all(tmp_path / "clone", "Begin")
    monkeypatch.chdir(tmp_path / "clone")
    suite = replace(builder.suite, checkpoint=_Licensed(path=tmp_path / "suite" / "checkpoint"))
    export_variant(replace(builder, suite=suite), "pruned", "torchscript", tmp_path / "out")
    card = ModelCard((tmp_path / "out" / "README.md").read_text(encoding="utf-8"))
    assert card.data.get("license") == "apache-2.0"
    assert f" at commit {commit} by bench-models" in card.text
    assert rotten_tomatoes.MINILM.license == "apache-2.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Licensed(LocalCheckpoint):
    license: str = "apache-2.0"


@pytest.mark.parametrize("limits", [(100.0, 90.0), (-50.0, -5.0)], ids=["size", "accuracy"])
def test_variant_that_breaks_its_budget_is_handed_over_only_when_told(
    builder: Builder, tmp_path: Path, limits: tuple[float, float]
) -> None:
    """The figure and its limit are named, and the card says so first."""
    row = replace(builder.suite["pruned"], budget=budget(*limits))
    mine = replace(builder, suite=replace(builder.suite, variants=(builder.suite.baseline, row)))
    said = (
        r"size reduction is -?\d\.\d\d %, the budget is at least 90.00 %: broken"
        if limits[1] > 0
        else "accuracy drop is 0.00 points .*the budget is at most -50.00 points: broken"
    )
    with pytest.raises(BenchModelsError, match=rf"pruned: {said}: it is not handed over.*--despite-budget"):
        export_variant(mine, "pruned", "torchscript", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    export_variant(mine, "pruned", "torchscript", tmp_path / "out", despite_budget=True)
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "**It breaks its budget**, and was handed over all the same:" in card
    assert re.search(rf"\* pruned: {said}", card)


@pytest.mark.parametrize("variant", ["baseline", "pruned"])
def test_nothing_is_handed_over_where_the_baseline_is_at_chance(builder: Builder, tmp_path: Path, variant: str) -> None:
    """Neither the baseline nor what is judged against it, whatever is said of budgets."""
    untrained = replace(builder.suite.baseline, steps=())
    mine = replace(builder, suite=replace(builder.suite, variants=(untrained, *builder.suite.variants[1:])))
    with pytest.raises(BenchModelsError, match="budgets against it would mean nothing"):
        export_variant(mine, variant, "torchscript", tmp_path / "out", despite_budget=True)
    assert not (tmp_path / "out").exists()


def test_place_that_cannot_be_written_to_is_refused_before_anything_is_built(
    untrained_builder: Builder, tmp_path: Path
) -> None:
    """Below a file, or where the kernel keeps its own; it has nothing to do with where weights are kept."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    for parent in (tmp_path / "file", Path("/proc")):
        with pytest.raises(BenchModelsError, match=f"{parent} cannot be written to .*: name a place where you may"):
            export_variant(untrained_builder, "pruned", "torchscript", parent / "out")
    assert not untrained_builder.store.root.exists()


_REFUSED: tuple[tuple[Step, tuple[str, ...]], ...] = (
    (Cast(dtype="float16"), ()),
    (Cast(dtype="bfloat16"), ("onnx", "openvino")),
    (QuantizeDynamic(), ("torch-export", "onnx", "openvino", *_COMPILED)),
    (QuantizeIntx(bits=4), ("torch-export", "torchscript", *_COMPILED)),
    (LLMInt8(), NAMES),
    (Quantize4Bit(), NAMES),
)


@pytest.mark.parametrize(("step", "target"), [(step, each) for step, names in _REFUSED for each in names], ids=str)
def test_what_a_format_cannot_carry_is_refused_before_work_begins(
    untrained_builder: Builder, tmp_path: Path, step: Step, target: str
) -> None:
    """By the name of the step."""
    said = f"mine cannot be written as {FORMATS[target].made_of}: .*{type(step).__name__}"
    with pytest.raises(BenchModelsError, match=said):
        export_variant(with_row(untrained_builder, "mine", step), "mine", target, tmp_path / target)
    assert not untrained_builder.store.root.exists()


# What the test of the card's example hands over is not written again.
_CARRIED = [
    # Another model is compiled in each slow run, and tracing what is packed takes half a minute.
    _tried(step, each, at_night=each in _COMPILED or (step == QuantizeIntx(bits=4) and each == "openvino"))
    for step, names in _REFUSED
    for each in NAMES
    if each not in names and ((step,), each) not in _HANDED_OVER
]


@pytest.mark.parametrize(("step", "target"), _CARRIED, ids=str)
def test_what_a_format_can_carry_is_written_loaded_and_compared(
    builder: Builder, tmp_path: Path, step: Step, target: str
) -> None:
    """Nothing is refused that works."""
    export_variant(with_row(builder, "mine", step), "mine", target, tmp_path / target)
    assert (tmp_path / target / "README.md").is_file()


def test_folder_in_use_is_left_alone(builder: Builder, tmp_path: Path) -> None:
    """Nothing is overwritten, and nothing half-written is left behind."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(BenchModelsError, match="is not an empty folder"):
        export_variant(builder, "pruned", "torchscript", tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_folder_one_stands_in_is_filled(builder: Builder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The output ``.`` is an empty folder as any other, and whoever stands in it sees the files."""
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path / "out")
    export_variant(builder, "pruned", "torchscript", Path())
    written = {"README.md", "config.json", "model.pt", "tokenizer.json"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == written
    assert {path.name for path in Path().iterdir()} == written


def test_missing_library_is_named(builder: Builder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is built."""
    for target, library in (("onnx", "onnxscript"), ("openvino", "openvino")):
        monkeypatch.setitem(sys.modules, library, None)
        said = rf'{target} needs {library}: run python .* "bench-models\[{target}\]"'
        with pytest.raises(BenchModelsError, match=said):
            export_variant(builder, "pruned", target, tmp_path / "out")
        monkeypatch.undo()


Change = Callable[[NDArray[np.float32]], NDArray[np.float32]]


@pytest.mark.parametrize(
    ("shape", "change", "said"),
    [
        ((4, 24), lambda logits: logits + 0.1, "logits that are 0.1 away"),
        ((4, 128), lambda logits: logits + 0.1, "logits that are 0.1 away"),
        ((1, 7), lambda logits: logits * np.nan, "logits that are nan away"),
        (None, lambda logits: -logits, r"loses \d+\.\d\d points of accuracy"),
    ],
)
def test_file_that_answers_otherwise_is_not_handed_over(
    builder: Builder, shape: tuple[int, int] | None, change: Change, said: str
) -> None:
    """At any of the sizes, or on the test split alone."""
    session = builder.suite.baseline.runtime.open(builder.build("baseline"), threads=1)
    compared = [(batch, tokens) for batch in (1, 4) for tokens in (7, 24, 128)]

    def other(batch: Batch) -> NDArray[np.float32]:
        changed = batch.input_ids.shape == shape if shape else batch.input_ids.shape not in compared
        return change(session(batch)) if changed else session(batch)

    with pytest.raises(BenchModelsError, match=said):
        require_agreement(builder, "baseline", session, other, [True] * len(builder.corpus.test))


def _short(builder: Builder, positions: int) -> Builder:
    """Return a builder of a checkpoint that takes fewer tokens."""
    from transformers import BertModel

    model = BertModel.from_pretrained(
        builder.checkpoint, max_position_embeddings=positions, ignore_mismatched_sizes=True
    )
    model.save_pretrained(builder.checkpoint)
    return replace(builder)


@pytest.mark.parametrize("target", [_tried(each, at_night=each in _COMPILED) for each in NAMES])
def test_model_of_few_positions_is_measured_and_handed_over(builder: Builder, tmp_path: Path, target: str) -> None:
    """Sentences are cut where it ends, here and in the card."""
    short = with_row(_short(builder, 16), "mine", PruneL1(amount=0.5))
    export_variant(short, "mine", target, tmp_path / "out")
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "tokenizer.enable_truncation(16)" in card
    assert "sentences of 7 and 16 tokens" in card


@pytest.mark.parametrize("target", _TRIED)
def test_file_that_ends_before_the_model_is_refused(
    builder: Builder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    """Its longest sentences are tried, too. OpenVINO reads zeros behind the end: its answers tell, and no error."""
    whole, cut = builder.build("baseline"), builder.build("baseline")
    for model, length in ((whole, 512), (cut, 64)):
        positions = model.get_submodule("bert.embeddings.position_embeddings")
        assert isinstance(positions, torch.nn.Embedding)
        positions.weight = torch.nn.Parameter(50 * positions.weight[:length].detach())  # they are near zero
    monkeypatch.setattr(verify, "MOST_APART", 0.001)
    chosen = FORMATS[target]
    with quiet():
        chosen.write(cut, tmp_path / chosen.filename)
    loaded = chosen.open(tmp_path / chosen.filename, 1)
    session = builder.suite.baseline.runtime.open(whole, threads=1)
    said = "logits that are" if target == "openvino" else "the file cannot answer 1 sentences of 128 tokens"
    with pytest.raises(BenchModelsError, match=said):
        require_agreement(builder, "baseline", session, loaded, [True] * len(builder.corpus.test))


def _rough(builder: Builder) -> Builder:
    """Return a builder of a deep enough checkpoint, whose two-bit row ``mine`` rounds many near ties."""
    from transformers import BertConfig, BertForSequenceClassification

    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=40,
        hidden_size=64,
        num_hidden_layers=4,
        num_attention_heads=2,
        intermediate_size=128,
        initializer_range=0.1,
        id2label={0: "bad", 1: "good"},
    )
    model = BertForSequenceClassification(config)
    with torch.no_grad():
        model.classifier.weight.mul_(20)  # logits of some units, as a trained head gives them
    model.save_pretrained(builder.checkpoint)
    rows = with_row(builder, "mine", QuantizeIntx(bits=2)).suite
    return replace(builder, suite=replace(rows, variants=(replace(rows.baseline, steps=()), rows["mine"])))


def _agreement_of_file(builder: Builder, context: Context, file: Path, scale: float) -> Agreement:
    """Compare the row ``mine`` with a file of it in which the weights of one layer are multiplied by ``scale``."""
    session = builder.suite.baseline.runtime.open(builder.build("mine"), threads=1)
    model = builder.build("baseline")
    with torch.no_grad():
        model.get_submodule("bert.encoder.layer.2.attention.output.dense").weight.mul_(scale)  # type: ignore[operator]
    with quiet():
        FORMATS["onnx"].write(QuantizeIntx(bits=2).apply(model, context).eval(), file)
    right = right_answers(session, builder.encoder, builder.corpus.test, variant="mine")
    return require_agreement(builder, "mine", session, FORMATS["onnx"].open(file, 1), right)


@pytest.mark.slow
def test_rounded_activations_may_be_as_far_away_as_the_variant_from_itself(
    builder: Builder, context: Context, tmp_path: Path
) -> None:
    """Further than other rows may; and no further than that: a file with another layer is refused."""
    rough = _rough(builder)
    agreement = _agreement_of_file(rough, context, tmp_path / "good.onnx", 1.0)
    assert agreement.own_apart is not None
    assert MOST_APART < agreement.most_apart <= 2 * agreement.own_apart
    with pytest.raises(BenchModelsError, match=r"usually .* and rounding puts the variant no more than .* from itself"):
        _agreement_of_file(rough, context, tmp_path / "wrong.onnx", 1.5)


def test_file_that_fails_the_check_leaves_no_folder(
    builder: Builder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder appears when all is checked."""

    def refuse(*_: object) -> None:
        raise BenchModelsError("it answers otherwise")

    monkeypatch.setattr(export, "require_agreement", refuse)
    with pytest.raises(BenchModelsError, match="it answers otherwise"):
        export_variant(builder, "pruned", "torchscript", tmp_path / "out")
    assert not [path for path in tmp_path.iterdir() if "out" in path.name]


def test_variant_that_the_suite_has_not_is_refused(builder: Builder) -> None:
    """The command line asks for it by its name."""
    with pytest.raises(BenchModelsError, match="has no variant 'student'"):
        export_variant(builder, "student", "onnx", Path("out"))
