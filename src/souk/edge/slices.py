"""How a file is cut into slices, and how each slice is checked without the others.

Home hashes every MiB of a file once and signs, in each ticket, a root over the list of these
hashes. A node takes the list and the slices from anybody (home, a peer, its own disk): what does
not fit the root or the hash is not served. A file of one slice needs no list: its name is its hash.
"""

import hashlib
from collections.abc import Iterator
from typing import Final

import msgspec

SLICE_BYTES: Final = 2**20
_KIND: Final = b"souk-slices-v1\0"
_DIGEST_BYTES: Final = 32


class SliceMismatch(Exception):
    """Bytes that are not those which home has signed."""


class Source(msgspec.Struct, frozen=True):
    """A file as its ticket names it."""

    sha256: str
    size_bytes: int
    root: str

    @property
    def slice_count(self) -> int:
        """At least one: an empty file is one empty slice."""
        return max(1, -(-self.size_bytes // SLICE_BYTES))

    def length_of(self, index: int) -> int:
        """How many bytes slice `index` has."""
        return min(SLICE_BYTES, self.size_bytes - index * SLICE_BYTES)


class SliceList(msgspec.Struct, frozen=True):
    """The sha256 of every slice of a file, end to end."""

    digests: bytes

    def check(self, index: int, content: bytes) -> None:
        """Raises SliceMismatch when these are not the bytes of slice `index`."""
        at = index * _DIGEST_BYTES
        if hashlib.sha256(content).digest() != self.digests[at : at + _DIGEST_BYTES]:
            raise SliceMismatch(f"slice {index} has another hash")


def root_of(digests: bytes, size_bytes: int) -> str:
    """What is signed for a list of slice hashes."""
    return hashlib.sha256(_KIND + size_bytes.to_bytes(8) + digests).hexdigest()


def single(source: Source) -> SliceList | None:
    """The list of a file that is one slice; None for a longer one."""
    return SliceList(bytes.fromhex(source.sha256)) if source.slice_count == 1 else None


def checked_list(source: Source, digests: bytes) -> SliceList:
    """The list, once it is known to be the signed one.

    Raises:
        SliceMismatch: it is not.
    """
    fits = len(digests) == source.slice_count * _DIGEST_BYTES
    if not fits or root_of(digests, source.size_bytes) != source.root:
        raise SliceMismatch("the list of slice hashes is not the signed one")
    return SliceList(digests)


class Cut(msgspec.Struct, frozen=True):
    """What is wanted of one slice: its bytes from `start` up to `end`."""

    index: int
    start: int
    end: int


def cuts(start: int, end: int) -> Iterator[Cut]:
    """The pieces of slices that make up the bytes from `start` up to `end` of a file."""
    at = start
    while at < end:
        index, offset = divmod(at, SLICE_BYTES)
        until = min(end, (index + 1) * SLICE_BYTES)
        yield Cut(index, offset, until - index * SLICE_BYTES)
        at = until
