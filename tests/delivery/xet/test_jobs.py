"""What happens beside the requests: plain artifacts become readable, unused xorbs go."""

import os
import time
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from souk.apps.container import Container
from souk.delivery.xet import hashes, removal_store, store
from souk.delivery.xet.errors import XorbsWaiting
from souk.delivery.xet.intake import FORGOTTEN_S, XorbIntake
from souk.delivery.xet.jobs import remove_unused, start_overdue, view_handler
from souk.delivery.xet.model import blob_name
from souk.delivery.xet.settings import XetSettings
from souk.infra.blobs.store import BlobStore
from souk.infra.outbox.handlers import Delivered
from souk.infra.postgres.scope import SYSTEM
from souk.infra.workflows import Workflows
from souk.kernel.ids import EventId
from souk.works.artifacts.events import ArtifactScanned
from tests.delivery.xet.clients import Publisher
from tests.delivery.xet.test_http import Made, cas, make


class Started(Workflows):
    """Notes what would be started: DBOS admits one engine a process, and the worker has it."""

    def __init__(self) -> None:
        self.arguments: dict[str, Mapping[str, str]] = {}

    async def start(self, name: str, *, workflow_id: str, argument: dict[str, str]) -> None:
        assert name == "xet.make_readable"
        self.arguments[workflow_id] = argument


async def age(inside: Container, xorb: bytes, by: timedelta) -> None:
    """Makes a xorb older."""
    async with inside.core.database.transaction(SYSTEM) as uow:
        await uow.execute(
            "UPDATE xet.xorbs SET asked_at = asked_at - %(by)s WHERE hash = %(hash)s",
            by=by,
            hash=hashes.to_text(xorb),
        )


async def collect(inside: Container) -> None:
    async with inside.core.database.transaction(SYSTEM) as uow:
        await remove_unused(
            uow,
            inside.core.database,
            inside.works.blobs,
            settings=inside.xet.xet.settings,
            delay=timedelta(),
        )


async def kept(inside: Container, xorb: bytes) -> tuple[bool, bool]:
    """Whether a xorb is known, and whether its bytes are stored."""
    name = hashes.to_text(xorb)
    async with inside.core.database.transaction(SYSTEM, read_only=True) as uow:
        known = bool(await store.xorbs(uow, [name]))
    return known, await inside.works.blobs.size(blob_name(name)) is not None


async def test_unused_xorbs_go_after_their_time_and_used_ones_stay(
    inside: Container, ada: Publisher
) -> None:
    used, unused, young = make("used"), make("unused"), make("young")
    cas_ = await cas(ada)
    for made in (used, unused, young):
        cas_.put_xorb(made)
    cas_.put_shard(used.shard())
    grace = timedelta(hours=XetSettings().xorb_grace_hours + 1)
    for made in (used, unused):
        await age(inside, made.xorb_hash, grace)
    await collect(inside)  # forgets
    await collect(inside)  # removes the bytes
    assert await kept(inside, unused.xorb_hash) == (False, False)
    assert await kept(inside, used.xorb_hash) == (True, True)
    assert await kept(inside, young.xorb_hash) == (True, True)
    assert cas_.put_xorb(unused).json() == {"was_inserted": True}
    assert await kept(inside, unused.xorb_hash) == (True, True)


async def test_a_xorb_that_is_sent_again_in_between_is_kept(
    inside: Container, ada: Publisher
) -> None:
    made = make("again")
    cas_ = await cas(ada)
    cas_.put_xorb(made)
    await age(inside, made.xorb_hash, timedelta(hours=XetSettings().xorb_grace_hours + 1))
    async with inside.core.database.transaction(SYSTEM) as uow:
        await removal_store.forget_unused(uow, before=uow.now - timedelta(days=27), limit=1000)
    assert await kept(inside, made.xorb_hash) == (False, True)
    assert cas_.put_xorb(made).json() == {"was_inserted": True}
    await collect(inside)
    assert await kept(inside, made.xorb_hash) == (True, True)
    assert cas_.put_shard(made.shard()).status_code == 200


async def test_a_shard_keeps_what_it_builds_on_from_being_removed(
    inside: Container, ada: Publisher
) -> None:
    made = make("touched")
    cas_ = await cas(ada)
    cas_.put_xorb(made)
    await age(inside, made.xorb_hash, timedelta(hours=XetSettings().xorb_grace_hours + 1))
    assert cas_.put_shard(made.shard()).status_code == 200
    await collect(inside)
    assert await kept(inside, made.xorb_hash) == (True, True)


class PowerCut(Exception):
    """Nothing after this point happened."""


class DyingBlobs(BlobStore):
    """Stores the bytes, and then the lights go out."""

    async def put_file(self, name: str, path: Path) -> None:
        await super().put_file(name, path)
        raise PowerCut


async def sent(made: Made) -> AsyncIterator[bytes]:
    yield made.xorb


async def test_what_a_dying_process_stored_is_found_and_removed(
    inside: Container, ada: Publisher, tmp_path: Path
) -> None:
    made = make("dying")
    settings = inside.xet.xet.settings
    folder = inside.core.settings.data_path / "blobs"
    dying = XorbIntake(
        inside.core.database, DyingBlobs(None, folder=folder), folder=tmp_path, settings=settings
    )
    token = await ada.token("write")
    grant = await inside.xet.tokens.admit(f"Bearer {token.token}", access="write")
    name = hashes.to_text(made.xorb_hash)
    with pytest.raises(PowerCut):
        await dying.receive(grant, name, sent(made))
    assert await kept(inside, made.xorb_hash) == (False, True)
    await collect(inside)
    assert await kept(inside, made.xorb_hash) == (False, False)
    with pytest.raises(PowerCut):
        await dying.receive(grant, name, sent(made))
    assert await inside.xet.xet.xorbs.receive(grant, name, sent(made))
    await collect(inside)
    assert await kept(inside, made.xorb_hash) == (True, True)


async def test_bytes_that_a_restored_backup_lacks_are_asked_for_again(
    inside: Container, ada: Publisher
) -> None:
    made = make("lost")
    cas_ = await cas(ada)
    cas_.put_xorb(made)
    await inside.works.blobs.remove(blob_name(hashes.to_text(made.xorb_hash)))
    answer = cas_.put_shard(made.shard())
    assert (answer.status_code, answer.json()["code"]) == (400, "xorb_unknown")
    assert cas_.put_xorb(made).json() == {"was_inserted": False}
    assert cas_.put_shard(made.shard()).status_code == 200


async def test_an_organisation_cannot_fill_the_disk_with_what_it_never_uses(
    inside: Container, ada: Publisher, tmp_path: Path
) -> None:
    made = make("hoarding")
    intake = XorbIntake(
        inside.core.database,
        inside.works.blobs,
        folder=tmp_path,
        settings=msgspec.structs.replace(inside.xet.xet.settings, max_unused_bytes=1),
    )
    token = await ada.token("write")
    grant = await inside.xet.tokens.admit(f"Bearer {token.token}", access="write")
    with pytest.raises(XorbsWaiting):
        await intake.receive(grant, hashes.to_text(made.xorb_hash), sent(made))
    assert await kept(inside, made.xorb_hash) == (False, False)


async def test_what_interrupted_requests_left_is_swept(inside: Container) -> None:
    folder = inside.core.settings.data_path / "xorbs"
    folder.mkdir(exist_ok=True)
    old, new = folder / "old", folder / "new"
    for path in (old, new):
        path.write_bytes(b"half a xorb")
    long_ago = time.time() - FORGOTTEN_S - 60
    os.utime(old, (long_ago, long_ago))
    assert await inside.xet.xet.xorbs.sweep() == 1
    assert not old.exists()
    new.unlink()


async def test_clean_artifacts_of_some_size_are_made_readable(
    inside: Container, ada: Publisher, tmp_path: Path
) -> None:
    path = tmp_path / "plain.bin"
    path.write_bytes(make("plain job", 100_000).content)
    sha256 = ada.client.upload_file(path).sha256
    delivered = Delivered(
        id=EventId("evt_1"),
        occurred_at=inside.core.clock.now(),
        event=ArtifactScanned(sha256=sha256, state="clean"),
    )
    for least, expected in ((100_001, 0), (100_000, 1)):
        settings = XetSettings(plain_min_bytes=least)
        started = Started()
        handler = view_handler(started, inside.works.artifacts, settings=settings)
        async with inside.core.database.transaction(SYSTEM) as uow:
            await handler.run(uow, [delivered])
        assert len(started.arguments) == expected
        async with inside.core.database.transaction(SYSTEM) as uow:
            await uow.execute(
                "UPDATE works.artifacts SET scan_state = 'clean' WHERE sha256 = %(sha256)s",
                sha256=sha256,
            )
            await start_overdue(uow, started, inside.works.artifacts, settings=settings)
        found = [one for one in started.arguments.values() if one["sha256"] == sha256]
        assert len(found) == 2 * expected
    await inside.xet.viewer.make_readable(sha256)
    started = Started()
    async with inside.core.database.transaction(SYSTEM) as uow:
        await start_overdue(uow, started, inside.works.artifacts, settings=settings)
    assert sha256 not in {one["sha256"] for one in started.arguments.values()}


def test_the_grace_is_longer_than_clients_remember() -> None:
    assert XetSettings().xorb_grace_hours > 21 * 24
    with pytest.raises(ValueError, match="xorb_grace_hours"):
        msgspec.convert({"xorb_grace_hours": 24}, XetSettings)
