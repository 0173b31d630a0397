"""UnixFS: what the data of a dag-pb node says. Source: the IPFS project's UnixFS specification."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from souk_client.proofs.errors import ProofError
from souk_client.proofs.ipfs.dagpb import PbNode, field, fields, number_field
from souk_client.proofs.ipfs.varint import read_varint

MURMUR3_X64_64: Final = 0x22


class UnixFsKind(IntEnum):
    """What a node is."""

    RAW = 0
    DIRECTORY = 1
    FILE = 2
    METADATA = 3
    SYMLINK = 4
    HAMT_SHARD = 5


@dataclass(frozen=True, slots=True)
class UnixFs:
    """The data of a node."""

    kind: UnixFsKind
    inline: bytes = b""
    """Bytes of the file that stand before those of the links; of a shard its bit field."""
    file_bytes: int | None = None
    block_sizes: tuple[int, ...] = ()
    """How much of the file is below each link."""
    hash_code: int | None = None
    fanout: int | None = None

    @property
    def is_file(self) -> bool:
        return self.kind in {UnixFsKind.RAW, UnixFsKind.FILE}

    def encoded(self) -> bytes:
        """As it stands in a node."""
        parts = [number_field(1, self.kind)]
        if self.inline:
            parts.append(field(2, self.inline))
        if self.file_bytes is not None:
            parts.append(number_field(3, self.file_bytes))
        parts += [number_field(4, size) for size in self.block_sizes]
        if self.hash_code is not None:
            parts.append(number_field(5, self.hash_code))
        if self.fanout is not None:
            parts.append(number_field(6, self.fanout))
        return b"".join(parts)


def read_unixfs(node: PbNode) -> UnixFs:
    """What a node says it is.

    Raises:
        ProofError: it is not UnixFS, or a file whose sizes do not fit its links.
    """
    found: dict[int, int] = {}
    inline, sizes = b"", []
    for number, value in fields(node.data, what="UnixFS data"):
        if number == 2 and isinstance(value, bytes):
            inline = value
        elif number == 4:
            sizes += [value] if isinstance(value, int) else _packed(value)
        elif isinstance(value, int):
            found[number] = value
        elif number != 8:  # the time of the last change is a message of its own; nobody needs it
            raise ProofError(f"The UnixFS data holds a field {number} that it must not have.")
    if found.get(1) not in {kind.value for kind in UnixFsKind}:
        raise ProofError("A dag-pb block is not UnixFS: it does not say what it is.")
    read = UnixFs(
        kind=UnixFsKind(found[1]),
        inline=inline,
        file_bytes=found.get(3),
        block_sizes=tuple(sizes),
        hash_code=found.get(5),
        fanout=found.get(6),
    )
    if read.is_file:
        _check_sizes(read, links=len(node.links))
    return read


def _check_sizes(read: UnixFs, *, links: int) -> None:
    if len(read.block_sizes) != links:
        raise ProofError("A node of a file does not say how long each of its parts is.")
    whole = len(read.inline) + sum(read.block_sizes)
    if read.file_bytes is not None and read.file_bytes != whole:
        raise ProofError(f"A node of a file says {read.file_bytes} bytes; its parts have {whole}.")


def _packed(content: bytes) -> list[int]:
    values, at = [], 0
    while at < len(content):
        value, at = read_varint(content, at, what="UnixFS data")
        values.append(value)
    return values
