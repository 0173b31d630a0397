"""The features of a file: samples that two files with the same content both draw."""

import hashlib
from collections.abc import Iterable, Iterator
from heapq import nsmallest
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from souk.works.likeness.model import SAMPLE

MIN_CHUNK: Final = 1024
MAX_CHUNK: Final = 32 * 1024
_AVERAGE_BITS: Final = 12
"""A chunk ends at one place in 4,096."""
_WINDOW: Final = 32
_BLOCK: Final = 2**20
MAX_TENSORS: Final = 256
MAX_SHAPES: Final = 16
_LEAST_TENSOR_BYTES: Final = 64
_LEAST_SHAPE_ELEMENTS: Final = 1024
_SHAPE_BLOCKS: Final = 128
_BANDS: Final = 8
_LEAST_TURNS: Final = 16


class Features(msgspec.Struct, frozen=True, kw_only=True):
    """Of each kind: feature (a signed 64-bit number) to the bytes it stands for."""

    chunk: dict[int, int] = {}
    tensor: dict[int, int] = {}
    shape: dict[int, int] = {}


def sketch(content: NDArray[np.uint8], tensors: Iterable[NDArray[np.generic]]) -> Features:
    """The features of a file, and of the weights in it."""
    kept = nsmallest(MAX_TENSORS, _telling(tensors), key=lambda one: -one.nbytes)
    shapes: dict[int, int] = {}
    for tensor in kept[:MAX_SHAPES]:
        shapes |= _shape_features(tensor)
    return Features(
        chunk=chunk_features(content),
        tensor={_digest(tensor.dtype.str.encode(), tensor.data): tensor.nbytes for tensor in kept},
        shape=shapes,
    )


def chunk_features(content: NDArray[np.uint8]) -> dict[int, int]:
    """The smallest hashes of its content-defined chunks, each with the chunk's length."""
    found: dict[int, int] = {}
    start = 0
    for end in cuts(content):
        found[_digest(content[start:end].data)] = end - start
        start = end
        if len(found) > 64 * SAMPLE:
            found = _smallest(found)
    return _smallest(found)


def cuts(content: NDArray[np.uint8]) -> Iterator[int]:
    """Where each chunk ends: after its content, so that a change moves only what is near it."""
    start = 0
    for candidate in _candidates(content):
        while candidate - start > MAX_CHUNK:
            start += MAX_CHUNK
            yield start
        if candidate - start >= MIN_CHUNK:
            start = candidate
            yield start
    while len(content) - start > MAX_CHUNK:
        start += MAX_CHUNK
        yield start
    if start < len(content):
        yield len(content)


def _candidates(content: NDArray[np.uint8]) -> Iterator[int]:
    """Ends by a rolling hash over the last 32 bytes, many positions at once: the hash over 2n
    bytes is the one over the last n plus the one over the n before them, shifted by n."""
    table = np.frombuffer(hashlib.shake_128(b"souk likeness").digest(1024), dtype=np.uint32)
    for at in range(0, len(content), _BLOCK):
        before = min(at, _WINDOW - 1)
        sums = table[content[at - before : at + _BLOCK]]
        step = 1
        while step < _WINDOW:
            sums[step:] += sums[:-step] << np.uint32(step)
            step *= 2
        ends = np.flatnonzero(sums[before:] >> np.uint32(32 - _AVERAGE_BITS) == 0)
        yield from (ends + at + 1).tolist()


def _telling(tensors: Iterable[NDArray[np.generic]]) -> Iterator[NDArray[np.generic]]:
    """Those that say something: not short, not constant, not counted up."""
    for tensor in tensors:
        flat = np.ascontiguousarray(tensor).reshape(-1)
        if flat.nbytes < _LEAST_TENSOR_BYTES or flat.size < 2 or flat.dtype.kind not in "fiu":
            continue
        with np.errstate(all="ignore"):
            steps = np.diff(flat[: 2**16].astype(np.float64))
            if flat.size > 2**16 or (steps.size and not np.all(steps == steps[0])):
                yield flat


def _shape_features(flat: NDArray[np.generic]) -> dict[int, int]:
    """Which parts of a tensor lie above its middle: rounding, noise and other types of numbers
    leave most of that as it is. Eight bands, so that a few changed bits spare the others."""
    if flat.dtype.kind != "f" or flat.size < _LEAST_SHAPE_ELEMENTS:
        return {}
    size = flat.size // _SHAPE_BLOCKS * _SHAPE_BLOCKS
    with np.errstate(all="ignore"):
        means = flat[:size].reshape(_SHAPE_BLOCKS, -1).mean(axis=1, dtype=np.float64)
    if not np.all(np.isfinite(means)):
        return {}
    bits = means > np.median(means)
    if np.count_nonzero(bits[1:] != bits[:-1]) < _LEAST_TURNS:
        return {}
    packed = np.packbits(bits).tobytes()
    width = len(packed) // _BANDS
    weight = max(1, flat.size // _BANDS)
    return {
        _digest(b"%d %d" % (flat.size, band), packed[band * width : (band + 1) * width]): weight
        for band in range(_BANDS)
    }


def _smallest(found: dict[int, int]) -> dict[int, int]:
    kept = nsmallest(SAMPLE, found, key=lambda feature: feature & (2**64 - 1))
    return {feature: found[feature] for feature in kept}


def _digest(*parts: bytes | memoryview) -> int:
    digest = hashlib.blake2b(digest_size=8)
    for part in parts:
        digest.update(part)
    return int.from_bytes(digest.digest(), "big", signed=True)
