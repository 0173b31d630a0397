"""Files out of a tree of blocks that a stranger made: checked, counted, written out.

A tree may name the same block many times over, so that a small CAR file could stand for more bytes
and files than there is room for: everything is counted as it is followed. Cycles cannot be, since a
block would have to hold its own hash, but depth is limited all the same.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from souk.delivery.ipfs.settings import IpfsSettings
from souk.delivery.ipfs.spool import Spool
from souk.delivery.ipfs.store import BlockRow
from souk.kernel.paths import path_problem
from souk_client.proofs import ProofError
from souk_client.proofs.ipfs import (
    DAG_PB,
    Cid,
    FileHasher,
    PbLink,
    PbNode,
    UnixFs,
    UnixFsKind,
    decode_node,
    read_unixfs,
)
from souk_client.proofs.ipfs.cids import IDENTITY
from souk_client.proofs.ipfs.shards import FANOUT, LEVELS, PREFIX, name_hash
from souk_client.proofs.ipfs.unixfs import MURMUR3_X64_64

MAX_FILES: Final = 10_000
MAX_FOLDERS_DEEP: Final = 64
MAX_NODES_DEEP: Final = 32


class Unpacked(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was written out, with where each block of its tree is in it."""

    path: Path
    sha256: str
    size_bytes: int
    cid: str
    """As this marketplace makes it."""
    blocks: list[BlockRow]


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """What a tree holds."""

    files: list[tuple[str, Unpacked]]
    """By path; the path is empty when the root is a file."""
    directories: dict[bytes, bytes]


class Unpacker:
    """Takes one tree apart. Blocking: for a thread."""

    def __init__(self, spool: Spool, folder: Path, settings: IpfsSettings) -> None:
        self._spool = spool
        self._folder = folder
        self._settings = settings
        self._links = 0
        self._bytes = 0
        self._files: list[tuple[str, Unpacked]] = []
        self._written: dict[Cid, Unpacked] = {}
        self._directories: dict[bytes, bytes] = {}

    def unpack(self, root: Cid) -> Contents:
        """Everything below a root.

        Raises:
            ProofError: a block is missing or makes no sense, a name cannot be used, or there is
                too much of something.
        """
        self._entry(root, "", depth=0)
        if not self._files:
            raise ProofError("The CAR file holds no files.")
        paths = [path.casefold() for path, _ in self._files]
        if len({*paths}) != len(paths):
            raise ProofError("Two paths of the CAR file differ by nothing, or by case only.")
        return Contents(files=self._files, directories=self._directories)

    def _entry(self, cid: Cid, path: str, *, depth: int) -> None:
        self._count_link()
        if depth > MAX_FOLDERS_DEEP:
            raise ProofError(f"The CAR file has folders more than {MAX_FOLDERS_DEEP} deep.")
        if cid.codec == DAG_PB:
            block = self._spool.read(cid)
            node = decode_node(block)
            data = read_unixfs(node)
            if data.kind in {UnixFsKind.DIRECTORY, UnixFsKind.HAMT_SHARD}:
                if cid.hash_code == IDENTITY:
                    raise ProofError("A folder of the CAR file stands in its own name.")
                self._directories[cid.digest] = block
                for name, link in self._names(node, data, level=0):
                    below = f"{path}/{name}" if path else name
                    problem = "has a slash in a name" if "/" in name else path_problem(below)
                    if problem is not None:
                        raise ProofError(f"The path {below[:80]!r} {problem}.")
                    self._entry(link.cid, below, depth=depth + 1)
                return
        if len(self._files) >= MAX_FILES:
            raise ProofError(f"The CAR file holds more than {MAX_FILES} files.")
        self._files.append((path, self._file(cid)))

    def _names(self, node: PbNode, data: UnixFs, *, level: int) -> Iterator[tuple[str, PbLink]]:
        """The entries of a folder, those of its shards among them."""
        if data.kind == UnixFsKind.DIRECTORY:
            yield from ((link.name, link) for link in node.links)
            return
        if data.fanout != FANOUT or data.hash_code != MURMUR3_X64_64 or level >= LEVELS:
            raise ProofError("A folder of the CAR file is sharded in an unknown way.")
        for link in node.links:
            prefix, name = link.name[:PREFIX], link.name[PREFIX:]
            if name:
                if f"{name_hash(name)[level]:02X}" != prefix:
                    raise ProofError("A sharded folder of the CAR file has a name out of place.")
                yield name, link
                continue
            self._count_link()
            block = self._spool.read(link.cid)
            lower = decode_node(block)
            below = read_unixfs(lower)
            if below.kind != UnixFsKind.HAMT_SHARD or link.cid.hash_code == IDENTITY:
                raise ProofError("A sharded folder of the CAR file leads to what is no shard.")
            self._directories[link.cid.digest] = block
            yield from self._names(lower, below, level=level + 1)

    def _file(self, cid: Cid) -> Unpacked:
        """The file of this root; each is written once, however often it is named."""
        if cid not in self._written:
            path = self._folder / f"file-{len(self._written)}"
            rows: dict[bytes, tuple[int, int, bytes, bytes]] = {}
            hasher = FileHasher()
            with path.open("wb") as target:
                for piece in self._pieces(cid, rows, at=0, depth=0):
                    target.write(piece)
                    hasher.update(piece)
            self._written[cid] = Unpacked(
                path=path,
                sha256=hasher.sha256,
                size_bytes=hasher.size_bytes,
                cid=str(hasher.dag().root.cid),
                blocks=[
                    BlockRow(
                        digest=digest,
                        sha256=hasher.sha256,
                        start_byte=start,
                        range_bytes=length,
                        head=head,
                        tail=tail,
                    )
                    for digest, (start, length, head, tail) in rows.items()
                ],
            )
        return self._written[cid]

    def _pieces(
        self, cid: Cid, rows: dict[bytes, tuple[int, int, bytes, bytes]], *, at: int, depth: int
    ) -> Iterator[bytes]:
        """The bytes below a node in order; notes where each block is."""
        if depth > MAX_NODES_DEEP:
            raise ProofError(f"A file of the CAR file has nodes more than {MAX_NODES_DEEP} deep.")
        block = self._spool.read(cid)
        node, data = PbNode((), b""), UnixFs(UnixFsKind.RAW, inline=block)
        if cid.codec == DAG_PB:
            node = decode_node(block)
            data = read_unixfs(node)
            if not data.is_file:
                raise ProofError(f"The CAR file holds a {data.kind.name.lower()}, not just files.")
        if cid.hash_code != IDENTITY:
            before = block.index(data.inline)
            after = before + len(data.inline)
            own = (at, len(data.inline), block[:before], block[after:])
            if not data.inline:
                own = (0, 0, block, b"")
            rows.setdefault(cid.digest, own)
        self._count_bytes(len(data.inline))
        yield data.inline
        at += len(data.inline)
        for link, size in zip(node.links, data.block_sizes, strict=True):
            self._count_link()
            there = 0
            for piece in self._pieces(link.cid, rows, at=at, depth=depth + 1):
                there += len(piece)
                yield piece
            if there != size:
                raise ProofError("A node of a file says a length that its parts do not have.")
            at += size

    def _count_link(self) -> None:
        self._links += 1
        if self._links > self._settings.max_import_blocks:
            raise ProofError(
                f"The CAR file names more than {self._settings.max_import_blocks} blocks, "
                "counting each as often as it is named."
            )

    def _count_bytes(self, count: int) -> None:
        self._bytes += count
        if self._bytes > self._settings.max_import_bytes:
            raise ProofError(
                f"The files of the CAR file have more than {self._settings.max_import_bytes} "
                "bytes together."
            )
