"""What ONNX Runtime's own tools make of an ONNX file: fused attention, and INT8 weights."""

from collections import Counter
from pathlib import Path

from bench_models.errors import BenchModelsError


def fuse_attention(file: Path, *, heads: int, width: int) -> None:
    """Replace the operators of each attention layer by one; ``width`` is the model's hidden size.

    Raises ``BenchModelsError`` where a layer is left as it is, which would be slower and else go unnoticed.
    """
    from onnxruntime.transformers.optimizer import optimize_model

    layers = operators(file)["Softmax"]  # each attention layer has one
    # Without ONNX Runtime's own optimizations, which are for this CPU and follow when the file is loaded.
    optimized = optimize_model(str(file), model_type="bert", num_heads=heads, hidden_size=width, opt_level=0)
    optimized.save_model_to_file(str(file))
    fused = operators(file)["Attention"]
    if not layers or fused != layers:
        raise BenchModelsError(
            f"ONNX Runtime fuses {fused} of {layers} attention layers: its optimizer does not recognize the others; "
            "give the row a runtime with fused_attention=False"
        )


def quantize(file: Path, *, reduce_range: bool) -> None:
    """Quantize weights and embeddings to 8 bits, a scale for each channel; activations follow when the model runs.

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


def operators(file: Path) -> Counter[str]:
    """Return how often each operator stands in a file."""
    import onnx

    return Counter(node.op_type for node in onnx.load(file).graph.node)
