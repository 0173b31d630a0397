"""Walking a tree: along a path, then depth first through as much of it as is asked for."""

from collections.abc import AsyncIterator, Sequence
from typing import Final

import msgspec

from souk.delivery.ipfs.blocks import Blocks, check_node
from souk.delivery.ipfs.errors import ContentGone, GatewayQuestion, PathUnknown
from souk.delivery.ipfs.model import ByteSpan, DagScope
from souk.delivery.ipfs.store import BlockRow
from souk_client.proofs import ProofError
from souk_client.proofs.ipfs import (
    DAG_PB,
    Cid,
    PbLink,
    PbNode,
    UnixFs,
    UnixFsKind,
    decode_node,
    read_unixfs,
)
from souk_client.proofs.ipfs.cids import IDENTITY
from souk_client.proofs.ipfs.shards import LEVELS, PREFIX, name_hash

TOGETHER: Final = 256
"""How many links are looked up with one query."""

_Wanted = tuple[PbLink, tuple[int, int] | None]
"""A link, and which bytes of its file are wanted; None is all."""


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """Where a path leads."""

    above: tuple[tuple[Cid, bytes], ...]
    """The blocks that prove it, from the root on; the one it leads to is not among them."""
    roots: tuple[Cid, ...]
    """The CID of each part of the path, from the root on."""

    @property
    def end(self) -> Cid:
        return self.roots[-1]


class Walker:
    """Follows links. Whoever may have a root may have all below it."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks

    async def resolve(self, root: Cid, parts: Sequence[str]) -> Way:
        """Where a path leads from a root.

        Raises:
            NotFound: `path_unknown`. Gone: `content_gone`. Damaged: `block_damaged`.
        """
        above: list[tuple[Cid, bytes]] = []
        roots = [root]
        for part in parts:
            link = await self._step(roots[-1], part, above)
            if link is None:
                raise PathUnknown(part)
            roots.append(link.cid)
        return Way(above=tuple(above), roots=tuple(roots))

    async def size(self, cid: Cid) -> int | None:
        """How long the file of this CID is; None when it is no file."""
        if cid.codec != DAG_PB:
            found = await self._blocks.find([cid.digest])
            return found[cid.digest].whole_bytes if cid.digest in found else None
        block = cid.digest if cid.hash_code == IDENTITY else await self._blocks.read(cid)
        _, data = _decoded(block)
        return len(data.inline) + sum(data.block_sizes) if data.is_file else None

    async def walk(
        self, way: Way, *, scope: DagScope, span: ByteSpan | None, duplicates: bool
    ) -> AsyncIterator[tuple[Cid, bytes]]:
        """The blocks of the way, then those below its end, depth first.

        Raises:
            Gone: `content_gone`. Damaged: `block_damaged`.
        """
        seen: set[bytes] | None = None if duplicates else set()
        for cid, block in way.above:
            if cid.hash_code != IDENTITY and _is_new(cid, seen):
                yield cid, block
        limits: tuple[int, int] | None = None
        if span is not None and (size := await self.size(way.end)) is not None:
            limits = span.within(size)
            scope = "block" if limits[0] == limits[1] else scope
        descent = _Descent(self._blocks, scope=scope, seen=seen)
        async for found in descent.below([(PbLink(way.end), limits)], is_top=True):
            yield found

    async def _step(self, cid: Cid, name: str, above: list[tuple[Cid, bytes]]) -> PbLink | None:
        """The link of this name in a directory; the blocks that show it join those above."""
        for level in range(LEVELS):
            if cid.codec != DAG_PB or cid.hash_code == IDENTITY:
                return None
            block = await self._blocks.read(cid)
            above.append((cid, block))
            node, data = _decoded(block)
            if data.kind == UnixFsKind.DIRECTORY:
                return next((link for link in node.links if link.name == name), None)
            if data.kind != UnixFsKind.HAMT_SHARD:
                return None
            place = f"{name_hash(name)[level]:02X}"
            link = next((one for one in node.links if one.name.startswith(place)), None)
            if link is None or link.name == place + name:
                return link
            if link.name != place:
                return None
            cid = link.cid
        return None


class _Descent:
    """Goes down below links, the blocks of each node's children looked up together."""

    def __init__(self, blocks: Blocks, *, scope: DagScope, seen: set[bytes] | None) -> None:
        self._blocks = blocks
        self._scope = scope
        self._seen = seen
        self._walked: set[bytes] = set()
        """Nodes below which everything was sent."""

    async def below(
        self, wanted: Sequence[_Wanted], *, is_top: bool = False
    ) -> AsyncIterator[tuple[Cid, bytes]]:
        """The blocks of these links and what is asked for below them."""
        for at in range(0, len(wanted), TOGETHER):
            group = wanted[at : at + TOGETHER]
            found = await self._blocks.find(
                [link.cid.digest for link, _ in group if link.cid.hash_code != IDENTITY]
            )
            leaves: list[tuple[Cid, BlockRow]] = []
            for link, limits in group:
                cid = link.cid
                if cid.hash_code == IDENTITY or cid.digest in self._walked:
                    continue
                if cid.digest not in found:
                    raise ContentGone("a file of it is kept back")
                if cid.codec != DAG_PB:
                    if _is_new(cid, self._seen):
                        leaves.append((cid, found[cid.digest]))
                    continue
                check_node(cid, found[cid.digest])
                async for leaf in self._blocks.stream(leaves):
                    yield leaf
                leaves = []
                async for inner in self._node(cid, found[cid.digest], limits, is_top=is_top):
                    yield inner
            async for leaf in self._blocks.stream(leaves):
                yield leaf

    async def _node(
        self, cid: Cid, row: BlockRow, limits: tuple[int, int] | None, *, is_top: bool
    ) -> AsyncIterator[tuple[Cid, bytes]]:
        async for _, block in self._blocks.stream([(cid, row)]):
            if _is_new(cid, self._seen):
                yield cid, block
            if self._seen is not None and limits is None:
                self._walked.add(cid.digest)
            lower = self._wanted(*_decoded(block), limits, is_top=is_top)
            if lower:
                async for inner in self.below(lower):
                    yield inner

    def _wanted(
        self, node: PbNode, data: UnixFs, limits: tuple[int, int] | None, *, is_top: bool
    ) -> list[_Wanted]:
        """Which of a node's links are followed, and for which bytes."""
        if self._scope == "block" and is_top:
            return []
        if not data.is_file:
            shards_only = self._scope != "all"
            is_shard = data.kind == UnixFsKind.HAMT_SHARD
            return [
                (link, None)
                for link in node.links
                if not shards_only or (is_shard and len(link.name) == PREFIX)
            ]
        if limits is None:
            return [(link, None) for link in node.links]
        chosen: list[_Wanted] = []
        at = len(data.inline)
        for link, size in zip(node.links, data.block_sizes, strict=True):
            if at < limits[1] and limits[0] < at + size:
                inside = max(0, limits[0] - at), min(size, limits[1] - at)
                chosen.append((link, None if inside == (0, size) else inside))
            at += size
        return chosen


def _decoded(block: bytes) -> tuple[PbNode, UnixFs]:
    """A node and what it says it is; a name may claim dag-pb of bytes that are not."""
    try:
        node = decode_node(block)
        return node, read_unixfs(node)
    except ProofError as error:
        raise GatewayQuestion(f"This CID says dag-pb, but its block is not: {error}") from None


def _is_new(cid: Cid, seen: set[bytes] | None) -> bool:
    """Whether a block is to be sent; without a set of those seen each is."""
    if seen is None:
        return True
    if cid.digest in seen:
        return False
    seen.add(cid.digest)
    return True
