"""A light client of its own: reads CAR files with other libraries, trusts nothing but the root."""

import hashlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import cbor2
from multiformats import CID, varint

Blocks = dict[str, bytes]


def read_car(content: bytes) -> tuple[list[str], list[tuple[str, bytes]]]:
    """The roots and the blocks in their order; every block is what its CID says."""
    stream = BytesIO(content)
    header = cbor2.loads(_frame(stream))
    assert header["version"] == 1
    roots = [_name(CID.decode(tag.value[1:])) for tag in header["roots"]]
    found = []
    while frame := _frame(stream):
        cid, block = _cid_of(frame)
        assert hashlib.sha256(block).digest() == cid.raw_digest, cid
        found.append((_name(cid), block))
    return roots, found


def _name(cid: CID) -> str:
    return str(cid if cid.version == 0 else cid.set(base="base32"))


def _frame(stream: BytesIO) -> bytes:
    first = stream.read(1)
    if not first:
        return b""
    while first[-1] >= 0x80:
        first += stream.read(1)
    length = varint.decode(first)
    frame = stream.read(length)
    assert len(frame) == length, "the CAR file breaks off"
    return frame


def _cid_of(frame: bytes) -> tuple[CID, bytes]:
    length = 34 if frame[:2] == b"\x12\x20" else 36
    return CID.decode(frame[:length]), frame[length:]


def files_below(root: str, blocks: Blocks) -> dict[str, bytes]:
    """Every file below a root by its path, put together from blocks; the root may be a file."""
    return dict(_files(root, blocks, ""))


def _files(root: str, blocks: Blocks, path: str) -> Iterator[tuple[str, bytes]]:
    if CID.decode(root).codec.name == "raw":
        yield path, blocks[root]
        return
    links, data = _node(blocks[root])
    kind = data[1][0]
    if kind == 1:
        for name, cid in links:
            yield from _files(cid, blocks, f"{path}/{name}" if path else name)
    elif kind == 5:
        for name, cid in links:
            below = f"{path}/{name[2:]}" if path else name[2:]
            yield from _files(cid, blocks, below if len(name) > 2 else path)
    else:
        yield path, _file(root, blocks)


def _file(cid: str, blocks: Blocks) -> bytes:
    if CID.decode(cid).codec.name == "raw":
        return blocks[cid]
    links, data = _node(blocks[cid])
    whole = b"".join([*data.get(2, []), *(_file(below, blocks) for _, below in links)])
    assert len(whole) == data[3][0]
    return whole


def _node(block: bytes) -> tuple[list[tuple[str, str]], dict[int, list[Any]]]:
    fields = _fields(block)
    links = []
    for link in fields.get(2, []):
        inside = _fields(link)
        links.append((inside.get(2, [b""])[0].decode(), _name(CID.decode(inside[1][0]))))
    return links, _fields(fields[1][0])


def _fields(message: bytes) -> dict[int, list[Any]]:
    stream = BytesIO(message)
    found: dict[int, list[Any]] = {}
    while stream.tell() < len(message):
        key, value = _number(stream), _number(stream)
        found.setdefault(key >> 3, []).append(value if key & 7 == 0 else stream.read(value))
    return found


def _number(stream: BytesIO) -> int:
    digits = stream.read(1)
    while digits[-1] >= 0x80:
        digits += stream.read(1)
    return varint.decode(digits)
