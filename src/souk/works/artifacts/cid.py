"""CIDv1 of a file as UnixFS, by the rules that clients have too (`souk_client.proofs.ipfs`)."""

import hashlib
from collections.abc import Sequence

from souk_client.proofs.ipfs import CHUNK_BYTES, file_dag

__all__ = ["CHUNK_BYTES", "cid_of", "cid_of_chunks"]


def cid_of_chunks(digests: Sequence[bytes], size_bytes: int) -> str:
    """The CID of a file of `size_bytes`.

    Args:
        digests: the sha256 of each MiB of it in order (of nothing, for an empty file).
    """
    return str(file_dag(digests, size_bytes).root.cid)


def cid_of(content: bytes) -> str:
    """The CID of a small file that is in memory."""
    view = memoryview(content)
    chunks = [view[at : at + CHUNK_BYTES] for at in range(0, len(view), CHUNK_BYTES)] or [view]
    return cid_of_chunks([hashlib.sha256(chunk).digest() for chunk in chunks], len(content))
