"""ONNX: a model that the reference checker accepts, with known operators and data of its own."""

from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from souk.kernel.paths import path_problem
from souk.works.artifacts.scan.findings import Report, Unsafe

MAX_BYTES: Final = 2**31 - 1
"""What Protocol Buffers can hold; larger weights are external data."""
KNOWN_DOMAINS: Final = frozenset(
    {
        "", "ai.onnx", "ai.onnx.ml", "ai.onnx.training", "ai.onnx.preview",
        "ai.onnx.preview.training", "com.microsoft", "com.microsoft.experimental",
        "com.microsoft.nchwc", "com.microsoft.dml", "com.ms.internal.nhwc", "org.pytorch.aten",
        "org.pytorch._caffe2",
    }
)  # fmt: skip
"""Whose operators come with onnxruntime; any other needs foreign native code."""

_CORE: Final = frozenset({"", "ai.onnx"})

Proto = Any  # the generated Protocol Buffers classes carry no types


def check_onnx(file: BinaryIO, size_bytes: int, report: Report) -> None:
    """Checks structure, operator domains and external data; notes opset, inputs and outputs.

    Raises:
        Unsafe: when it is no model that may be loaded.
    """
    import onnx  # noqa: PLC0415  # half a second, only for this format

    if size_bytes > MAX_BYTES:
        raise Unsafe("an ONNX file larger than 2 GiB cannot be read; use external data")
    try:
        model: Proto = onnx.load_model_from_string(file.read())
    except Exception as error:  # whatever the parser raises means the same
        raise Unsafe(f"it is no ONNX model: {str(error)[:200]}") from error
    if not model.graph.node and not model.graph.initializer and not model.functions:
        raise Unsafe("it is no ONNX model: its graph is empty")
    _check_domains(model, report)
    external = _check_external_data(model, report)
    if not external:
        _check_structure(model, onnx, report)
    tensors = list(_tensors(model))
    report.facts |= {
        "opset": max(
            (o.version for o in model.opset_import if o.domain in {"", "ai.onnx"}), default=0
        ),
        "nodes": len(model.graph.node),
        "tensors": len(tensors),
        "parameters": sum(_elements(tensor) for tensor in tensors),
        "inputs": _names(model.graph.input),
        "outputs": _names(model.graph.output),
    }
    if external:
        report.facts["external_files"] = ", ".join(sorted(external))[:400]


def _check_domains(model: Proto, report: Report) -> None:
    own = {function.domain for function in model.functions}
    used = {node.domain for node in _nodes(model)} | {o.domain for o in model.opset_import}
    for domain in sorted(used - KNOWN_DOMAINS - own):
        report.refuse(f"it uses operators of {domain[:80]!r}, which need foreign native code")


def _check_external_data(model: Proto, report: Report) -> set[str]:
    """The external files' names; refuses those that lead out of the model's folder."""
    locations = set()
    for tensor in _tensors(model):
        entries = {entry.key: entry.value for entry in tensor.external_data}
        if tensor.data_location != 1 and not entries:
            continue
        location = entries.get("location", "")
        problem = path_problem(location)
        if problem is not None:
            report.refuse(f"its external data {location[:80]!r} {problem}")
        for key in ("offset", "length"):
            if key in entries and not entries[key].isdigit():
                report.refuse(f"its external data has an impossible {key}")
        locations.add(location)
    return locations


def _check_structure(model: Proto, onnx: Any, report: Report) -> None:  # the module, once imported
    try:
        onnx.checker.check_model(model)
    except onnx.checker.ValidationError as error:
        report.refuse(f"its structure is not valid: {str(error).splitlines()[0][:200]}")


def _graphs(graph: Proto) -> Iterator[Proto]:
    yield graph
    for node in graph.node:
        yield from _graphs_of_node(node)


def _graphs_of_node(node: Proto) -> Iterator[Proto]:
    for attribute in node.attribute:
        for inner in (*attribute.graphs, *([attribute.g] if attribute.HasField("g") else [])):
            yield from _graphs(inner)


def _nodes(model: Proto) -> Iterator[Proto]:
    for graph in _graphs(model.graph):
        yield from graph.node
    for function in model.functions:
        for node in function.node:
            yield node
            for graph in _graphs_of_node(node):
                yield from graph.node


def _tensors(model: Proto) -> Iterator[Proto]:
    for graph in _graphs(model.graph):
        yield from graph.initializer
    for node in _nodes(model):
        for attribute in node.attribute:
            yield from attribute.tensors
            if attribute.HasField("t"):
                yield attribute.t


def _elements(tensor: Proto) -> int:
    count = 1
    for size in tensor.dims:
        count *= max(0, size)
    return count


def _names(values: Proto) -> str:
    return ", ".join(value.name for value in values)[:400]
