"""Uploads: parts in any order, resumed, refused when wrong, complete when the hash is right."""

import asyncio
import os
import random
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM, scope_of
from souk.kernel.actor import ANONYMOUS, Actor
from souk.kernel.errors import (
    Conflict,
    Gone,
    Invalid,
    NotFound,
    SoukError,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from souk.works.artifacts.cid import cid_of
from souk.works.artifacts.completing import Completer
from souk.works.artifacts.errors import PartInterrupted
from souk.works.artifacts.settings import ArtifactSettings
from tests.works.artifacts.senders import (
    MIB,
    begin,
    part_of,
    read_all,
    send_parts,
    sha256_of,
    show,
    store_file,
    stream_of,
)
from tests.works.conftest import SMALL_PARTS, Shelf, make_actor, make_shelf

pytestmark = pytest.mark.database
CONTENT = random.Random(7).randbytes(3 * MIB + 12_345)


def code_of(caught: pytest.ExceptionInfo[SoukError]) -> str:
    return caught.value.code


@pytest.fixture
def content() -> bytes:
    """Bytes that no other test has sent."""
    return os.urandom(64) + CONTENT


async def test_a_file_comes_back_as_it_was_sent(
    shelf: Shelf, database: Database, seller: Actor, content: bytes
) -> None:
    artifact = await store_file(shelf, database, seller, content)

    assert artifact.sha256 == sha256_of(content)
    assert artifact.size_bytes == len(content)
    assert artifact.cid == cid_of(content)
    assert artifact.scan.state == "pending"
    assert await read_all(shelf, artifact.sha256) == content
    tail = [chunk async for chunk in shelf.artifacts.open(artifact.sha256, start=len(content) - 9)]
    assert b"".join(tail) == content[-9:]
    assert not shelf.staging.upload_ids()


async def test_an_empty_file_has_no_parts(shelf: Shelf, database: Database, seller: Actor) -> None:
    upload = await begin(shelf, database, seller, b"")
    assert upload.part_count == 0
    artifact = await shelf.uploads.complete(seller, upload.id)
    assert artifact.cid == cid_of(b"")
    assert await read_all(shelf, artifact.sha256) == b""


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
async def test_parts_may_come_in_any_order_and_again_and_across_restarts(
    database: Database, tmp_path: Path, data: st.DataObject
) -> None:
    seller = make_actor("seller")
    shelf = make_shelf(database, tmp_path)
    size = data.draw(st.integers(1, 4 * MIB), label="size")
    content = os.urandom(16) + random.Random(size).randbytes(size)
    upload = await begin(shelf, database, seller, content)
    numbers = list(range(1, upload.part_count + 1))
    order = data.draw(st.permutations(numbers), label="order")
    repeats = data.draw(st.lists(st.sampled_from(numbers), max_size=2), label="repeats")
    restart_after = data.draw(st.integers(0, len(numbers)), label="restart after")

    for count, number in enumerate([*order, *repeats]):
        if count == restart_after:
            shelf = shelf.again(database)
        await send_parts(shelf, seller, upload, content, [number])
    assert (await show(shelf, database, seller, upload.id)).parts_received == numbers
    artifact = await shelf.uploads.complete(seller, upload.id)

    assert artifact.cid == cid_of(content)
    assert await read_all(shelf, artifact.sha256) == content


async def test_parts_may_come_at_the_same_time(
    shelf: Shelf, database: Database, seller: Actor, content: bytes
) -> None:
    upload = await begin(shelf, database, seller, content)
    await asyncio.gather(
        *(send_parts(shelf, seller, upload, content, [number]) for number in (4, 2, 3, 1))
    )
    artifact = await shelf.uploads.complete(seller, upload.id)
    assert await read_all(shelf, artifact.sha256) == content


async def test_completing_too_early_names_the_missing_parts(
    shelf: Shelf, database: Database, seller: Actor, content: bytes
) -> None:
    upload = await begin(shelf, database, seller, content)
    await send_parts(shelf, seller, upload, content, [2, 4])
    with pytest.raises(Conflict) as caught:
        await shelf.uploads.complete(seller, upload.id)
    assert code_of(caught) == "parts_missing"
    assert caught.value.extra["missing"] == [1, 3]


@pytest.mark.parametrize("change", [-1, 1, MIB])
async def test_a_part_of_another_length_is_refused_and_not_kept(
    shelf: Shelf, database: Database, seller: Actor, content: bytes, change: int
) -> None:
    upload = await begin(shelf, database, seller, content)
    body = (part_of(upload, content, 2) + bytes(MIB))[: MIB + change]
    with pytest.raises(Invalid) as caught:
        await shelf.uploads.receive(seller, upload.id, number=2, stream=stream_of(body))
    assert code_of(caught) == "part_length_wrong"
    assert (await show(shelf, database, seller, upload.id)).parts_received == []
    await send_parts(shelf, seller, upload, content, [1, 2, 3, 4])
    artifact = await shelf.uploads.complete(seller, upload.id)
    assert await read_all(shelf, artifact.sha256) == content


async def test_an_endless_part_is_cut_off_soon(
    shelf: Shelf, database: Database, seller: Actor, content: bytes
) -> None:
    upload = await begin(shelf, database, seller, content)
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += MIB
            yield bytes(MIB)

    with pytest.raises(Invalid) as caught:
        await shelf.uploads.receive(seller, upload.id, number=1, stream=endless())
    assert code_of(caught) == "part_length_wrong"
    assert sent <= 3 * MIB


async def test_a_part_that_breaks_off_is_not_received(
    shelf: Shelf, database: Database, seller: Actor, content: bytes
) -> None:
    upload = await begin(shelf, database, seller, content)

    async def broken() -> AsyncIterator[bytes]:
        yield part_of(upload, content, 1)[: MIB // 2]
        raise PartInterrupted(1)

    with pytest.raises(Invalid) as caught:
        await shelf.uploads.receive(seller, upload.id, number=1, stream=broken())
    assert code_of(caught) == "part_interrupted"
    assert (await show(shelf, database, seller, upload.id)).parts_received == []
    await send_parts(shelf, seller, upload, content, [1])
    assert (await show(shelf, database, seller, upload.id)).parts_received == [1]


@pytest.mark.parametrize("number", [0, -1, 5, 10**9])
async def test_a_number_that_is_not_there_is_refused(
    shelf: Shelf, database: Database, seller: Actor, content: bytes, number: int
) -> None:
    upload = await begin(shelf, database, seller, content)
    with pytest.raises(Invalid) as caught:
        await shelf.uploads.receive(seller, upload.id, number=number, stream=stream_of(b"x"))
    assert code_of(caught) == "part_number_wrong"


async def test_other_bytes_for_a_received_part_are_refused_and_the_first_are_kept(
    shelf: Shelf, database: Database, seller: Actor, content: bytes
) -> None:
    upload = await begin(shelf, database, seller, content)
    await send_parts(shelf, seller, upload, content, [1, 2, 3, 4])
    with pytest.raises(Conflict) as caught:
        await shelf.uploads.receive(seller, upload.id, number=2, stream=stream_of(bytes(MIB)))
    assert code_of(caught) == "part_differs"
    artifact = await shelf.uploads.complete(seller, upload.id)
    assert await read_all(shelf, artifact.sha256) == content


async def test_of_one_part_on_two_connections_only_one_is_taken(
    shelf: Shelf, database: Database, seller: Actor, content: bytes
) -> None:
    upload = await begin(shelf, database, seller, content)
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        body = part_of(upload, content, 1)
        yield body[:1000]
        begun.set()
        await go_on.wait()
        yield body[1000:]

    first = asyncio.create_task(shelf.uploads.receive(seller, upload.id, number=1, stream=slow()))
    await begun.wait()
    with pytest.raises(Conflict) as caught:
        await shelf.again(database).uploads.receive(
            seller, upload.id, number=1, stream=stream_of(bytes(MIB))
        )
    assert code_of(caught) == "part_under_way"
    go_on.set()
    await first
    assert (await show(shelf, database, seller, upload.id)).parts_received == [1]


async def test_a_wrong_hash_ends_the_upload_and_leaves_nothing(
    shelf: Shelf, database: Database, seller: Actor, content: bytes
) -> None:
    wrong = sha256_of(b"something else")
    upload = await begin(shelf, database, seller, content, sha256=wrong)
    await send_parts(shelf, seller, upload, content, [1, 2, 3, 4])

    with pytest.raises(Invalid) as caught:
        await shelf.uploads.complete(seller, upload.id)

    assert code_of(caught) == "hash_mismatch"
    assert caught.value.extra["actual_sha256"] == sha256_of(content)
    assert (await show(shelf, database, seller, upload.id)).state == "failed"
    assert not shelf.staging.upload_ids()
    for sha256 in (wrong, sha256_of(content)):
        with pytest.raises(NotFound):
            await read_all(shelf, sha256)
    with pytest.raises(Gone):
        await shelf.uploads.complete(seller, upload.id)


async def test_completing_again_gives_the_same_artifact(
    shelf: Shelf, database: Database, seller: Actor, content: bytes
) -> None:
    upload = await begin(shelf, database, seller, content)
    await send_parts(shelf, seller, upload, content, [1, 2, 3, 4])
    first, same = await asyncio.gather(
        shelf.uploads.complete(seller, upload.id), shelf.uploads.complete(seller, upload.id)
    )
    later = await shelf.again(database).uploads.complete(seller, upload.id)
    assert first == same == later
    assert (await show(shelf, database, seller, upload.id)).artifact == first


class Killed(Exception):
    """Stands for the end of the process."""


@pytest.mark.parametrize("moment", ["before the move", "after the move"])
async def test_a_crash_while_completing_is_mended_by_completing_again(
    shelf: Shelf,
    database: Database,
    seller: Actor,
    content: bytes,
    moment: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    upload = await begin(shelf, database, seller, content)
    await send_parts(shelf, seller, upload, content, [1, 2, 3, 4])
    step = "_put_away" if moment == "before the move" else "_record"

    async def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(Completer, step, die)
        await shelf.uploads.complete(seller, upload.id)

    artifact = await shelf.again(database).uploads.complete(seller, upload.id)
    assert await read_all(shelf, artifact.sha256) == content
    assert artifact.cid == cid_of(content)


async def test_who_holds_the_bytes_gets_the_artifact_at_once(
    shelf: Shelf, database: Database, seller: Actor, content: bytes
) -> None:
    artifact = await store_file(shelf, database, seller, content)
    again = await begin(shelf, database, seller, content)
    assert again.state == "complete"
    assert again.artifact == artifact
    with pytest.raises(Invalid) as caught:
        await begin(shelf, database, seller, content, size_bytes=5)
    assert code_of(caught) == "size_mismatch"


async def test_knowing_a_hash_gives_nobody_the_content(
    shelf: Shelf, database: Database, seller: Actor, stranger: Actor, content: bytes
) -> None:
    artifact = await store_file(shelf, database, seller, content)

    upload = await begin(shelf, database, stranger, content)
    assert upload.state == "open"
    garbage = bytes(len(content))
    await send_parts(shelf, stranger, upload, garbage, [1, 2, 3, 4])
    with pytest.raises(Invalid):
        await shelf.uploads.complete(stranger, upload.id)
    async with database.transaction(scope_of(stranger)) as uow:
        assert not await shelf.artifacts.holds(uow, str(stranger.organisation_id), artifact.sha256)
        with pytest.raises(NotFound):
            await shelf.artifacts.get(uow, artifact.sha256)

    assert await store_file(shelf, database, stranger, content) == artifact
    async with database.transaction(scope_of(stranger)) as uow:
        assert await shelf.artifacts.holds(uow, str(stranger.organisation_id), artifact.sha256)


async def test_another_organisations_upload_is_not_there(
    shelf: Shelf, database: Database, seller: Actor, stranger: Actor, content: bytes
) -> None:
    upload = await begin(shelf, database, seller, content)
    for caller, error in ((stranger, NotFound), (ANONYMOUS, Unauthenticated)):
        with pytest.raises(error):
            await show(shelf, database, caller, upload.id)
        with pytest.raises(error):
            await send_parts(shelf, caller, upload, content, [1])
        with pytest.raises(error):
            await shelf.uploads.complete(caller, upload.id)


async def test_an_old_upload_is_swept_with_its_file(
    database: Database, tmp_path: Path, seller: Actor, content: bytes
) -> None:
    shelf = make_shelf(database, tmp_path)
    upload = await begin(shelf, database, seller, content)
    fresh = await begin(shelf, database, seller, content + b"!")
    await send_parts(shelf, seller, upload, content, [1])
    await send_parts(shelf, seller, fresh, content + b"!", [1])
    async with database.transaction(SYSTEM) as uow:
        await uow.execute(
            "UPDATE works.uploads SET expires_at = %(then)s WHERE id = %(id)s",
            then=uow.now - timedelta(seconds=1),
            id=upload.id,
        )
    with pytest.raises(Gone):
        await send_parts(shelf, seller, upload, content, [2])

    assert await shelf.uploads.sweep() == 1

    assert shelf.staging.upload_ids() == [fresh.id]
    assert (await show(shelf, database, seller, upload.id)).state == "expired"
    with pytest.raises(Gone):
        await shelf.uploads.complete(seller, upload.id)


@pytest.mark.parametrize(
    "filename", ["../../etc/passwd", "a/b", "a\\b", "", ".", "..", "a\x00b", "a\nb", "\x1b[31m"]
)
async def test_a_filename_is_a_name_alone(
    shelf: Shelf, database: Database, seller: Actor, filename: str
) -> None:
    with pytest.raises(Invalid) as caught:
        await begin(shelf, database, seller, b"x", filename=filename)
    assert code_of(caught) == "filename_invalid"


async def test_limits_are_kept(database: Database, tmp_path: Path, seller: Actor) -> None:
    small = make_shelf(
        database, tmp_path, ArtifactSettings(max_upload_bytes=100, max_open_uploads=1)
    )
    with pytest.raises(TooLarge):
        await begin(small, database, seller, bytes(101))
    await begin(small, database, seller, b"one")
    with pytest.raises(SoukError) as caught:
        await begin(small, database, seller, b"two")
    assert code_of(caught) == "uploads_open"
    full = make_shelf(database, tmp_path, ArtifactSettings(free_bytes_kept=2**62))
    with pytest.raises(Unavailable) as refused:
        await begin(full, database, make_actor("seller"), b"three")
    assert code_of(refused) == "storage_full"


def sizes() -> Iterator[tuple[int, int]]:
    yield 0, 0
    yield 1, 1
    yield MIB, 1
    yield MIB + 1, 2
    yield 10_000 * MIB, 10_000
    yield 10_000 * MIB + 1, 5_001


@pytest.mark.parametrize(("size", "parts"), list(sizes()))
async def test_huge_files_get_larger_parts(
    shelf: Shelf, database: Database, seller: Actor, size: int, parts: int
) -> None:
    upload = await begin(shelf, database, seller, b"", size_bytes=size, sha256="0" * 64)
    assert upload.part_count == parts
    assert upload.part_size_bytes % MIB == 0
    assert upload.part_size_bytes >= SMALL_PARTS.part_size_bytes


async def test_a_disk_that_takes_bytes_in_bits_gets_them_all(
    shelf: Shelf,
    database: Database,
    seller: Actor,
    content: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole, one = os.pwritev, os.pwrite

    def some_of_them(descriptor: int, pieces: list[memoryview], at: int) -> int:
        return whole(descriptor, [pieces[0][:100]], at)

    def half(descriptor: int, piece: memoryview, at: int) -> int:
        return one(descriptor, piece[: len(piece) // 2 + 1], at)

    monkeypatch.setattr(os, "pwritev", some_of_them)
    monkeypatch.setattr(os, "pwrite", half)
    artifact = await store_file(shelf, database, seller, content)
    assert await read_all(shelf, artifact.sha256) == content
