"""What ONNX Runtime's own tools make of an ONNX file: fused attention, and weights of 8 or 4 bits."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bench_models.errors import BenchModelsError
from bench_models.tokenizer import Batch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from onnx import GraphProto

# Numbers that share a scale and a zero point where weights have 4 bits. With embeddings alone in 4 bits, logits of the
# default suite's student2 moved by 0.13 as a root mean square in blocks of 32, by 0.20 in blocks of 64 and by 0.28 in
# blocks of 128, which make a file of all embeddings 1.2 MiB smaller.
_BLOCK = 32


def fuse_attention(file: Path, *, heads: int, width: int, embeddings: bool) -> None:
    """Replace the operators of each attention layer by one.

    ``width`` is the model's hidden size, and ``heads`` how many attention heads it had before any were removed: that
    gives the width of one. ``embeddings`` makes one operator of the lookups of embeddings and their normalization, too.

    Raises ``BenchModelsError`` where a layer is left as it is, which would be slower and else go unnoticed.
    """
    from onnxruntime.transformers.fusion_options import FusionOptions
    from onnxruntime.transformers.optimizer import optimize_model

    layers = operators(file)["Softmax"]  # each attention layer has one
    options = FusionOptions("bert")
    options.enable_embed_layer_norm = embeddings
    # Normalizations stay apart from what is added before them: see onnx_file.load.
    options.enable_skip_layer_norm = options.enable_bias_skip_layer_norm = False
    # Without ONNX Runtime's own optimizations, which are for this CPU and follow when the file is loaded.
    optimized = optimize_model(
        str(file),
        model_type="bert",
        num_heads=heads,
        hidden_size=width,
        opt_level=0,
        optimization_options=options,
    )
    graph = optimized.model.graph
    fused = sum(node.op_type == "Attention" for node in graph.node)
    if not layers or fused != layers:
        raise BenchModelsError(
            f"ONNX Runtime fuses {fused} of {layers} attention layers: its optimizer does not recognize the others; "
            "give the row a runtime with fused_attention=False"
        )
    _count_heads(graph, width // heads)
    optimized.save_model_to_file(str(file))


def _count_heads(graph: "GraphProto", size: int) -> None:
    """Give each attention layer the number of its own heads, each ``size`` wide.

    The optimizer gives all of them the same, and a layer that has lost some would split what it has into narrower ones.
    """
    shapes = {each.name: list(each.dims) for each in graph.initializer}
    for node in graph.node:
        if node.op_type != "Attention":
            continue
        # To queries, keys and values, which are as wide as each other unless an attribute says otherwise.
        columns = shapes.get(node.input[1], [])[-1:]
        told = {each.name: each for each in node.attribute}
        if not columns or columns[0] % (3 * size) or "num_heads" not in told or "qkv_hidden_sizes" in told:
            raise BenchModelsError(
                f"the heads of {node.name}, which are {size} wide, cannot be told from its weights of shape "
                f"{shapes.get(node.input[1])}: give the row a runtime with fused_attention=False"
            )
        told["num_heads"].i = columns[0] // (3 * size)


def quantize(file: Path, *, reduce_range: bool) -> None:
    """Quantize weights and embeddings to 8 bits; activations follow when the model runs.

    ``reduce_range`` takes 7 bits for weights, for CPUs on which sums of products of 8 bits overflow.
    """
    from onnx import TensorProto
    from onnxruntime.quantization import QuantType, quantize_dynamic

    plain = file.with_suffix(".plain.onnx")
    file.rename(plain)
    quantize_dynamic(
        plain,
        file,
        per_channel=True,
        reduce_range=reduce_range,
        weight_type=QuantType.QInt8,
        # A fused graph has tensors whose type its shape inference does not find: it knows none of the fused operators.
        extra_options={"DefaultTensorType": TensorProto.FLOAT},
    )
    plain.unlink()


def quantize_statically(file: Path, calibration: Sequence[Batch], *, reduce_range: bool) -> None:
    """Quantize weights, embeddings and activations to 8 bits; a scale of activations spans what ``calibration`` shows.

    Each product has an operator before it that quantizes and one after it that does not, which ONNX Runtime makes one
    of when it loads the file. ``reduce_range`` takes 7 bits for weights, for CPUs on which sums of products of 8 bits
    overflow. Raises ``BenchModelsError`` without calibration, and where a product is left in floating point.
    """
    import onnx
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    if not calibration:
        raise BenchModelsError("static quantization takes scales from sentences, and none are given")

    class Sentences(CalibrationDataReader):  # type: ignore[misc]  # ONNX Runtime has no types
        def __init__(self) -> None:
            self._left = iter(calibration)

        def get_next(self) -> "dict[str, NDArray[np.int64]] | None":
            batch = next(self._left, None)
            return None if batch is None else {"input_ids": batch.input_ids, "attention_mask": batch.attention_mask}

    plain = file.with_suffix(".plain.onnx")
    file.rename(plain)
    quantize_static(
        plain,
        file,
        Sentences(),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=["Gather", "Gemm", "MatMul"],
        per_channel=True,
        reduce_range=reduce_range,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )
    plain.unlink()
    graph = onnx.load(file).graph
    makers = {output: node.op_type for node in graph.node for output in node.output}
    products = [node for node in graph.node if node.op_type in {"Gemm", "MatMul"}]
    left = [node.name for node in products if any(makers.get(each) != "DequantizeLinear" for each in node.input[:2])]
    if left or not products:
        what = " and ".join(left) or "every product"
        raise BenchModelsError(f"ONNX Runtime leaves {what} in floating point, which was to be INT8")


def quantize_to_int4(file: Path, *, weights: bool) -> None:
    """Quantize the embeddings of words to 4 bits, and with ``weights`` all embeddings and linear layers.

    They are unpacked when they are looked up or multiplied: activations stay in floating point. Without ``weights``,
    embeddings of positions and of types stay as they are: they have few rows, and unpacking makes a lookup as slow as a
    product of a narrow model. A weight that a fused operator holds stays as it is, so lookups must not be fused, nor
    attention where ``weights`` is set.

    Raises ``BenchModelsError`` where one is left as it is that was to be quantized.
    """
    import onnx
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer
    from onnxruntime.quantization.onnx_model import ONNXModel

    graph = ONNXModel(onnx.load(file))
    if weights:
        graph.replace_gemm_with_matmul()  # the tool knows the product alone, without its bias
    chosen = _holding_weights(graph.model.graph) if weights else _lookups_of_words(graph.model.graph)
    # Types of 4 bits need a newer opset than the file has. The tool sets its number and leaves all else: whether the
    # operators mean the same in both is what the runtime's answers are compared with those of eager PyTorch for.
    quantizer = MatMulNBitsQuantizer(
        graph.model,
        bits=4,
        block_size=_BLOCK,
        # It would try to quantize whole numbers, too.
        nodes_to_exclude=[node.name for node in graph.nodes() if node.name not in chosen],
        op_types_to_quantize=("Gather", "MatMul"),
        quant_axes=(("Gather", 1), ("MatMul", 0)),
    )
    quantizer.process()
    quantizer.model.save_model_to_file(str(file))
    left = sorted(chosen & _holding_weights(quantizer.model.model.graph))
    if weights:  # whatever holds them
        left += sorted(name for name in _matrices(quantizer.model.model.graph) if not name.endswith("_scales"))
    if left or not chosen:
        what = " and ".join(left) or "every matrix"
        raise BenchModelsError(f"ONNX Runtime leaves {what} in floating point, which was to be INT4")


def _holding_weights(graph: "GraphProto") -> set[str]:
    """Return the names of nodes that look up a matrix in floating point, or multiply by one."""
    matrices = _matrices(graph)
    place = {"Gather": 0, "MatMul": 1}
    return {node.name for node in graph.node if node.op_type in place and node.input[place[node.op_type]] in matrices}


def _matrices(graph: "GraphProto") -> set[str]:
    """Return the names of matrices of a file that are in floating point."""
    from onnx import TensorProto

    kinds = {TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.DOUBLE}
    return {each.name for each in graph.initializer if each.data_type in kinds and len(each.dims) > 1}


def _lookups_of_words(graph: "GraphProto") -> set[str]:
    """Return the names of nodes that look up a matrix by token ids, or by what a table has for them."""
    makers = {output: node for node in graph.node for output in node.output}

    def source(name: str) -> str:
        while name in makers and makers[name].op_type in {"Gather", "Cast"}:
            node = makers[name]
            name = node.input[1 if node.op_type == "Gather" else 0]
        return name

    holding = _holding_weights(graph)
    return {node.name for node in graph.node if node.name in holding and source(node.output[0]) == "input_ids"}


def operators(file: Path) -> Counter[str]:
    """Return how often each operator stands in a file."""
    import onnx

    return Counter(node.op_type for node in onnx.load(file).graph.node)
