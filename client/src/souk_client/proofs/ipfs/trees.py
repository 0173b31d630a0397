"""The tree of a directory: paths and the roots of their files, folders within folders.

A folder whose block would pass 256 KiB is sharded (`shards`), as the profile wants it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from souk_client.proofs.errors import ProofError
from souk_client.proofs.ipfs.cids import Cid, node_cid
from souk_client.proofs.ipfs.dagpb import PbLink, PbNode, encode_node
from souk_client.proofs.ipfs.shards import sharded
from souk_client.proofs.ipfs.unixfs import UnixFs, UnixFsKind

SHARDED_PAST_BYTES: Final = 256 * 2**10
MAX_DEPTH: Final = 256


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder as those above it see it."""

    cid: Cid
    dag_bytes: int
    """How large all its blocks are together."""
    file_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Dag:
    """A root and the blocks of its inner nodes, children before parents."""

    root: Entry
    blocks: list[bytes]


def directory_dag(files: Iterable[tuple[str, Entry]]) -> Dag:
    """The tree of these files.

    Args:
        files: relative paths with `/` between their parts, each once, none below another file.

    Raises:
        ProofError: a path is there twice, lies below a file, or is too deep.
    """
    root: _Folder = {}
    for path, entry in files:
        *above, name = path.split("/")
        if len(above) >= MAX_DEPTH:
            raise ProofError(f"{path[:80]!r} lies deeper than {MAX_DEPTH} folders.")
        folder = root
        for part in above:
            below = folder.setdefault(part, {})
            if not isinstance(below, dict):
                raise ProofError(f"{path[:80]!r} lies below a file.")
            folder = below
        if folder.setdefault(name, entry) is not entry:
            raise ProofError(f"{path[:80]!r} is there twice.")
    blocks: list[bytes] = []
    return Dag(_folder(root, blocks), blocks)


_Folder = dict[str, "Entry | _Folder"]


def _folder(folder: _Folder, blocks: list[bytes]) -> Entry:
    links = []
    for name in sorted(folder, key=str.encode):
        inner = folder[name]
        entry = _folder(inner, blocks) if isinstance(inner, dict) else inner
        links.append(PbLink(entry.cid, name, entry.dag_bytes))
    return _linked(links, blocks)


def _linked(links: Sequence[PbLink], blocks: list[bytes]) -> Entry:
    block = encode_node(PbNode(tuple(links), UnixFs(UnixFsKind.DIRECTORY).encoded()))
    if len(block) > SHARDED_PAST_BYTES:
        link, shards = sharded(links)
        blocks += shards
        return Entry(link.cid, link.dag_bytes)
    blocks.append(block)
    return Entry(node_cid(block), len(block) + sum(link.dag_bytes for link in links))
