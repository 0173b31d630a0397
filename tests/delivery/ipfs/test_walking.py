"""Walking trees of any shape: what is sent proves itself, is enough, and holds nothing else."""

import hashlib
from collections.abc import AsyncIterator, Collection

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from souk.delivery.ipfs.blocks import Blocks
from souk.delivery.ipfs.errors import PathUnknown
from souk.delivery.ipfs.model import ByteSpan, DagScope
from souk.delivery.ipfs.pieces import cut
from souk.delivery.ipfs.store import BlockRow
from souk.delivery.ipfs.walking import Walker
from souk_client.proofs.ipfs import Cid, Dag, Entry, PbLink, PbNode, UnixFs, UnixFsKind
from souk_client.proofs.ipfs.cids import node_cid, raw_cid
from souk_client.proofs.ipfs.dagpb import encode_node
from souk_client.proofs.ipfs.trees import directory_dag
from tests.delivery.ipfs.checker import files_below

CHUNK = 4


class Kept(Blocks):
    """Blocks of files that are in memory, in the tables' own form."""

    def __init__(self) -> None:
        self.rows: dict[bytes, BlockRow] = {}
        self.contents: dict[str, bytes] = {}
        self._artifacts = self  # type: ignore[assignment]  # it opens what it holds

    async def find(self, digests: Collection[bytes]) -> dict[bytes, BlockRow]:
        return {digest: self.rows[digest] for digest in digests if digest in self.rows}

    async def open(
        self, sha256: str, *, start: int = 0, end: int | None = None
    ) -> AsyncIterator[bytes]:
        content = self.contents[sha256][start:end]
        for at in range(0, len(content), 3):
            yield content[at : at + 3]

    def add_node(self, block: bytes) -> Cid:
        cid = node_cid(block)
        self.rows.setdefault(cid.digest, BlockRow(digest=cid.digest, sha256="", head=block))
        return cid

    def add_folder(self, dag: Dag) -> Cid:
        for block in dag.blocks:
            self.add_node(block)
        return dag.root.cid

    def add_file(self, content: bytes, *, width: int) -> Entry:
        """A file in chunks of 4 bytes below nodes of `width` links."""
        sha256 = hashlib.sha256(content).hexdigest()
        self.contents[sha256] = content
        level: list[tuple[Cid, int]] = []
        for at in range(0, len(content), CHUNK) or [0]:
            leaf = content[at : at + CHUNK]
            cid = raw_cid(hashlib.sha256(leaf).digest())
            row = BlockRow(digest=cid.digest, sha256=sha256, start_byte=at, range_bytes=len(leaf))
            self.rows.setdefault(cid.digest, row)
            level.append((cid, len(leaf)))
        while len(level) > 1:
            groups = [level[at : at + width] for at in range(0, len(level), width)]
            level = [(self._parent(group), sum(size for _, size in group)) for group in groups]
        return Entry(level[0][0], dag_bytes=len(content), file_bytes=len(content))

    def _parent(self, group: list[tuple[Cid, int]]) -> Cid:
        sizes = tuple(size for _, size in group)
        data = UnixFs(UnixFsKind.FILE, file_bytes=sum(sizes), block_sizes=sizes).encoded()
        return self.add_node(encode_node(PbNode(tuple(PbLink(cid) for cid, _ in group), data)))


async def walked(
    kept: Kept,
    root: Cid,
    path: str = "",
    *,
    scope: DagScope = "all",
    span: ByteSpan | None = None,
    duplicates: bool = False,
) -> list[tuple[str, bytes]]:
    walker = Walker(kept)
    way = await walker.resolve(root, [part for part in path.split("/") if part])
    return [
        (str(cid), block)
        async for cid, block in walker.walk(way, scope=scope, span=span, duplicates=duplicates)
    ]


bodies = st.binary(max_size=60) | st.text("ab", max_size=80).map(str.encode)
names = st.text("abcä", min_size=1, max_size=3)
trees = st.dictionaries(st.lists(names, min_size=1, max_size=3).map("/".join), bodies, min_size=1)


def folder_of(kept: Kept, files: dict[str, bytes]) -> tuple[Cid, dict[str, bytes]]:
    clear = {
        path: body
        for path, body in files.items()
        if not any(other.startswith(path + "/") for other in files)
    }
    entries = [(path, kept.add_file(body, width=3)) for path, body in clear.items()]
    return kept.add_folder(directory_dag(entries)), clear


@settings(deadline=None, max_examples=25)
@given(trees, st.booleans())
async def test_a_whole_tree_is_its_files(files: dict[str, bytes], duplicates: bool) -> None:
    kept = Kept()
    root, files = folder_of(kept, files)
    found = await walked(kept, root, duplicates=duplicates)
    assert found[0][0] == str(root)
    assert files_below(str(root), dict(found)) == files
    assert duplicates or len(found) == len(dict(found))
    for path, body in files.items():
        below = await walked(kept, root, path, duplicates=duplicates)
        end = below[path.count("/") + 1][0]
        assert files_below(end, dict(below)) == {"": body}


@settings(deadline=None, max_examples=120)
@given(
    bodies,
    st.integers(min_value=-90, max_value=90),
    st.none() | st.integers(min_value=-90, max_value=90),
    st.booleans(),
)
async def test_the_leaves_of_a_range_are_exactly_those_it_touches(
    body: bytes, first: int, last: int | None, duplicates: bool
) -> None:
    if first > 0 and first >= len(body):
        return
    kept = Kept()
    root = kept.add_file(body, width=3).cid
    found = await walked(
        kept, root, scope="entity", span=ByteSpan(first, last), duplicates=duplicates
    )
    start, end = ByteSpan(first, last).within(len(body))
    touched = [
        body[at : at + CHUNK]
        for at in range(0, len(body), CHUNK)
        if at < end and start < at + CHUNK and start < end
    ]
    leaves = [block for cid, block in found if cid.startswith("bafkrei")]
    if len(body) <= CHUNK:
        touched = [body]
    assert leaves == (touched if duplicates else list(dict.fromkeys(touched)))
    assert set(found) <= set(await walked(kept, root))


@settings(deadline=None, max_examples=60)
@given(bodies, st.integers(min_value=-90, max_value=90), st.none() | st.integers(-90, 90))
def test_a_range_is_what_a_slice_would_be(body: bytes, first: int, last: int | None) -> None:
    if first > 0 and first >= len(body):
        return
    start, end = ByteSpan(first, last).within(len(body))
    assert 0 <= start <= max(end, start) <= max(len(body), start)
    assert body[start:end] == (
        body[first:] if last in {None, -1} else body[first : (last or 0) + 1]
    )


async def test_a_sharded_folder_is_walked_and_searched() -> None:
    kept = Kept()
    files = {f"{number:05}{'x' * 230}": b"%d" % number for number in range(1000)}
    root, _ = folder_of(kept, files)
    shards = await walked(kept, root, scope="entity")
    assert len(shards) > 100 and all(cid.startswith("bafybei") for cid, _ in shards)
    assert files_below(str(root), dict(await walked(kept, root))) == files
    for name in list(files)[::200]:
        found = await walked(kept, root, name)
        assert found[-1][1] == files[name] and 2 <= len(found) <= 6
    assert len(await walked(kept, root, scope="block")) == 1
    for wrong in ("nothing", "0000", "F4", next(iter(files)) + "/x"):
        with pytest.raises(PathUnknown):
            await walked(kept, root, wrong)


async def test_the_deepest_folder_can_be_walked() -> None:
    kept = Kept()
    path = "/".join(["a"] * 250)
    root, files = folder_of(kept, {path: b"deep"})
    assert files_below(str(root), dict(await walked(kept, root))) == files
    assert (await walked(kept, root, path))[-1][1] == b"deep"


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.binary(min_size=1, max_size=7), max_size=10),
    st.lists(st.integers(min_value=0, max_value=9), max_size=10),
)
async def test_a_stream_is_cut_as_wanted(pieces: list[bytes], lengths: list[int]) -> None:
    async def stream() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    whole = b"".join(pieces)
    found = [piece async for piece in cut(stream(), lengths)]
    at = 0
    for piece, length in zip(found, lengths, strict=True):
        assert piece == whole[at : at + length]
        at += len(piece)
