"""Safetensors: a JSON header whose offsets cover the data exactly, without holes or overlaps.

Source: the format's specification in github.com/huggingface/safetensors.
"""

import json
import math
from collections import Counter
from typing import Any, BinaryIO, Final

import msgspec

from souk.works.artifacts.scan.findings import Report, Unsafe

MAX_HEADER_BYTES: Final = 100_000_000
MAX_DIMENSIONS: Final = 64
BITS: Final = {
    "F64": 64, "F32": 32, "F16": 16, "BF16": 16, "I64": 64, "I32": 32, "I16": 16, "I8": 8,
    "U64": 64, "U32": 32, "U16": 16, "U8": 8, "BOOL": 8, "C64": 64,
    "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "F6_E2M3": 6, "F6_E3M2": 6, "F4": 4,
}  # fmt: skip


class _Tensor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    dtype: str
    shape: list[int]
    data_offsets: tuple[int, int]


def check_safetensors(file: BinaryIO, size_bytes: int, report: Report) -> None:
    """Checks the whole structure and notes tensors, parameters and types.

    Raises:
        Unsafe: when it is not what the specification says.
    """
    length = int.from_bytes(file.read(8), "little")
    if size_bytes < 8 or length > min(MAX_HEADER_BYTES, size_bytes - 8):
        raise Unsafe("the header is longer than the file")
    tensors = _read_header(file.read(length))
    end = 0
    parameters: Counter[str] = Counter()
    for name, tensor in sorted(tensors.items(), key=lambda item: item[1].data_offsets):
        start, stop = tensor.data_offsets
        if start != end or stop < start:
            raise Unsafe(f"tensor {name[:80]!r} overlaps another one or leaves a hole")
        elements = _elements(name, tensor)
        if elements * BITS[tensor.dtype] != 8 * (stop - start):
            raise Unsafe(f"tensor {name[:80]!r} has another length than its shape says")
        parameters[tensor.dtype] += elements
        end = stop
    if end != size_bytes - 8 - length:
        raise Unsafe("the data does not end where the last tensor does")
    report.facts["tensors"] = len(tensors)
    report.facts["parameters"] = sum(parameters.values())
    if parameters:
        report.facts["dtype"] = parameters.most_common(1)[0][0]


def _read_header(raw: bytes) -> dict[str, _Tensor]:
    try:
        header: dict[str, Any] = msgspec.json.decode(raw, type=dict[str, Any])
        if len(header) != _count_keys(raw):
            raise Unsafe("the header names a tensor twice")
        msgspec.convert(header.pop("__metadata__", {}), dict[str, str])
        return {name: msgspec.convert(value, _Tensor) for name, value in header.items()}
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unsafe(f"the header is not what the format asks for: {error}") from error


def _count_keys(raw: bytes) -> int:
    """How many keys the top level has, repeated ones counted again."""
    pairs: list[int] = []
    json.loads(raw, object_pairs_hook=lambda found: pairs.append(len(found)))
    return pairs[-1]


def _elements(name: str, tensor: _Tensor) -> int:
    if tensor.dtype not in BITS:
        raise Unsafe(f"tensor {name[:80]!r} has the unknown type {tensor.dtype[:20]!r}")
    if len(tensor.shape) > MAX_DIMENSIONS or any(size < 0 for size in tensor.shape):
        raise Unsafe(f"tensor {name[:80]!r} has an impossible shape")
    return math.prod(tensor.shape)
