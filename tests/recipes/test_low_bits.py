"""Weights of few bits: by bitsandbytes, and by torchao with and without training for them."""

import ast
import copy
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.answering import logits
from torch import nn
from transformers import BertConfig, BertForSequenceClassification

from bench_models.build import Builder
from bench_models.errors import BenchModelsError
from bench_models.metrics.weights import artifact_bytes, naive_bytes, parameter_count, sparsity
from bench_models.recipes.cast import Cast
from bench_models.recipes.finetune import FineTune
from bench_models.recipes.prune import PruneHeads, PruneL1
from bench_models.recipes.quantize_bitsandbytes import LLMInt8, Quantize4Bit
from bench_models.recipes.quantize_dynamic import QuantizeDynamic
from bench_models.recipes.quantize_torchao import QuantizationAware, QuantizeIntx
from bench_models.recipes.step import Context, Step
from bench_models.tokenizer import Batch

STEPS: tuple[Step, ...] = (LLMInt8(), Quantize4Bit(), Quantize4Bit(kind="fp4", double=False), QuantizeIntx(bits=4))


@pytest.fixture
def model() -> nn.Module:
    """Return a random model that is wide enough for every kernel."""
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=50, hidden_size=64, num_hidden_layers=1, num_attention_heads=2, intermediate_size=128
    )
    made: nn.Module = BertForSequenceClassification(config).eval()
    return made


def answered(model: nn.Module) -> torch.Tensor:
    """Return what a model answers to a few tokens."""
    tokens = np.arange(1, 25).reshape(2, 12)
    return torch.from_numpy(logits(model, Batch(input_ids=tokens, attention_mask=np.ones_like(tokens))))


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_few_bits_answer_almost_the_same_and_count_the_same(model: nn.Module, context: Context, step: Step) -> None:
    """Bits are lost, weights are not; the head, which decides, is left as it is."""
    before, count = answered(model), parameter_count(model)
    quantized = step.apply(copy.deepcopy(model), context)
    assert torch.allclose(before, answered(quantized), atol=0.1)
    assert not torch.equal(before, answered(quantized))
    assert parameter_count(quantized) == count
    assert type(quantized.get_submodule("classifier")) is nn.Linear


def test_artifact_holds_the_scales_that_the_naive_size_misses(model: nn.Module, context: Context) -> None:
    """Of the same 4-bit weights; double quantization keeps them in a byte each instead of four."""
    single = Quantize4Bit(double=False).apply(copy.deepcopy(model), context)
    double = Quantize4Bit(double=True).apply(copy.deepcopy(model), context)
    assert naive_bytes(single) == naive_bytes(double)
    assert 4 * scale_bytes(double) == scale_bytes(single)
    linear = [each for name, each in model.named_modules() if isinstance(each, nn.Linear) and name != "classifier"]
    four_bit = sum(each.weight.numel() for each in linear)
    rest = sum(each.numel() for each in model.parameters()) - four_bit
    buffers = sum(each.numel() * each.element_size() for each in model.buffers())
    assert naive_bytes(double) == four_bit // 2 + 2 * rest + buffers
    assert artifact_bytes(double) > naive_bytes(double)


def scale_bytes(model: nn.Module) -> int:
    """Return the bytes of what 4-bit weights are multiplied by, without the scales of scales."""
    states = [each.quant_state for each in model.parameters() if hasattr(each, "quant_state")]
    return sum(state.absmax.nbytes for state in states)


def test_zeros_of_packed_weights_are_counted(model: nn.Module, context: Context) -> None:
    """A pruned model stays as sparse when it is quantized, and two bits make zeros of their own."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter[: len(parameter) // 2] = 0
    pruned = sparsity(model)
    for step in STEPS:
        assert sparsity(step.apply(copy.deepcopy(model), context)) >= pruned
    assert sparsity(QuantizeIntx(bits=2).apply(copy.deepcopy(model), context)) > pruned + 0.05


def test_lower_threshold_keeps_more_of_the_activations_exact(model: nn.Module, context: Context) -> None:
    """At a threshold that all reach, LLM.int8 rounds weights alone."""
    before = answered(model)
    low, high = (LLMInt8(threshold=threshold, dtype="float32") for threshold in (1e-6, 6.0))
    errors = [(answered(step.apply(copy.deepcopy(model), context)) - before).abs().mean() for step in (low, high)]
    assert errors[0] < errors[1]


def test_offload_changes_nothing_on_one_device(model: nn.Module, context: Context) -> None:
    """All layers are quantized with it, too."""
    here, offloading = (
        LLMInt8(threshold=1.0, fp32_cpu_offload=offload).apply(copy.deepcopy(model), context)
        for offload in (False, True)
    )
    assert artifact_bytes(here) == artifact_bytes(offloading)
    assert torch.equal(answered(here), answered(offloading))


_QUANTIZED = """
import sys
from pathlib import Path
from types import SimpleNamespace
from transformers import BertConfig, BertForSequenceClassification
from bench_models.recipes.quantize_bitsandbytes import LLMInt8
config = BertConfig(vocab_size=9, hidden_size=64, num_hidden_layers=1, num_attention_heads=2, intermediate_size=128)
LLMInt8().apply(BertForSequenceClassification(config), SimpleNamespace(variant="mine", scratch=Path(sys.argv[1])))
"""


def test_nothing_is_advised_to_be_installed(tmp_path: Path) -> None:
    """On a CPU with bf16 arithmetic, bitsandbytes would advise what fetches other kernels from a model hub."""
    command = [sys.executable, "-c", _QUANTIZED, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "install" not in done.stdout + done.stderr


def test_head_that_the_kernel_cannot_take_is_named(model: nn.Module, context: Context) -> None:
    """On this machine, and so before another one finds out."""
    with pytest.raises(BenchModelsError, match=r"classifier of 64 inputs and 2 outputs: choose skip=\('classifier',\)"):
        Quantize4Bit(skip=()).apply(model, context)


def test_model_of_odd_shapes_is_refused(builder: Builder, context: Context) -> None:
    """What would be right is told."""
    with pytest.raises(BenchModelsError, match=r"query has 32 inputs, which 24 does not divide: .* divides 32 and 64"):
        QuantizeIntx(bits=4, group=24).apply(builder.build("baseline"), context)


def test_all_odd_shapes_are_named_at_once(context: Context) -> None:
    """What is said to be skipped is enough, and skips no layer that fits."""
    config = BertConfig(
        vocab_size=50, hidden_size=96, num_hidden_layers=2, num_attention_heads=2, intermediate_size=128
    )
    odd = BertForSequenceClassification(config).eval()
    with pytest.raises(BenchModelsError, match="which 11 of 13 linear layers") as caught:
        Quantize4Bit().apply(odd, context)
    skip = ast.literal_eval(str(caught.value).rpartition("choose skip=")[2])
    quantized = Quantize4Bit(skip=skip).apply(odd, context)
    four_bit = [name for name, each in quantized.named_modules() if type(each).__name__ == "Linear4bit"]
    assert four_bit == [f"bert.encoder.layer.{layer}.output.dense" for layer in (0, 1)]


def test_model_that_no_kernel_takes_is_too_narrow(context: Context) -> None:
    """There is nothing to skip that would help."""
    config = BertConfig(vocab_size=50, hidden_size=48, num_hidden_layers=1, num_attention_heads=2, intermediate_size=80)
    said = r"multiples of 64 inputs and of 32 outputs, which 7 of 7 .*: the model is too narrow"
    with pytest.raises(BenchModelsError, match=said):
        Quantize4Bit().apply(BertForSequenceClassification(config), context)


@pytest.mark.parametrize("kind", [LLMInt8, Quantize4Bit])
@pytest.mark.parametrize(
    ("skip", "said"),
    [
        (("classifier", "nosuch"), r"'nosuch' belongs to no linear layer of Bert.*: leave it out, or move it to may_l"),
        (("classifier", "bert"), r"leaves none of 8 linear layers to quantize: skip fewer"),
        ((r".*",), r"leaves none of 8 linear layers to quantize: skip fewer"),
    ],
)
def test_skipping_nothing_or_everything_is_refused(
    model: nn.Module, context: Context, kind: type[LLMInt8] | type[Quantize4Bit], skip: tuple[str, ...], said: str
) -> None:
    """The row would not be what its name says."""
    with pytest.raises(BenchModelsError, match=said):
        kind(skip=skip).apply(model, context)


def test_published_names_of_no_module_are_handed_on(model: nn.Module, context: Context) -> None:
    """Where they are said to be absent, and only the others are skipped."""
    plain, published = (
        LLMInt8(may_lack=names).apply(copy.deepcopy(model), context) for names in ((), ("self_attention", "layernorm"))
    )
    assert published.config.quantization_config.llm_int8_skip_modules == ["classifier", "self_attention", "layernorm"]  # type: ignore[union-attr]
    assert torch.equal(answered(plain), answered(published))


@pytest.mark.parametrize("first", [QuantizeDynamic(), QuantizeIntx(bits=4), Quantize4Bit(), LLMInt8()], ids=str)
@pytest.mark.parametrize(
    "then",
    [PruneL1(amount=0.5), QuantizeDynamic(), QuantizeIntx(bits=4), Quantize4Bit(), LLMInt8(), Cast(dtype="float16")],
    ids=str,
)
def test_step_that_finds_packed_weights_is_refused(model: nn.Module, context: Context, first: Step, then: Step) -> None:
    """It would change nothing, or a part, and be measured under its name."""
    quantized = first.apply(model, context)
    said = rf"mine: {type(then).__name__} needs .* quantized already, as bert\..*: quantize once, and as the last"
    with pytest.raises(BenchModelsError, match=said):
        then.apply(quantized, context)


def test_pruned_shapes_are_refused_where_the_model_is_loaded_anew(builder: Builder, context: Context) -> None:
    """Their shapes cannot be said in a configuration."""
    pruned = PruneHeads(amount=0.5, learning_rate=1e-3, max_epochs=1).apply(builder.build("baseline"), context)
    with pytest.raises(BenchModelsError, match="mine: LLMInt8 has transformers load the model anew"):
        LLMInt8().apply(pruned, context)


def _wrong(**fields: Any) -> Any:  # noqa: ANN401  # the types are what is wrong
    """Return fields as somebody writes them who checks no types."""
    return fields


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: LLMInt8(threshold=-1.0), r"LLMInt8\(threshold=-1.0\): an activation's size is 0 or greater"),
        (lambda: LLMInt8(**_wrong(skip="classifier")), r"LLMInt8\(skip='classifier'\): give a tuple of names"),
        (lambda: LLMInt8(**_wrong(dtype="fp16")), r"dtype='fp16'\): choose one of 'float32', 'float16', 'bfloat16'"),
        (lambda: Quantize4Bit(**_wrong(kind="nf5")), r"Quantize4Bit\(kind='nf5'\): choose one of 'nf4', 'fp4'"),
        (lambda: Quantize4Bit(**_wrong(compute="float8")), r"compute='float8'\): choose one of 'float32', 'float16'"),
        (lambda: Quantize4Bit(**_wrong(dtype=torch.float16)), r"dtype=torch.float16\): choose one of 'float32'"),
        (lambda: Cast(**_wrong(dtype="fp16")), r"Cast\(dtype='fp16'\): choose one of 'bfloat16', 'float16'"),
        (lambda: QuantizeIntx(**_wrong(bits=2.0)), r"QuantizeIntx\(bits=2.0\): weights have 2 to 8 bits"),
        (lambda: QuantizeIntx(bits=1), r"QuantizeIntx\(bits=1\): weights have 2 to 8 bits"),
        (
            lambda: QuantizeIntx(bits=4, group=0),
            r"QuantizeIntx\(group=0\): the weights of a group are a whole number",
        ),
        (
            lambda: QuantizationAware(bits=9, learning_rate=1e-4, max_epochs=1),
            r"QuantizationAware\(bits=9\): weights have 2 to 8 bits",
        ),
        (
            lambda: QuantizationAware(bits=2, learning_rate=0, max_epochs=1),
            r"QuantizationAware\(learning_rate=0\): a learning rate is greater than 0",
        ),
    ],
)
def test_fields_out_of_range_are_refused(make: type[Step], said: str) -> None:
    """Before anything is built."""
    with pytest.raises(BenchModelsError, match=said):
        make()


def test_training_for_two_bits_beats_two_bits(builder: Builder, context: Context) -> None:
    """What is trained with the rounding in place answers better once it is rounded, and is plain weights until then."""
    training = FineTune(learning_rate=1e-2, max_epochs=4)
    plain = training.apply(builder._model([]), replace(context, scratch=context.scratch / "1"))
    aware = QuantizationAware(bits=2, learning_rate=1e-2, max_epochs=4).apply(
        copy.deepcopy(plain), replace(context, scratch=context.scratch / "2")
    )
    assert {type(each) for each in aware.modules()} == {type(each) for each in plain.modules()}

    def loss(model: nn.Module) -> float:
        rounded = QuantizeIntx(bits=2).apply(copy.deepcopy(model), context)
        rows = context.encoder.encode([sentence.text for sentence in context.corpus.train])
        batch = context.encoder.batch(rows)
        answer = torch.from_numpy(logits(rounded, batch))
        labels = torch.tensor([sentence.label for sentence in context.corpus.train])
        return float(nn.functional.cross_entropy(answer, labels))

    assert loss(aware) < loss(plain)
