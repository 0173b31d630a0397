"""MiniLM as an ONNX graph, from its safetensors weights, without torch.

BERT encoder (Devlin et al. 2018), then the mean over tokens that are not padding, then length 1
(Reimers and Gurevych 2019): input_ids and attention_mask int64 [batch, tokens] -> vectors float32
[batch, hidden].
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from souk.discovery.search.embedding.weights import BertShape

_OPSET = 20  # the first with an exact Gelu
_MASKED = np.float32(-10_000.0)

Weights = Mapping[str, npt.NDArray[np.float32]]


class _Graph:
    """Collects nodes and initialisers; every method returns the name of its output."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []

    def constant(self, name: str, value: npt.ArrayLike) -> str:
        self.initializers.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def node(self, op: str, *inputs: str, out: str, **attributes: int | float | list[int]) -> str:
        self.nodes.append(helper.make_node(op, list(inputs), [out], name=out))
        self.nodes[-1].attribute.extend(
            helper.make_attribute(key, value) for key, value in attributes.items()
        )
        return out

    def split(self, value: str, *, parts: int, out: str) -> list[str]:
        names = [f"{out}.{index}" for index in range(parts)]
        self.nodes.append(
            helper.make_node("Split", [value], names, name=out, axis=-1, num_outputs=parts)
        )
        return names


def build_graph(weights: Weights, shape: BertShape) -> onnx.ModelProto:
    """The float32 graph; `weights` are the tensors by their names in the safetensors file."""
    graph = _Graph()
    graph.constant("heads_split", np.array([0, 0, shape.heads, -1], np.int64))
    graph.constant("heads_joined", np.array([0, 0, shape.hidden], np.int64))
    graph.constant("score_scale", np.float32(1 / np.sqrt(shape.hidden // shape.heads)))
    graph.constant("axis_1", np.array([1], np.int64))
    hidden = _embeddings(graph, weights, shape)
    mask = _attention_bias(graph)
    for layer in range(shape.layers):
        hidden = _layer(graph, weights, shape, layer=layer, hidden=hidden, mask=mask)
    _pool(graph, hidden)
    tokens = ["batch", "tokens"]
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "all-MiniLM-L6-v2",
            [
                helper.make_tensor_value_info("input_ids", TensorProto.INT64, tokens),
                helper.make_tensor_value_info("attention_mask", TensorProto.INT64, tokens),
            ],
            [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["batch", shape.hidden])],
            graph.initializers,
        ),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=10,
    )
    onnx.checker.check_model(model)
    return model


def _embeddings(graph: _Graph, weights: Weights, shape: BertShape) -> str:
    words = graph.constant("words", weights["embeddings.word_embeddings.weight"])
    # Every input is one segment, so the segment's vector is folded into the positions.
    positions = graph.constant(
        "positions",
        weights["embeddings.position_embeddings.weight"]
        + weights["embeddings.token_type_embeddings.weight"][0],
    )
    word = graph.node("Gather", words, "input_ids", out="word")
    length = graph.node("Shape", "input_ids", out="length", start=1, end=2)
    start = graph.constant("zero", np.array([0], np.int64))
    position = graph.node("Slice", positions, start, length, start, out="position")
    total = graph.node("Add", word, position, out="embedded")
    return _norm(graph, weights, shape, name="embeddings.LayerNorm", value=total)


def _attention_bias(graph: _Graph) -> str:
    """0 where a token is real and a large negative number where it is padding."""
    one = graph.constant("one", np.float32(1))
    masked = graph.constant("masked", _MASKED)
    axes = graph.constant("axes_1_2", np.array([1, 2], np.int64))
    real = graph.node("Cast", "attention_mask", out="real", to=TensorProto.FLOAT)
    padding = graph.node("Sub", one, real, out="padding")
    scaled = graph.node("Mul", padding, masked, out="padding_bias")
    return graph.node("Unsqueeze", scaled, axes, out="attention_bias")


def _layer(
    graph: _Graph, weights: Weights, shape: BertShape, *, layer: int, hidden: str, mask: str
) -> str:
    name = f"encoder.layer.{layer}"
    own = f"{name}.attention.self"
    kernel = np.concatenate(
        [weights[f"{own}.{part}.weight"].T for part in ("query", "key", "value")], axis=1
    )
    bias = np.concatenate([weights[f"{own}.{part}.bias"] for part in ("query", "key", "value")])
    joined = _dense(graph, name=f"{own}.qkv", value=hidden, kernel=kernel, bias=bias)
    query, key, value = (
        graph.node("Reshape", part, "heads_split", out=f"{part}.heads")
        for part in graph.split(joined, parts=3, out=f"{own}.split")
    )
    query = graph.node("Transpose", query, out=f"{own}.q", perm=[0, 2, 1, 3])
    key = graph.node("Transpose", key, out=f"{own}.k", perm=[0, 2, 3, 1])
    value = graph.node("Transpose", value, out=f"{own}.v", perm=[0, 2, 1, 3])
    scores = graph.node("MatMul", query, key, out=f"{own}.scores")
    scores = graph.node("Mul", scores, "score_scale", out=f"{own}.scaled")
    scores = graph.node("Add", scores, mask, out=f"{own}.masked")
    scores = graph.node("Softmax", scores, out=f"{own}.weights", axis=-1)
    context = graph.node("MatMul", scores, value, out=f"{own}.context")
    context = graph.node("Transpose", context, out=f"{own}.turned", perm=[0, 2, 1, 3])
    context = graph.node("Reshape", context, "heads_joined", out=f"{own}.joined")
    attended = _linear(graph, weights, name=f"{name}.attention.output.dense", value=context)
    attended = graph.node("Add", attended, hidden, out=f"{name}.attended")
    attended = _norm(
        graph, weights, shape, name=f"{name}.attention.output.LayerNorm", value=attended
    )
    inner = _linear(graph, weights, name=f"{name}.intermediate.dense", value=attended)
    inner = graph.node("Gelu", inner, out=f"{name}.gelu")
    outer = _linear(graph, weights, name=f"{name}.output.dense", value=inner)
    outer = graph.node("Add", outer, attended, out=f"{name}.sum")
    return _norm(graph, weights, shape, name=f"{name}.output.LayerNorm", value=outer)


def _pool(graph: _Graph, hidden: str) -> None:
    """The mean over real tokens, scaled to length 1, as the output `vectors`."""
    axis = graph.constant("axis_last", np.array([-1], np.int64))
    column = graph.node("Unsqueeze", "real", axis, out="real_column")
    kept = graph.node("Mul", hidden, column, out="kept")
    total = graph.node("ReduceSum", kept, "axis_1", out="token_sum", keepdims=0)
    count = graph.node("ReduceSum", "real", "axis_1", out="token_count", keepdims=1)
    mean = graph.node("Div", total, count, out="mean")
    length = graph.node("ReduceL2", mean, "axis_1", out="mean_length", keepdims=1)
    graph.node("Div", mean, length, out="vectors")


def _linear(graph: _Graph, weights: Weights, *, name: str, value: str) -> str:
    return _dense(
        graph,
        name=name,
        value=value,
        kernel=weights[f"{name}.weight"].T,
        bias=weights[f"{name}.bias"],
    )


def _dense(
    graph: _Graph,
    *,
    name: str,
    value: str,
    kernel: npt.NDArray[np.float32],
    bias: npt.NDArray[np.float32],
) -> str:
    weight = graph.constant(f"{name}.weight", np.ascontiguousarray(kernel))
    offset = graph.constant(f"{name}.bias", bias)
    product = graph.node("MatMul", value, weight, out=f"{name}.matmul")
    return graph.node("Add", product, offset, out=f"{name}.out")


def _norm(graph: _Graph, weights: Weights, shape: BertShape, *, name: str, value: str) -> str:
    scale = graph.constant(f"{name}.weight", weights[f"{name}.weight"])
    bias = graph.constant(f"{name}.bias", weights[f"{name}.bias"])
    return graph.node(
        "LayerNormalization",
        value,
        scale,
        bias,
        out=f"{name}.out",
        axis=-1,
        epsilon=shape.epsilon,
    )
