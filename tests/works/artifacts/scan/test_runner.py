"""The scan runs where it can do no harm: in a child with limits, that is killed when it hangs."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from obstore.store import MemoryStore

from souk.infra.blobs.settings import BlobSettings
from souk.infra.blobs.store import BlobStore, open_blobs
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM, scope_of
from souk.kernel.actor import Actor
from souk.kernel.errors import Conflict, Forbidden, NotFound
from souk.works.artifacts.scan.feeding import Fed
from souk.works.artifacts.scan.runner import scan_in_child, scan_together
from souk.works.artifacts.scan.workflow import ScanService
from souk.works.artifacts.service import ArtifactService
from souk.works.artifacts.settings import ArtifactSettings
from souk.works.artifacts.staging import StagingArea
from souk.works.artifacts.uploads import UploadService
from tests.works.artifacts.scan import samples
from tests.works.artifacts.senders import read_all, store_file
from tests.works.conftest import SMALL_PARTS, Shelf

NORMAL = ArtifactSettings()


async def test_a_file_is_looked_at_in_another_process(tmp_path: Path) -> None:
    path = tmp_path / "content"
    path.write_bytes(samples.safetensors_file())
    finding = await scan_in_child(path, name="m.safetensors", settings=NORMAL)
    assert finding.state == "clean"
    assert finding.facts["parameters"] == 17


async def test_every_format_can_be_checked_within_the_limits(tmp_path: Path) -> None:
    files = {
        "m.onnx": samples.onnx_model(),
        "m.gguf": samples.gguf_file(tmp_path),
        "m.parquet": samples.parquet_file(),
        "m.pkl": samples.pickled(samples.PLAIN),
        "m.pt": samples.torch_zip(samples.pickled(samples.PLAIN)),
    }
    for name, content in files.items():
        path = tmp_path / name
        path.write_bytes(content)
        finding = await scan_in_child(path, name=name, settings=NORMAL)
        assert finding.state == "clean", (name, finding.reasons)


async def test_every_format_can_be_checked_where_the_file_lies_in_pieces(tmp_path: Path) -> None:
    files = {
        "m.safetensors": samples.safetensors_file(),
        "m.onnx": samples.onnx_model(),
        "m.gguf": samples.gguf_file(tmp_path),
        "m.parquet": samples.parquet_file(),
        "m.pt": samples.torch_zip(samples.pickled(samples.PLAIN)),
        "m.bin": bytes(3 * 2**20 + 5),
        "m.txt": b"",
    }
    for name, content in files.items():
        path = tmp_path / name
        path.write_bytes(content)
        fed = await scan_in_child(in_pieces(content), name=name, settings=NORMAL)
        assert fed == await scan_in_child(path, name=name, settings=NORMAL)


async def test_pieces_that_cannot_be_read_are_no_fault_of_the_file() -> None:
    async def read(start: int, end: int) -> AsyncIterator[bytes]:
        yield bytes(min(10, end - start))
        raise FileNotFoundError("a disk is away")

    with pytest.raises(FileNotFoundError):
        await scan_in_child(Fed(2**20, read), name="m.bin", settings=NORMAL)


def in_pieces(content: bytes) -> Fed:
    async def read(start: int, end: int) -> AsyncIterator[bytes]:
        for at in range(start, end, 70_000):
            yield content[at : min(at + 70_000, end)]

    return Fed(len(content), read)


async def test_many_small_files_are_looked_at_together(tmp_path: Path) -> None:
    contents = {
        "a.txt": b"words",
        "b.7z": b"7z\xbc\xaf\x27\x1c" + bytes(40),
        "c.npy": b"\x93NUMPY",
        "d.json": b"{}",
        "e.zip": b"PK\x03\x04",
    }
    files = []
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        files.append((tmp_path / name, name))
    together = await scan_together(files, settings=NORMAL)
    alone = [await scan_in_child(path, name=name, settings=NORMAL) for path, name in files]
    assert together == alone
    assert {finding.state for finding in together} == {"clean", "quarantined"}


async def test_a_file_that_kills_the_scan_is_alone_quarantined(tmp_path: Path) -> None:
    (tmp_path / "good.txt").write_bytes(b"words")
    with (tmp_path / "m.onnx").open("wb") as file:
        file.truncate(400 * 2**20)
    names = ["good.txt", "m.onnx", "good.txt"]
    findings = await scan_together(
        [(tmp_path / name, name) for name in names],
        settings=ArtifactSettings(scan_memory_bytes=256 * 2**20),
    )
    assert [finding.state for finding in findings] == ["clean", "quarantined", "clean"]


async def test_a_scan_that_takes_too_long_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    started = time.monotonic()
    finding = await scan_in_child(path, name="m.bin", settings=ArtifactSettings(scan_timeout_s=0.5))
    assert finding.state == "quarantined"
    assert "longer than" in finding.reasons[0]
    assert time.monotonic() - started < 60


async def test_a_scan_that_eats_memory_is_stopped(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    with path.open("wb") as file:
        file.truncate(400 * 2**20)
    finding = await scan_in_child(
        path, name="m.onnx", settings=ArtifactSettings(scan_memory_bytes=256 * 2**20)
    )
    assert finding.state == "quarantined"


async def test_the_child_sees_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOUK_SECRET", "a secret")
    path = tmp_path / "pipe"
    os.mkfifo(path)
    running = asyncio.create_task(
        scan_in_child(path, name="m", settings=ArtifactSettings(scan_timeout_s=3))
    )
    await asyncio.sleep(0.3)
    seen = await asyncio.to_thread(environments_of, str(path).encode())
    assert seen
    assert not any(b"SOUK" in environ for environ in seen)
    await running


def environments_of(argument: bytes) -> list[bytes]:
    """The environments of the processes that have this argument."""
    return [
        environ.read_bytes()
        for environ in Path("/proc").glob("[0-9]*/environ")
        if argument in read_quietly(environ.parent / "cmdline")
    ]


def read_quietly(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


class TestArtifactsOfADatabase:
    pytestmark = pytest.mark.database

    async def test_a_finding_is_written_once_with_its_event(
        self, shelf: Shelf, database: Database, seller: Actor, tmp_path: Path
    ) -> None:
        trace = tmp_path / os.urandom(4).hex()
        bad = samples.pickled(samples.RunsCode(trace))
        artifact = await store_file(shelf, database, seller, bad, filename="m.pkl")
        scans = scan_service(database, tmp_path)

        await scans.scan(artifact.sha256, name="m.pkl")
        await scans.scan(artifact.sha256, name="m.pkl")

        async with database.transaction(scope_of(seller)) as uow:
            scanned = (await shelf.artifacts.get(uow, artifact.sha256)).scan
        assert scanned.state == "quarantined"
        assert "system" in scanned.reasons[0]
        assert await events_about(database, artifact.sha256) == [
            "works.artifact_stored",
            "works.artifact_scanned",
        ]
        assert not trace.exists()

    async def test_bytes_in_an_object_store_are_scanned_from_a_copy(
        self, database: Database, seller: Actor, tmp_path: Path
    ) -> None:
        blobs = BlobStore(MemoryStore(), folder=None)
        staging = StagingArea(tmp_path / "uploads")
        shelf = Shelf(
            uploads=UploadService(database, blobs, staging=staging, settings=SMALL_PARTS),
            artifacts=ArtifactService(blobs),
            staging=staging,
            blobs=blobs,
            folder=tmp_path,
        )
        content = os.urandom(2**21 + 5)
        artifact = await store_file(shelf, database, seller, content)
        finding = await ScanService(database, blobs, settings=NORMAL).scan(
            artifact.sha256, name="m.bin"
        )
        assert finding.state == "clean"
        assert await read_all(shelf, artifact.sha256) == content
        assert not staging.upload_ids()

    async def test_only_moderators_release_from_quarantine_and_the_reason_is_kept(
        self, shelf: Shelf, database: Database, seller: Actor, admin: Actor, tmp_path: Path
    ) -> None:
        bad = samples.pickled(samples.RunsCode(tmp_path / os.urandom(4).hex()))
        artifact = await store_file(shelf, database, seller, bad, filename="m.pkl")
        await scan_service(database, tmp_path).scan(artifact.sha256, name="m.pkl")

        async with database.transaction(scope_of(seller)) as uow:
            with pytest.raises(Forbidden):
                await shelf.artifacts.release(uow, seller, artifact.sha256, reason="I say so")
            with pytest.raises(Forbidden):
                await shelf.artifacts.quarantine(uow, seller, cursor=None, limit=10)
        async with database.transaction(scope_of(admin)) as uow:
            page = await shelf.artifacts.quarantine(uow, admin, cursor=None, limit=100)
            assert artifact.sha256 in [item.sha256 for item in page.items]
            released = await shelf.artifacts.release(
                uow, admin, artifact.sha256, reason="read by hand"
            )
            assert released.scan.state == "clean"
            with pytest.raises(Conflict):
                await shelf.artifacts.release(uow, admin, artifact.sha256, reason="again")
            with pytest.raises(NotFound):
                await shelf.artifacts.release(uow, admin, "0" * 64, reason="nothing there")
        assert (await events_about(database, artifact.sha256))[-1] == "works.artifact_released"


def scan_service(database: Database, folder: Path) -> ScanService:
    blobs = open_blobs(BlobSettings(), data_path=folder)
    return ScanService(database, blobs, settings=NORMAL)


async def events_about(database: Database, sha256: str) -> list[str]:
    async with database.transaction(SYSTEM) as uow:
        return await uow.values(
            "SELECT topic FROM infra.events WHERE payload->>'sha256' = %(sha256)s ORDER BY id",
            sha256=sha256,
        )
