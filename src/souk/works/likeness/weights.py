"""The tensors in a file of weights, as arrays; of a broken or unknown file, none."""

import json
import struct
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

MAX_ONNX_BYTES: Final = 2**30
_MAX_HEADER_BYTES: Final = 100_000_000
_DTYPES: Final = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2",
    "I8": "<i1", "U8": "<u1", "U16": "<u2", "U32": "<u4", "U64": "<u8",
}  # fmt: skip

Proto = Any  # the generated Protocol Buffers classes carry no types


def tensors_of(content: NDArray[np.uint8], *, name: str) -> Iterator[NDArray[np.generic]]:
    """The tensors of a safetensors or ONNX file, by its name."""
    lower = name.lower()
    try:
        if lower.endswith(".safetensors"):
            yield from _safetensors(content)
        elif lower.endswith(".onnx") and len(content) <= MAX_ONNX_BYTES:
            yield from _onnx(content)
    except (ValueError, KeyError, TypeError, struct.error, RecursionError):
        return


def _safetensors(content: NDArray[np.uint8]) -> Iterator[NDArray[np.generic]]:
    (length,) = struct.unpack("<Q", content[:8].tobytes())
    if length > min(_MAX_HEADER_BYTES, len(content) - 8):
        return
    header = json.loads(content[8 : 8 + length].tobytes())
    if not isinstance(header, dict):
        return
    for name, fact in header.items():
        if name == "__metadata__":
            continue
        start, end = fact["data_offsets"]
        part = content[8 + length + start : 8 + length + end]
        if fact["dtype"] == "BF16":
            yield _from_bfloat16(part)
        elif fact["dtype"] in _DTYPES:
            dtype = np.dtype(_DTYPES[fact["dtype"]])
            yield np.frombuffer(part[: len(part) // dtype.itemsize * dtype.itemsize], dtype=dtype)


def _from_bfloat16(part: NDArray[np.uint8]) -> NDArray[np.generic]:
    """The upper half of a 32-bit float each."""
    upper = np.frombuffer(part[: len(part) // 2 * 2], dtype="<u2").astype("<u4")
    return (upper << np.uint32(16)).view("<f4")


def _onnx(content: NDArray[np.uint8]) -> Iterator[NDArray[np.generic]]:
    """Initialisers, constants, and lists of numbers in attributes (where trees keep theirs)."""
    import onnx  # noqa: PLC0415  # half a second, only for this format
    from onnx import numpy_helper  # noqa: PLC0415

    try:
        model: Proto = onnx.load_model_from_string(content.tobytes())
    except Exception:  # whatever the parser raises means the same: these are no tensors
        return
    graphs = [model.graph]
    while graphs:
        graph = graphs.pop()
        for tensor in graph.initializer:
            if tensor.data_location != onnx.TensorProto.EXTERNAL:
                yield numpy_helper.to_array(tensor)
        for node in graph.node:
            for attribute in node.attribute:
                graphs += [*attribute.graphs, *([attribute.g] if attribute.HasField("g") else [])]
                if attribute.HasField("t") and not attribute.t.external_data:
                    yield numpy_helper.to_array(attribute.t)
                if attribute.floats:
                    yield np.array(attribute.floats, dtype="<f4")
