"""The blob store keeps what it is given, and reads any range of it."""

import os
from pathlib import Path

import pytest
from obstore.store import MemoryStore

from souk.infra.blobs.settings import BlobSettings
from souk.infra.blobs.store import CHUNK_BYTES, BlobStore, open_blobs


@pytest.fixture(params=["disk", "object store"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    if request.param == "disk":
        return open_blobs(BlobSettings(), data_path=tmp_path)
    return BlobStore(MemoryStore(), folder=None)


async def read(blobs: BlobStore, name: str, start: int, end: int) -> bytes:
    return b"".join([chunk async for chunk in blobs.read(name, start=start, end=end)])


async def test_takes_a_file_over_and_gives_every_range(blobs: BlobStore, tmp_path: Path) -> None:
    content = os.urandom(3 * CHUNK_BYTES + 17)
    source = tmp_path / "staged"
    source.write_bytes(content)

    await blobs.put_file("ab/cd/abcd", source)

    assert not source.exists()
    assert await blobs.size("ab/cd/abcd") == len(content)
    assert await read(blobs, "ab/cd/abcd", 0, len(content)) == content
    middle = (CHUNK_BYTES - 3, 2 * CHUNK_BYTES + 5)
    assert await read(blobs, "ab/cd/abcd", *middle) == content[slice(*middle)]
    assert await blobs.get("ab/cd/abcd", start=middle[0], end=middle[1]) == content[slice(*middle)]
    assert await read(blobs, "ab/cd/abcd", 5, 5) == b""


async def test_yields_no_chunk_above_its_limit(blobs: BlobStore, tmp_path: Path) -> None:
    source = tmp_path / "staged"
    source.write_bytes(bytes(2 * CHUNK_BYTES + 1))
    await blobs.put_file("x", source)

    sizes = [len(c) async for c in blobs.read("x", start=0, end=2 * CHUNK_BYTES + 1)]

    assert max(sizes) <= CHUNK_BYTES
    assert sum(sizes) == 2 * CHUNK_BYTES + 1


async def test_keeps_an_empty_file(blobs: BlobStore, tmp_path: Path) -> None:
    source = tmp_path / "staged"
    source.touch()
    await blobs.put_file("empty", source)
    assert await blobs.size("empty") == 0


async def test_knows_what_it_does_not_have(blobs: BlobStore) -> None:
    assert await blobs.size("nothing") is None
    with pytest.raises(FileNotFoundError):
        await read(blobs, "nothing", 0, 10)
    with pytest.raises(FileNotFoundError):
        await blobs.get("nothing", start=0, end=10)
