"""Rows opened as they are served: the artifact is kept, its key covers what decides it, and trouble has a name."""

import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from support.runtimes import in_runtime

from bench_models import provenance, serving
from bench_models.build import Builder
from bench_models.errors import BenchModelsError
from bench_models.metrics import LOGIT_DIFFERENCE, RUNTIME_AGREEMENT, SIZE
from bench_models.metrics.scorecard import score, scorecard_key, stored
from bench_models.metrics.scoring import score_side_by_side
from bench_models.outcomes import Failed, Measured, Skipped
from bench_models.recipes.cast import Cast
from bench_models.runtimes import onnx_file, onnx_graph
from bench_models.runtimes.artifact import Tolerance
from bench_models.runtimes.onnx_runtime import FILENAME, OnnxRuntime
from bench_models.sources.corpora import LoadedCorpus
from bench_models.storage import Store
from bench_models.tokenizer import Batch

INT8 = OnnxRuntime(quantization="int8-dynamic")


def _artifact(builder: Builder) -> Path:
    folder = serving.artifact(builder, builder.suite["onnx"])
    assert folder is not None
    return folder


def test_artifact_is_written_once_and_reused(builder: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    """It lies in the store; the second time no model is built."""
    mine = in_runtime(builder, OnnxRuntime())
    folder = _artifact(mine)
    monkeypatch.setattr(Builder, "build", lambda *_: pytest.fail("built again"))
    serving.open_session(mine, mine.suite["onnx"])
    assert folder == _artifact(mine)
    assert sorted(each.name for each in folder.iterdir()) == [FILENAME, "seal.json"]
    assert serving.shipped_bytes(folder) == (folder / FILENAME).stat().st_size


def test_calibrated_artifact_is_made_of_train_sentences(builder: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spread over all of the split, as it may be sorted, each as it is asked; other sentences make another artifact."""
    monkeypatch.setattr(serving, "_CALIBRATION", 4)
    seen: list[Batch] = []
    monkeypatch.setattr(onnx_graph, "quantize_statically", lambda _, sentences, **__: seen.extend(sentences))
    mine = in_runtime(builder, OnnxRuntime(quantization="int8-static"))
    _artifact(mine)
    train = builder.corpus.train
    quarter = len(train) / 4
    chosen = [train[int(place * quarter)].text for place in range(4)]
    assert [batch.input_ids.tolist() for batch in seen] == [[row] for row in builder.encoder.encode(chosen)]

    corpus = replace(builder.corpus, train=tuple(reversed(train)))
    trained = builder.key("baseline")
    for runtime, same in ((OnnxRuntime(quantization="int8-static"), False), (OnnxRuntime(), True)):
        mine = in_runtime(builder, runtime)
        other = replace(mine, suite=replace(mine.suite, corpus=LoadedCorpus(corpus=corpus)))
        with monkeypatch.context() as patch:
            patch.setattr(Builder, "key", lambda *_: trained)  # as if the weights were those of the same sentences
            keys = {serving.artifact_key(each, each.suite["onnx"]) for each in (mine, other)}
        assert (len(keys) == 1) == same


def test_damaged_artifact_is_made_again(builder: Builder, caplog: pytest.LogCaptureFixture) -> None:
    """A file that was cut short does not match its seal."""
    mine = in_runtime(builder, OnnxRuntime())
    file = _artifact(mine) / FILENAME
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    assert (_artifact(mine) / FILENAME).read_bytes() == whole
    assert "is damaged" in caplog.text


def test_other_options_or_another_model_have_another_artifact(builder: Builder) -> None:
    """The runtime's fields and the row's model are part of the key."""
    kinds = [OnnxRuntime(), INT8, OnnxRuntime(fused_attention=False)]
    builders = [in_runtime(builder, kind) for kind in kinds] + [in_runtime(builder, kinds[0], starts_from="pruned")]
    keys = {serving.artifact_key(each, each.suite["onnx"]) for each in builders}
    assert len(keys) == len(builders)


@pytest.mark.parametrize("name", ["onnx_runtime", "onnx_graph", "onnx_file", "exporters", "artifact", "serving"])
def test_code_that_writes_an_artifact_is_part_of_both_keys(
    builder: Builder, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """That of the artifact, and that of the scorecard."""
    mine = in_runtime(builder, OnnxRuntime())
    before = [key(mine, mine.suite["onnx"]) for key in (serving.artifact_key, scorecard_key)]
    code = provenance._code
    monkeypatch.setattr(provenance, "_code", lambda file: "edited" if file.stem == name else code(file))
    provenance.source_digest.cache_clear()
    provenance.own_digest.cache_clear()
    try:
        after = [key(mine, mine.suite["onnx"]) for key in (serving.artifact_key, scorecard_key)]
    finally:
        provenance.source_digest.cache_clear()
        provenance.own_digest.cache_clear()
    assert all(old != new for old, new in zip(before, after, strict=True))


def test_other_version_of_the_runtime_has_another_artifact_and_scorecard(
    builder: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a row in eager PyTorch has the same scorecard as before."""
    mine = in_runtime(builder, OnnxRuntime())
    keys: list[Callable[[], str]] = [
        lambda: serving.artifact_key(mine, mine.suite["onnx"]),
        lambda: scorecard_key(mine, mine.suite["onnx"]),
        lambda: scorecard_key(mine, mine.suite["pruned"]),
    ]
    before = [key() for key in keys]
    monkeypatch.setattr("bench_models.machine.version", lambda name: "0.1" if name == "onnxruntime" else version(name))
    assert [old != key() for old, key in zip(before, keys, strict=True)] == [True, True, False]


def test_scorecard_is_of_what_is_shipped(builder: Builder) -> None:
    """Its size is the file's, its answers the runtime's; parameters are still the model's."""
    mine = in_runtime(builder, INT8)
    found = {name: score(mine, mine.suite[name]) for name in ("baseline", "onnx")}
    cards = {name: each.value for name, each in found.items() if isinstance(each, Measured)}
    assert SIZE.of(cards["onnx"]) == (_artifact(mine) / FILENAME).stat().st_size
    assert cards["onnx"].parameters == cards["baseline"].parameters
    assert RUNTIME_AGREEMENT.of(cards["onnx"]) >= 0.95
    assert 0 < LOGIT_DIFFERENCE.of(cards["onnx"]) < 1
    for figure in (RUNTIME_AGREEMENT, LOGIT_DIFFERENCE):
        with pytest.raises(BenchModelsError, match="runs in eager PyTorch, and is compared with no other runtime"):
            figure.of(cards["baseline"])
    assert cards["baseline"].runtime_agreement is None
    assert stored(mine, mine.suite["onnx"]) == found["onnx"]


def _plant(monkeypatch: pytest.MonkeyPatch, change: Callable[[Any], None]) -> None:
    """Let the writer change a file's weights before they are fused."""
    fuse = onnx_graph.fuse_attention

    def wrong(file: Path, *, heads: int, width: int, embeddings: bool) -> None:
        graph = onnx.load(file)
        change(graph)
        onnx.save(graph, file)
        fuse(file, heads=heads, width=width, embeddings=embeddings)

    monkeypatch.setattr(onnx_graph, "fuse_attention", wrong)


@pytest.mark.parametrize("runtime", [OnnxRuntime(), INT8], ids=str)
def test_wrong_weight_fails_by_name(builder: Builder, monkeypatch: pytest.MonkeyPatch, runtime: OnnxRuntime) -> None:
    """Planted: a head whose weights have the other sign, in fp32 and in INT8."""

    def turn(graph: Any) -> None:  # noqa: ANN401  # onnx is untyped here
        (weight,) = (each for each in graph.graph.initializer if each.name.endswith("classifier.weight"))
        weight.CopyFrom(onnx.numpy_helper.from_array(-onnx.numpy_helper.to_array(weight), weight.name))

    _plant(monkeypatch, turn)
    mine = in_runtime(builder, runtime)
    outcome = score(mine, mine.suite["onnx"])
    assert isinstance(outcome, Failed)
    assert outcome.error.startswith(f"onnx: {runtime} gives ")
    assert "with the same model, and its tolerance is" in outcome.error


def test_lost_mask_fails_by_name(builder: Builder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: no sentence by itself shows it, as none has padding, but each batch of unlike lengths does.

    By little in the tiny model, which looks at single words: the tolerance is a hundred times the last digits.
    """
    exact = OnnxRuntime(allowed=Tolerance(logit_difference=1e-4, other_answers_pct=0.0))
    mine = in_runtime(_of_unlike_lengths(builder), exact)
    assert isinstance(score(mine, mine.suite["onnx"]), Measured)
    answer = onnx_file.answer

    def unmasked(session: Any, batch: Batch) -> NDArray[np.float32]:  # noqa: ANN401  # ONNX Runtime is untyped here
        return answer(session, replace(batch, attention_mask=np.ones_like(batch.attention_mask)))

    monkeypatch.setattr(onnx_file, "answer", unmasked)
    again = replace(mine, store=Store(root=tmp_path / "another"))
    outcome = score(again, mine.suite["onnx"])
    assert isinstance(outcome, Failed)
    assert "away from that of eager PyTorch with the same model" in outcome.error


def _of_unlike_lengths(builder: Builder) -> Builder:
    """Return a builder whose test sentences have one to four words more than the tiny suite's."""
    corpus = builder.corpus
    test = tuple(replace(each, text=f"{each.text}{' at once' * (index % 5)}") for index, each in enumerate(corpus.test))
    return replace(builder, suite=replace(builder.suite, corpus=LoadedCorpus(corpus=replace(corpus, test=test))))


def test_tolerance_is_the_rows_own(builder: Builder) -> None:
    """One that not even rounding keeps fails the row, and says by how much."""
    strict = replace(INT8, allowed=Tolerance(logit_difference=1e-9, other_answers_pct=5.0))
    mine = in_runtime(builder, strict)
    outcome = score(mine, mine.suite["onnx"])
    assert isinstance(outcome, Failed)
    assert "its tolerance is 1e-09" in outcome.error


def test_row_without_its_runtime_is_skipped_and_others_are_measured(
    untrained_builder: Builder, tiny_suite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one sentence that names the extra; nothing is trained for it, and no import fails."""
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    mine = in_runtime(untrained_builder, OnnxRuntime())
    outcome = score(mine, mine.suite["onnx"])
    assert isinstance(outcome, Skipped)
    assert outcome.reason.startswith("ONNX Runtime needs onnxruntime, which is not installed: run python -m pip")
    assert '"bench-models[onnx]"' in outcome.reason
    assert mine.untrained("baseline") == ["baseline"]
    assert isinstance(score(mine, mine.suite["pruned"]), Measured)
    only = replace(mine, suite=replace(mine.suite, variants=(mine.suite["baseline"], mine.suite["onnx"])))
    score(mine, mine.suite["baseline"])
    rows = {each.row: each.outcome for each in score_side_by_side(only, str(tiny_suite))}
    assert isinstance(rows["baseline"], Measured)
    assert rows["onnx"] == outcome
    with pytest.raises(BenchModelsError, match="onnx: ONNX Runtime needs onnxruntime"):
        serving.open_session(mine, mine.suite["onnx"])


def test_step_that_cannot_be_carried_fails_by_name(builder: Builder) -> None:
    """Before anything is written."""
    mine = in_runtime(builder, OnnxRuntime())
    row = replace(mine.suite["onnx"], steps=(Cast(dtype="bfloat16"),))
    mine = replace(mine, suite=replace(mine.suite, variants=(*builder.suite.variants, row)))
    outcome = score(mine, row)
    assert isinstance(outcome, Failed)
    assert outcome.error.startswith("onnx cannot be written as onnx: ONNX Runtime has no bfloat16")
    assert not (mine.store.root / "artifacts").exists()


def test_row_in_eager_has_no_artifact(builder: Builder) -> None:
    """Its model is what is opened."""
    assert serving.artifact(builder, builder.suite["pruned"]) is None
    session = serving.open_session(builder, builder.suite["pruned"])
    batch = builder.encoder.batch(builder.encoder.encode(["the film shines at once"]))
    expected = builder.suite["pruned"].runtime.open(builder.build("pruned"), threads=1)(batch)
    assert np.array_equal(session(batch), expected)
