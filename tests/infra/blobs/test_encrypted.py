"""Encrypted blobs: read as plaintext in any range, found out when tampered with, rotated."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from obstore.store import MemoryStore

from souk.infra.blobs.sealing import Sealing
from souk.infra.blobs.segments import SEALED_BYTES, SEGMENT_BYTES, BlobDamaged
from souk.infra.blobs.settings import BlobSettings
from souk.infra.blobs.store import CHUNK_BYTES, BlobStore, open_blobs
from souk.infra.keyring import Keyring, KeyUnknown, SealBroken
from souk.infra.keyring.data_keys import DataKeys
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM, Scope
from tests.serving import SECRET

NAME = "sha256/ab/cd/abcd"
CONTENT = os.urandom(2 * SEGMENT_BYTES + 12_345)


@pytest.fixture
def keys(database: Database) -> DataKeys:
    return another_process(database)


@pytest.fixture(params=["disk", "object store"])
def blobs(request: pytest.FixtureRequest, keys: DataKeys, tmp_path: Path) -> BlobStore:
    if request.param == "disk":
        return open_blobs(BlobSettings(encrypt=True), data_path=tmp_path, keys=keys)
    return BlobStore(MemoryStore(), folder=None, sealing=Sealing(keys, new_ones=True))


def another_process(database: Database, secret: str = SECRET) -> DataKeys:
    """The keys as a process that has just started knows them."""
    return DataKeys(database, Keyring(database, secret=secret))


def on_disk(folder: Path, keys: DataKeys, *, encrypt: bool = True) -> BlobStore:
    return open_blobs(BlobSettings(encrypt=encrypt), data_path=folder, keys=keys)


def stored(folder: Path, name: str = NAME) -> Path:
    return folder / "blobs" / "encrypted" / name


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def put(blobs: BlobStore, folder: Path, content: bytes, name: str = NAME) -> None:
    source = folder / "staged"
    source.write_bytes(content)
    await blobs.put_file(name, source)
    assert not source.exists()


async def read(blobs: BlobStore, start: int, end: int, name: str = NAME) -> bytes:
    return b"".join([chunk async for chunk in blobs.read(name, start=start, end=end)])


async def test_every_range_reads_as_plaintext(blobs: BlobStore, tmp_path: Path) -> None:
    await put(blobs, tmp_path, CONTENT)
    assert await blobs.size(NAME) == len(CONTENT)
    assert blobs.local_path(NAME) is None

    edges = (0, 1, SEGMENT_BYTES - 1, SEGMENT_BYTES, SEGMENT_BYTES + 1, len(CONTENT))
    for start in edges:
        for end in edges:
            assert await read(blobs, start, end) == CONTENT[start:end]
    assert await blobs.get(NAME, start=9, end=SEGMENT_BYTES + 9) == CONTENT[9 : SEGMENT_BYTES + 9]
    assert max([len(c) async for c in blobs.read(NAME, start=3, end=2**21)]) <= CHUNK_BYTES


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    first=st.integers(0, len(CONTENT)), second=st.integers(0, len(CONTENT)), size=st.integers(0, 99)
)
async def test_ranges_of_encrypted_and_plain_blobs_are_the_same(
    keys: DataKeys, tmp_path: Path, first: int, second: int, size: int
) -> None:
    folder = tmp_path / "hypothesis"
    folder.mkdir(exist_ok=True)
    encrypted, plain = on_disk(folder, keys), on_disk(folder, keys, encrypt=False)
    if await encrypted.size(NAME) is None:
        await put(encrypted, folder, CONTENT)
    name = f"plain/{size}"
    if await plain.size(name) is None:
        await put(plain, folder, CONTENT[:size], name)
    start, end = min(first, second), max(first, second)
    assert await read(encrypted, start, end) == CONTENT[start:end]
    start, end = min(start, size), min(end, size)
    assert await read(encrypted, start, end, name) == CONTENT[:size][start:end]


async def test_nothing_of_the_plaintext_is_on_the_disk(keys: DataKeys, tmp_path: Path) -> None:
    secret = b"this must not be found on any disk "
    await put(on_disk(tmp_path, keys), tmp_path, secret * 100)
    files = files_below(tmp_path)
    assert files == [stored(tmp_path)]
    assert secret not in files[0].read_bytes()


async def test_plain_blobs_go_on_beside_encrypted_ones(keys: DataKeys, tmp_path: Path) -> None:
    await put(on_disk(tmp_path, keys, encrypt=False), tmp_path, b"old", "old")
    blobs = on_disk(tmp_path, keys)
    await put(blobs, tmp_path, b"new", "new")
    # What only looks like an encrypted blob is somebody's content as any other.
    await put(on_disk(tmp_path, keys, encrypt=False), tmp_path, b"souk-aes" + bytes(99), "looks")

    for again in (blobs, on_disk(tmp_path, keys, encrypt=False)):
        assert await read(again, 0, 3, "old") == b"old"
        assert await read(again, 0, 3, "new") == b"new"
        assert await again.size("looks") == 107


@pytest.mark.parametrize(
    ("problem", "change"),
    [
        ("a bit", lambda b: b[:-1] + bytes([b[-1] ^ 1])),
        ("cut within a segment", lambda b: b[:-1]),
        ("cut between segments", lambda b: b[: 32 + 2 * SEALED_BYTES]),
        ("a segment less", lambda b: b[: 32 + SEALED_BYTES] + b[32 + 2 * SEALED_BYTES :]),
        (
            "segments swapped",
            lambda b: (
                b[:32]
                + b[32 + SEALED_BYTES : 32 + 2 * SEALED_BYTES]
                + b[32 : 32 + SEALED_BYTES]
                + b[32 + 2 * SEALED_BYTES :]
            ),
        ),
        ("extended", lambda b: b + bytes(40)),
        ("no header", lambda b: b"x" * 32 + b[32:]),
        ("emptied", lambda _b: b""),
    ],
)
async def test_a_changed_blob_gives_nothing_out(
    keys: DataKeys, tmp_path: Path, problem: str, change: Callable[[bytes], bytes]
) -> None:
    blobs = on_disk(tmp_path, keys)
    await put(blobs, tmp_path, CONTENT)
    path = stored(tmp_path)
    path.write_bytes(change(path.read_bytes()))
    start = 0 if problem != "a bit" else len(CONTENT) - 10
    given = []
    with pytest.raises(BlobDamaged):
        async for chunk in blobs.read(NAME, start=start, end=len(CONTENT)):
            given.append(chunk)
    assert given == []


async def test_two_blobs_cannot_be_swapped(keys: DataKeys, tmp_path: Path) -> None:
    blobs = on_disk(tmp_path, keys)
    await put(blobs, tmp_path, b"the cheap model", "cheap")
    await put(blobs, tmp_path, b"the costly model", "costly")
    stored(tmp_path, "costly").replace(stored(tmp_path, "cheap"))
    with pytest.raises(BlobDamaged):
        await read(blobs, 0, 5, "cheap")


async def test_another_secret_opens_nothing(
    keys: DataKeys, database: Database, tmp_path: Path
) -> None:
    await put(on_disk(tmp_path, keys), tmp_path, CONTENT)
    with pytest.raises(SealBroken):
        await read(on_disk(tmp_path, another_process(database, "f" * 64)), 0, 10)


async def test_rotation_wraps_keys_anew_and_touches_no_blob(
    keys: DataKeys, database: Database, tmp_path: Path
) -> None:
    blobs = on_disk(tmp_path, keys)
    await put(blobs, tmp_path, CONTENT)
    before = stored(tmp_path).read_bytes()
    async with database.transaction(SYSTEM) as uow:
        old = [key.id for key in await keys.storage_keys(uow) if key.current]

    key_id, wrapped = await keys.rotate()

    assert [key_id] != old
    assert wrapped >= 1
    assert stored(tmp_path).read_bytes() == before
    for known in (keys, another_process(database)):
        assert await read(on_disk(tmp_path, known), 0, len(CONTENT)) == CONTENT
    async with database.transaction(SYSTEM) as uow:
        found = {key.id: key for key in await keys.storage_keys(uow)}
    assert found[key_id].current
    assert all(found[one].data_keys == 0 for one in old)


async def test_a_rotation_that_was_interrupted_is_finished_later(
    keys: DataKeys, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = on_disk(tmp_path, keys)
    for number in range(5):
        await put(blobs, tmp_path, b"%d" % number, f"some/{number}")
    monkeypatch.setattr("souk.infra.keyring.data_keys.WRAPPED_AT_ONCE", 2)

    class Killed(Exception):
        pass

    wraps = 0

    async def dies(uow: object) -> int:
        nonlocal wraps
        wraps += 1
        if wraps > 1:
            raise Killed
        return await DataKeys.rewrap(keys, uow)  # type: ignore[arg-type]  # it is what rotate gives

    monkeypatch.setattr(keys, "rewrap", dies)
    with pytest.raises(Killed):
        await keys.rotate()
    monkeypatch.undo()

    # In the middle: some wrapped by the new key, some by the old one; all can be read, and made.
    fresh = another_process(database)
    blobs = on_disk(tmp_path, fresh)
    for number in range(5):
        assert await read(blobs, 0, 9, f"some/{number}") == b"%d" % number
    await put(blobs, tmp_path, b"between", "between")
    while True:
        async with database.transaction(SYSTEM) as uow:
            if not await fresh.rewrap(uow):
                break
    last = on_disk(tmp_path, another_process(database))
    assert await read(last, 0, 9, "between") == b"between"
    assert await read(last, 0, 9, "some/0") == b"0"
    async with database.transaction(SYSTEM) as uow:
        assert [k.data_keys > 0 for k in await fresh.storage_keys(uow) if not k.current] == [
            False for k in await fresh.storage_keys(uow) if not k.current
        ]


async def test_a_removed_blob_takes_its_key_with_it(
    keys: DataKeys, database: Database, blobs: BlobStore, tmp_path: Path
) -> None:
    key = await keys.fresh()
    await put(blobs, tmp_path, CONTENT)
    async with database.transaction(SYSTEM) as uow:
        before = await uow.value("SELECT count(*) FROM infra.data_keys")
    await blobs.remove(NAME)
    await blobs.remove(NAME)
    assert await blobs.size(NAME) is None
    async with database.transaction(SYSTEM) as uow:
        assert await uow.value("SELECT count(*) FROM infra.data_keys") == before - 1
    await keys.forget([key.id])
    with pytest.raises(KeyUnknown):
        await another_process(database).find(key.id)


async def test_what_the_database_does_not_know_may_be_sent_again(
    keys: DataKeys, database: Database, tmp_path: Path
) -> None:
    """As after a restore: the blob is newer than the database beside it."""
    await put(on_disk(tmp_path, keys), tmp_path, CONTENT)
    async with database.transaction(SYSTEM) as uow:
        await uow.execute("DELETE FROM infra.data_keys")
    blobs = on_disk(tmp_path, another_process(database))
    assert await blobs.size(NAME) is None
    with pytest.raises(FileNotFoundError):
        await read(blobs, 0, 10)
    await put(blobs, tmp_path, CONTENT)
    assert await read(blobs, 0, len(CONTENT)) == CONTENT


async def test_only_the_system_sees_keys(keys: DataKeys, database: Database) -> None:
    await keys.fresh()
    stranger = Scope(organisation_ids=("org_1",), user_id="usr_1")
    async with database.transaction(stranger) as uow:
        assert await uow.value("SELECT count(*) FROM infra.data_keys") == 0
        assert await uow.value("SELECT count(*) FROM infra.wrapping_keys") == 0
