"""What hf_xet itself sends and fetches, byte for byte."""

import hashlib
import random
from pathlib import Path

import pytest

from souk.apps.container import Container
from souk.infra.postgres.scope import SYSTEM
from tests.delivery.xet.clients import ClientFailed, HfXet, Publisher

MIB = 2**20


def contents() -> list[bytes]:
    """Files that differ in size and in how well they compress."""
    rng = random.Random(7)
    floats = b"".join(rng.randbytes(2) + b"\x80\x3f" for _ in range(200_000))
    return [
        b"one line\n",
        rng.randbytes(8 * 1024),
        bytes(300_000),
        floats,
        b"".join(b"%d,%d\n" % (n, n * n) for n in range(60_000)),
        rng.randbytes(3 * MIB + 17),
    ]


def write_all(folder: Path, files: list[bytes]) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"file-{number}.bin" for number in range(len(files))]
    for path, content in zip(paths, files, strict=True):
        path.write_bytes(content)
    return paths


async def read(inside: Container, sha256: str, *, start: int = 0, end: int | None = None) -> bytes:
    parts = [part async for part in inside.works.artifacts.open(sha256, start=start, end=end)]
    return b"".join(parts)


async def test_files_sent_by_the_client_come_back_by_xet_and_plainly(
    inside: Container, ada: Publisher, hf: HfXet, tmp_path: Path
) -> None:
    files = contents()
    sent = hf.upload(await ada.token("write"), *write_all(tmp_path / "in", files))
    token = await ada.token("read")
    for number, (content, item) in enumerate(zip(files, sent, strict=True)):
        sha256 = hashlib.sha256(content).hexdigest()
        async with inside.core.database.transaction(SYSTEM, read_only=True) as uow:
            assert await inside.xet.xet.file_hash(uow, sha256) == item.hash
            artifact = (await inside.xet.xet.artifacts_of(uow, ada.actor, [sha256])).get(sha256)
        assert artifact is not None
        assert artifact.size_bytes == len(content)
        assert await read(inside, sha256) == content
        back = hf.download(token, tmp_path / f"back-{number}", item.hash, len(content))
        assert back == content


async def stored_bytes(inside: Container) -> int:
    """What all xorbs with bytes of their own take."""
    async with inside.core.database.transaction(SYSTEM, read_only=True) as uow:
        return int(
            await uow.value(
                "SELECT coalesce(sum(stored_bytes), 0) FROM xet.xorbs WHERE source_sha256 IS NULL"
            )
        )


@pytest.mark.parametrize("remembers", [True, False])
async def test_a_second_version_costs_what_changed(
    inside: Container, ada: Publisher, hf: HfXet, tmp_path: Path, remembers: bool
) -> None:
    first = random.Random(f"model {remembers}").randbytes(16 * MIB)
    changed = bytearray(first)
    at = 7 * MIB + 12_345
    changed[at : at + len(first) // 100] = random.Random(2).randbytes(len(first) // 100)
    second = bytes(changed[:MIB]) + b"inserted" + bytes(changed[MIB:])
    hf.upload(await ada.token("write"), *write_all(tmp_path / "first", [first]))
    before = await stored_bytes(inside)
    client = hf if remembers else HfXet(tmp_path / "another computer")
    (sent,) = client.upload(await ada.token("write"), *write_all(tmp_path / "second", [second]))
    assert await stored_bytes(inside) - before < 0.05 * len(second)
    assert await read(inside, hashlib.sha256(second).hexdigest()) == second
    token = await ada.token("read")
    assert client.download(token, tmp_path / "back", sent.hash, len(second)) == second


async def test_a_file_of_several_xorbs_comes_back(
    inside: Container, ada: Publisher, hf: HfXet, tmp_path: Path
) -> None:
    content = random.Random("several").randbytes(66 * MIB)  # the first is as long as one may be
    (sent,) = hf.upload(await ada.token("write"), *write_all(tmp_path / "in", [content]))
    sha256 = hashlib.sha256(content).hexdigest()
    span = slice(63 * MIB, 65 * MIB + 1)
    assert await read(inside, sha256, start=span.start, end=span.stop) == content[span]
    token = await ada.token("read")
    assert hf.download(token, tmp_path / "back", sent.hash, len(content)) == content


async def test_a_plain_upload_is_read_by_xet_without_a_copy(
    inside: Container, ada: Publisher, hf: HfXet, tmp_path: Path
) -> None:
    content = random.Random("plain").randbytes(2 * MIB + 5)
    (path,) = write_all(tmp_path / "in", [content])
    artifact = ada.client.upload_file(path)
    before = await stored_bytes(inside)
    file_hash = await inside.xet.viewer.make_readable(artifact.sha256)
    assert file_hash is not None
    assert await inside.xet.viewer.make_readable(artifact.sha256) == file_hash
    token = await ada.token("read")
    assert hf.download(token, tmp_path / "back", file_hash, len(content)) == content
    longer = content + b"more"
    (sent,) = HfXet(tmp_path / "other").upload(
        await ada.token("write"), *write_all(tmp_path / "next", [longer])
    )
    assert await stored_bytes(inside) - before < 0.1 * len(content)
    assert hf.download(token, tmp_path / "back-2", sent.hash, len(longer)) == longer


async def test_what_a_stranger_holds_is_neither_read_nor_built_on(
    inside: Container, ada: Publisher, bob: Publisher, hf: HfXet, tmp_path: Path
) -> None:
    content = random.Random("private").randbytes(MIB)
    paths = write_all(tmp_path / "in", [content])
    (sent,) = hf.upload(await ada.token("write"), *paths)
    with pytest.raises(ClientFailed):
        hf.download(await bob.token("read"), tmp_path / "stolen", sent.hash, len(content))
    before = await stored_bytes(inside)
    # A client that remembers what was sent for Ada builds on it for Bob, and is told what to do.
    with pytest.raises(ClientFailed, match=r"xorb_unknown|400"):
        hf.upload(await bob.token("write"), *paths)
    # With a memory of its own it sends everything, which is then stored once.
    other = HfXet(tmp_path / "bob")
    other.upload(await bob.token("write"), *paths)
    assert await stored_bytes(inside) == before
    assert other.download(await bob.token("read"), tmp_path / "own", sent.hash, MIB) == content
