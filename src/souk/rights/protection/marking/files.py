"""Files that can be marked: where their weights are, and where their format has room for a word."""

import json
import struct
from collections.abc import Iterator
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from souk.rights.protection.marking.fingerprint import (
    LEAST_WEIGHTS,
    Arrays,
    mark,
    usable_weights,
)

NAME: Final = "souk.licence"
"""What the mark is called in a file's metadata."""
_LENGTH: Final = struct.Struct("<Q")
_MOST_HEADER_BYTES: Final = 100 * 2**20
_TEACHABLE: Final = frozenset(
    {"coefficients", "support_vectors", "class_weights", "target_weights", "weights"}
)
"""Attributes of ONNX-ML operators that are weights; thresholds of trees stay as they are, since a
value at a threshold would change sides."""


class NotMarkable(Exception):
    """The format has no place for a mark, or the file cannot be read."""


class Marked(msgspec.Struct, frozen=True, kw_only=True):
    """A marked copy."""

    content: bytes
    weights: int
    """How many weights carry the fingerprint; 0 when there are none, or too few."""


def mark_file(content: bytes, *, path: str, secret: bytes, licence_id: str, origin: str) -> Marked:
    """A copy with the licence's id in its metadata and its fingerprint in its weights.

    Raises:
        NotMarkable.
    """
    said = f"{licence_id} at {origin}"
    if path.lower().endswith(".md"):
        note = f"\n\n<!-- {NAME}: {said} -->\n"
        return Marked(content=content.rstrip(b"\n") + note.encode(), weights=0)
    file, arrays = _opened(content, path)
    usable = usable_weights(arrays)
    if usable >= LEAST_WEIGHTS:
        file.replace(mark(arrays, secret=secret, licence_id=licence_id))
    return Marked(content=file.write(said), weights=usable if usable >= LEAST_WEIGHTS else 0)


def weights_of(content: bytes, *, path: str) -> Arrays:
    """The weights that a fingerprint would be in. Raises NotMarkable."""
    return _opened(content, path)[1]


def _opened(content: bytes, path: str) -> "tuple[_Onnx | _Safetensors, Arrays]":
    try:
        file = _open(content, path)
        return file, file.arrays()
    except NotMarkable:
        raise
    except Exception as error:  # onnx and json raise of many kinds
        raise NotMarkable(f"{path} cannot be read") from error


def _open(content: bytes, path: str) -> "_Onnx | _Safetensors":
    if path.lower().endswith(".onnx"):
        return _Onnx(content)
    if path.lower().endswith(".safetensors"):
        return _Safetensors(content)
    raise NotMarkable(f"{path} has no place for a mark: only .onnx, .safetensors and .md have")


class _Safetensors:
    """https://github.com/huggingface/safetensors: a JSON header, then the arrays' bytes."""

    def __init__(self, content: bytes) -> None:
        (length,) = _LENGTH.unpack(content[: _LENGTH.size])
        if length > min(_MOST_HEADER_BYTES, len(content)):
            raise NotMarkable("the header is longer than the file")
        self._header = json.loads(content[_LENGTH.size : _LENGTH.size + length])
        self._data = bytearray(content[_LENGTH.size + length :])

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        found = {}
        for name, entry in self._header.items():
            if name != "__metadata__" and entry["dtype"] == "F32":
                start, end = entry["data_offsets"]
                found[name] = np.frombuffer(bytes(self._data[start:end]), dtype="<f4")
        return found

    def replace(self, arrays: dict[str, NDArray[np.float32]]) -> None:
        for name, array in arrays.items():
            start, end = self._header[name]["data_offsets"]
            self._data[start:end] = array.astype("<f4").tobytes()

    def write(self, said: str) -> bytes:
        metadata = self._header.get("__metadata__", {}) | {NAME: said}
        header = {"__metadata__": metadata} | {
            name: entry for name, entry in self._header.items() if name != "__metadata__"
        }
        text = json.dumps(header, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 8)
        return _LENGTH.pack(len(text)) + text + bytes(self._data)


class _Onnx:
    """Initialisers of 32-bit floats, and the weights of ONNX-ML operators."""

    def __init__(self, content: bytes) -> None:
        import onnx  # noqa: PLC0415  # a second to import, and only for this

        self._onnx = onnx
        self._model = onnx.load_model_from_string(content)

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        helper = self._onnx.numpy_helper
        found = {
            f"initializer/{tensor.name}": helper.to_array(tensor).astype(np.float32)
            for tensor in self._initialisers()
        }
        for name, attribute in self._attributes():
            found[name] = np.array(attribute.floats, dtype=np.float32)
        return found

    def replace(self, arrays: dict[str, NDArray[np.float32]]) -> None:
        helper = self._onnx.numpy_helper
        for tensor in self._initialisers():
            array = arrays[f"initializer/{tensor.name}"]
            tensor.CopyFrom(helper.from_array(array, tensor.name))
        for name, attribute in self._attributes():
            del attribute.floats[:]
            attribute.floats.extend(arrays[name].tolist())

    def write(self, said: str) -> bytes:
        for entry in list(self._model.metadata_props):
            if entry.key == NAME:
                self._model.metadata_props.remove(entry)
        self._model.metadata_props.add(key=NAME, value=said)
        written: bytes = self._model.SerializeToString()
        return written

    def _initialisers(self) -> Iterator[Any]:  # onnx has no types
        for tensor in self._model.graph.initializer:
            if tensor.data_type == self._onnx.TensorProto.FLOAT and not tensor.external_data:
                yield tensor

    def _attributes(self) -> Iterator[tuple[str, Any]]:  # likewise
        for number, node in enumerate(self._model.graph.node):
            for attribute in node.attribute:
                if attribute.name in _TEACHABLE and attribute.floats:
                    yield f"node/{number}/{attribute.name}", attribute
