"""dag-pb: nodes with named, sized links and some data. Source: the IPLD specification of dag-pb."""

from dataclasses import dataclass
from typing import Final

from souk_client.proofs.errors import ProofError
from souk_client.proofs.ipfs.cids import Cid, read_cid
from souk_client.proofs.ipfs.varint import encode_varint, read_varint

MAX_BLOCK_BYTES: Final = 2 * 2**20
"""The largest block that the IPFS network passes on."""

_VARINT: Final = 0
_BYTES: Final = 2


@dataclass(frozen=True, slots=True)
class PbLink:
    """A link of a node; `dag_bytes` is what all blocks below it have together."""

    cid: Cid
    name: str = ""
    dag_bytes: int = 0


@dataclass(frozen=True, slots=True)
class PbNode:
    """A node: in UnixFS the data says what it is, the links lead to its parts."""

    links: tuple[PbLink, ...]
    data: bytes


def encode_node(node: PbNode) -> bytes:
    """The block of a node; its links stand in the order in which they were given."""
    links = b"".join(field(2, _encode_link(link)) for link in node.links)
    return links + field(1, node.data)


def decode_node(block: bytes | memoryview) -> PbNode:
    """The node of a block.

    Raises:
        ProofError: the block is not dag-pb.
    """
    links: list[PbLink] = []
    data: bytes | None = None
    for number, value in fields(bytes(block), what="dag-pb block"):
        if not isinstance(value, bytes) or number not in {1, 2}:
            raise ProofError(f"A dag-pb block holds a field {number} that it must not have.")
        if number == 2:
            links.append(_decode_link(value))
        elif data is None:
            data = value
        else:
            raise ProofError("A dag-pb block holds its data twice.")
    return PbNode(tuple(links), data if data is not None else b"")


def field(number: int, content: bytes) -> bytes:
    """A protobuf field of bytes."""
    return bytes([number << 3 | _BYTES]) + encode_varint(len(content)) + content


def number_field(number: int, value: int) -> bytes:
    """A protobuf field of a number."""
    return bytes([number << 3 | _VARINT]) + encode_varint(value)


def fields(content: bytes, *, what: str) -> list[tuple[int, bytes | int]]:
    """The fields of a protobuf message in their order.

    Raises:
        ProofError: it is none, or has fields of kinds that none of these messages has.
    """
    found: list[tuple[int, bytes | int]] = []
    at = 0
    while at < len(content):
        key, at = read_varint(content, at, what=what)
        value, at = read_varint(content, at, what=what)
        if key & 7 == _VARINT:
            found.append((key >> 3, value))
        elif key & 7 == _BYTES and at + value <= len(content):
            found.append((key >> 3, content[at : at + value]))
            at += value
        else:
            raise ProofError(f"The {what} is malformed at byte {at}.")
    return found


def _encode_link(link: PbLink) -> bytes:
    named = field(1, link.cid.binary) + field(2, link.name.encode())
    return named + number_field(3, link.dag_bytes)


def _decode_link(content: bytes) -> PbLink:
    cid: Cid | None = None
    name, dag_bytes = "", 0
    for number, value in fields(content, what="link of a dag-pb block"):
        match number, value:
            case 1, bytes():
                cid, end = read_cid(value, 0)
                if end != len(value):
                    raise ProofError("A link of a dag-pb block has bytes behind its CID.")
            case 2, bytes():
                name = _text(value)
            case 3, int():
                dag_bytes = value
            case _:
                raise ProofError(f"A link holds a field {number} that it must not have.")
    if cid is None:
        raise ProofError("A link of a dag-pb block names no CID.")
    return PbLink(cid, name, dag_bytes)


def _text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise ProofError("A link of a dag-pb block has a name that is not UTF-8.") from None
