"""Uploads where new blobs are encrypted: no plaintext on the disk, at any moment."""

import random
from pathlib import Path

import pytest

from souk.infra.blobs.store import BlobStore
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.kernel.actor import Actor
from souk.kernel.errors import Conflict, Damaged, Invalid
from souk.works.artifacts.cid import cid_of
from souk.works.artifacts.intake import Intake
from souk.works.artifacts.model import blob_name
from souk.works.artifacts.scan.workflow import ScanService
from tests.works.artifacts.senders import (
    MIB,
    begin,
    part_of,
    read_all,
    send_parts,
    sha256_of,
    store_file,
    stream_of,
)
from tests.works.conftest import SMALL_PARTS, Shelf, make_actor, make_shelf

pytestmark = pytest.mark.database
MARK = b"nobody may find this on the disk "


@pytest.fixture
def sealed(database: Database, tmp_path: Path) -> Shelf:
    return make_shelf(database, tmp_path, encrypt=True)


def content_of(number: int, *, size: int = 2 * MIB + 777) -> bytes:
    """Bytes of which each MiB has the mark in it."""
    noise = random.Random(number).randbytes(size)
    return b"".join(MARK + noise[at + len(MARK) : at + MIB] for at in range(0, size, MIB))


def plaintext_below(folder: Path) -> list[Path]:
    """Files in which the mark can be read."""
    return [path for path in folder.rglob("*") if path.is_file() and MARK in path.read_bytes()]


def stored(shelf: Shelf, content: bytes) -> Path:
    return shelf.folder / "blobs" / "encrypted" / blob_name(sha256_of(content))


async def test_parts_are_encrypted_as_they_arrive(
    sealed: Shelf, database: Database, seller: Actor
) -> None:
    content = content_of(1)
    upload = await begin(sealed, database, seller, content)
    await send_parts(sealed, seller, upload, content, [3, 1])
    assert plaintext_below(sealed.folder) == []
    await send_parts(sealed, seller, upload, content, [2])

    artifact = await sealed.uploads.complete(seller, upload.id)

    assert artifact.sha256 == sha256_of(content)
    assert artifact.cid == cid_of(content)
    assert await read_all(sealed, artifact.sha256) == content
    assert plaintext_below(sealed.folder) == []
    assert stored(sealed, content).is_file()
    assert not sealed.staging.upload_ids()


async def test_an_empty_file_is_encrypted_too(
    sealed: Shelf, database: Database, seller: Actor
) -> None:
    artifact = await store_file(sealed, database, seller, b"")
    assert await read_all(sealed, artifact.sha256) == b""
    assert stored(sealed, b"").stat().st_size > 0


async def test_an_upload_goes_on_after_a_kill_between_its_parts(
    sealed: Shelf, database: Database, seller: Actor
) -> None:
    """A part that was half written is sent, and so encrypted, again."""
    content = content_of(2)
    upload = await begin(sealed, database, seller, content)
    await send_parts(sealed, seller, upload, content, [1])
    with sealed.staging.content_of(upload.id).open("r+b") as file:
        file.seek(32 + (MIB + 28))
        file.write(b"half of a segment that a process wrote when it was killed")

    again = make_shelf(database, sealed.folder, encrypt=True)
    with pytest.raises(Conflict):
        await again.uploads.complete(seller, upload.id)
    await send_parts(again, seller, upload, content, [2, 3])
    artifact = await again.uploads.complete(seller, upload.id)
    assert await read_all(again, artifact.sha256) == content
    assert plaintext_below(again.folder) == []


@pytest.mark.parametrize("moved", [False, True])
async def test_a_kill_while_it_completes_leaves_it_to_be_completed(
    sealed: Shelf,
    database: Database,
    seller: Actor,
    monkeypatch: pytest.MonkeyPatch,
    moved: bool,
) -> None:
    content = content_of(3 + moved)
    upload = await begin(sealed, database, seller, content)
    await send_parts(sealed, seller, upload, content, [1, 2, 3])
    put = BlobStore.put_sealed

    class Killed(Exception):
        pass

    async def dies(self: BlobStore, name: str, path: Path) -> None:
        if moved:
            await put(self, name, path)
        raise Killed

    monkeypatch.setattr(BlobStore, "put_sealed", dies)
    with pytest.raises(Killed):
        await sealed.uploads.complete(seller, upload.id)
    monkeypatch.undo()

    again = make_shelf(database, sealed.folder, encrypt=True)
    artifact = await again.uploads.complete(seller, upload.id)
    assert await read_all(again, artifact.sha256) == content
    assert plaintext_below(again.folder) == []


async def test_the_wrong_bytes_are_refused_and_a_repeated_part_compared(
    sealed: Shelf, database: Database, seller: Actor
) -> None:
    content = content_of(5)
    upload = await begin(sealed, database, seller, content, sha256="0" * 64)
    await send_parts(sealed, seller, upload, content, [1, 2, 3, 1])
    with pytest.raises(Conflict):
        await sealed.uploads.receive(
            seller, upload.id, number=1, stream=stream_of(part_of(upload, content, 2))
        )
    with pytest.raises(Invalid):
        await sealed.uploads.complete(seller, upload.id)
    assert not sealed.staging.upload_ids()


async def test_plain_and_encrypted_uploads_know_each_other_by_the_plaintexts_hash(
    sealed: Shelf, database: Database, seller: Actor
) -> None:
    """One that began before the setting changed, and bytes that are there in either form."""
    content, other = content_of(6), make_actor("seller")
    plain = make_shelf(database, sealed.folder)
    first = await store_file(plain, database, seller, content)
    second = await store_file(sealed, database, other, content)
    assert first.sha256 == second.sha256
    assert not stored(sealed, content).exists()

    begun = content_of(7)
    upload = await begin(plain, database, seller, begun)
    await send_parts(plain, seller, upload, begun, [1, 2, 3])
    await sealed.uploads.complete(seller, upload.id)
    assert stored(sealed, begun).is_file()
    assert await read_all(plain, sha256_of(begun)) == begun


async def test_a_changed_artifact_is_not_given_out_and_can_be_sent_again(
    sealed: Shelf, database: Database, seller: Actor
) -> None:
    content = content_of(8)
    artifact = await store_file(sealed, database, seller, content)
    stored(sealed, content).write_bytes(stored(sealed, content).read_bytes()[:-1])
    with pytest.raises(Damaged) as caught:
        await read_all(sealed, artifact.sha256)
    assert caught.value.code == "artifact_damaged"

    await store_file(sealed, database, make_actor("seller"), content)
    assert await read_all(sealed, artifact.sha256) == content


async def test_a_commits_files_and_the_scan_need_no_plain_file_that_stays(
    sealed: Shelf, database: Database, seller: Actor
) -> None:
    organisation_id = seller.acting_for(None)
    intake = Intake(sealed.blobs, folder=sealed.folder / "intake", settings=SMALL_PARTS)
    staged = await intake.stage(MARK + b"a text", name="readme.txt")
    await intake.put_away([staged])
    async with database.transaction(SYSTEM) as uow:
        await intake.record(uow, [staged], organisation_id=organisation_id)
    await intake.drop([staged])
    large = await store_file(sealed, database, seller, content_of(9), filename="data.bin")

    scans = ScanService(database, sealed.blobs, settings=SMALL_PARTS)
    found = await scans.scan(staged.sha256, name="readme.txt")
    assert found.state == "clean"
    assert (await scans.scan(large.sha256, name="data.bin")).state == "clean"
    assert await read_all(sealed, staged.sha256) == MARK + b"a text"
    assert plaintext_below(sealed.folder) == []
