"""GGUF: header, metadata and tensor table within bounds, tensors inside the file.

Source: the format's specification in github.com/ggml-org/ggml (docs/gguf.md), versions 2 and 3.
"""

import math
import struct
from typing import BinaryIO, Final

from souk.works.artifacts.scan.findings import Fact, Report, Unsafe

MAX_ENTRIES: Final = 1_000_000
MAX_STRING_BYTES: Final = 16 * 2**20
MAX_DEPTH: Final = 4
DEFAULT_ALIGNMENT: Final = 32
_SCALARS: Final = {
    0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q",
    12: "<d",
}  # fmt: skip
_STRING: Final = 8
_ARRAY: Final = 9


class _Reader:
    """Reads little-endian values and never past the end."""

    def __init__(self, file: BinaryIO, size_bytes: int) -> None:
        self._file = file
        self._left = size_bytes
        self.position = 0

    def take(self, count: int) -> bytes:
        if count > self._left - self.position:
            raise Unsafe("the file ends inside its header")
        self.position += count
        return self._file.read(count)

    def skip(self, count: int) -> None:
        if count > self._left - self.position:
            raise Unsafe("the file ends inside its header")
        self.position += count
        self._file.seek(count, 1)

    def number(self, form: str) -> int:
        return int(struct.unpack(form, self.take(struct.calcsize(form)))[0])

    def text(self) -> str:
        length = self.number("<Q")
        if length > MAX_STRING_BYTES:
            raise Unsafe("a text in the header is far too long")
        return self.take(length).decode("utf-8", "replace")


def check_gguf(file: BinaryIO, size_bytes: int, report: Report) -> None:
    """Checks the structure and notes version, architecture, tensors and parameters.

    Raises:
        Unsafe: when it is not what the specification says.
    """
    reader = _Reader(file, size_bytes)
    if reader.take(4) != b"GGUF":
        raise Unsafe("it is no GGUF file")
    version = reader.number("<I")
    if version not in {2, 3}:
        raise Unsafe(f"GGUF version {version} is not known")
    tensor_count, entry_count = reader.number("<Q"), reader.number("<Q")
    if max(tensor_count, entry_count) > MAX_ENTRIES:
        raise Unsafe("the header claims an impossible number of entries")
    metadata: dict[str, Fact] = {}
    for _ in range(entry_count):
        key = reader.text()
        value = _value(reader, reader.number("<I"), depth=0)
        if value is not None and len(metadata) < 1000:
            metadata[key] = value
    alignment = metadata.get("general.alignment", DEFAULT_ALIGNMENT)
    if not isinstance(alignment, int) or not 1 <= alignment <= 2**20 or alignment % 8:
        raise Unsafe("the alignment is impossible")
    tensors = [_tensor(reader) for _ in range(tensor_count)]
    data_start = -(-reader.position // alignment) * alignment
    for name, offset, length, _ in tensors:
        if offset % alignment or data_start + offset + length > size_bytes:
            raise Unsafe(f"tensor {name[:80]!r} lies outside the file")
    report.facts |= {
        "version": version,
        "tensors": tensor_count,
        "parameters": sum(elements for *_, elements in tensors),
    }
    for fact, key in (("architecture", "general.architecture"), ("name", "general.name")):
        if isinstance(metadata.get(key), str):
            report.facts[fact] = str(metadata[key])[:120]


def _value(reader: _Reader, kind: int, *, depth: int) -> Fact | None:
    """A metadata value; None for an array, which is only walked over."""
    if kind in _SCALARS:
        form = _SCALARS[kind]
        value: Fact = struct.unpack(form, reader.take(struct.calcsize(form)))[0]
        return value
    if kind == _STRING:
        return reader.text()
    if kind != _ARRAY or depth >= MAX_DEPTH:
        raise Unsafe("a metadata value has an unknown type")
    inner, count = reader.number("<I"), reader.number("<Q")
    if inner in _SCALARS:
        reader.skip(count * struct.calcsize(_SCALARS[inner]))
        return None
    for _ in range(count):
        _value(reader, inner, depth=depth + 1)
    return None


def _tensor(reader: _Reader) -> tuple[str, int, int, int]:
    """Name, offset, length in bytes and elements of the next tensor."""
    from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType  # noqa: PLC0415  # 1 s

    name = reader.text()
    dimensions = reader.number("<I")
    if not 1 <= dimensions <= 8:
        raise Unsafe(f"tensor {name[:80]!r} has an impossible number of dimensions")
    elements = math.prod(reader.number("<Q") for _ in range(dimensions))
    kind, offset = reader.number("<I"), reader.number("<Q")
    try:
        block, block_bytes = GGML_QUANT_SIZES[GGMLQuantizationType(kind)]
    except (ValueError, KeyError):
        raise Unsafe(f"tensor {name[:80]!r} has the unknown type {kind}") from None
    if elements % block:
        raise Unsafe(f"tensor {name[:80]!r} does not fill its blocks")
    return name, offset, elements // block * block_bytes, elements
