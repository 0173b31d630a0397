"""What hf_xet itself sends and fetches, byte for byte."""

import hashlib
import random
from pathlib import Path

import pytest

from souk.apps.container import Container
from souk.infra.postgres.scope import SYSTEM
from tests.delivery.xet.clients import ClientFailed, HfXet, Publisher
from tests.market import refused

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
            artifact = await inside.xet.xet.artifact_of(uow, ada.actor, sha256)
        assert artifact is not None
        assert artifact.size_bytes == len(content)
        assert await read(inside, sha256) == content
        back = hf.download(token, tmp_path / f"back-{number}", item.hash, len(content))
        assert back == content
