"""The SQL of devices, releases, receipts and choices."""

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.rights.protection.model import NewReceipt

_DEVICE = "id, user_id, name, exchange_key, signing_key, created_at, last_seen_at, revoked_at"
_RELEASE = """
    licence_id, device_id, organisation_id, user_id, device_name, slot, released_at, offline_until,
    uses_granted, uses_receipted, sequence, last_hash, forked_at, ended_at
"""


class DeviceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A device as it is stored."""

    id: str
    user_id: str
    name: str
    exchange_key: bytes
    signing_key: bytes
    created_at: datetime
    last_seen_at: datetime
    revoked_at: datetime | None


class ReleaseRow(msgspec.Struct, frozen=True, kw_only=True):
    """That a device has a licence's key."""

    licence_id: str
    device_id: str
    organisation_id: str
    user_id: str
    device_name: str
    slot: int
    released_at: datetime
    offline_until: datetime
    uses_granted: int | None
    uses_receipted: int | None
    sequence: int
    last_hash: str
    forked_at: datetime | None
    ended_at: datetime | None


async def add_device(uow: UnitOfWork, device: DeviceRow) -> bool:
    """A new device; False when one of its keys is known."""
    added = await uow.execute(
        f"""
        INSERT INTO protection.devices ({_DEVICE})
        VALUES (%(id)s, %(user_id)s, %(name)s, %(exchange_key)s, %(signing_key)s, %(created_at)s,
            %(last_seen_at)s, %(revoked_at)s)
        ON CONFLICT DO NOTHING
        """,
        **msgspec.structs.asdict(device),
    )
    return added == 1


async def device(uow: UnitOfWork, device_id: str, user_id: str) -> DeviceRow | None:
    """A user's device."""
    return await uow.one_or_none(
        DeviceRow,
        f"SELECT {_DEVICE} FROM protection.devices WHERE id = %(id)s AND user_id = %(user_id)s",
        id=device_id,
        user_id=user_id,
    )


async def device_of_keys(
    uow: UnitOfWork, user_id: str, *, exchange_key: bytes, signing_key: bytes
) -> DeviceRow | None:
    """A user's device with both of these keys."""
    return await uow.one_or_none(
        DeviceRow,
        f"""
        SELECT {_DEVICE} FROM protection.devices
        WHERE user_id = %(user_id)s AND exchange_key = %(exchange)s AND signing_key = %(signing)s
        """,
        user_id=user_id,
        exchange=exchange_key,
        signing=signing_key,
    )


async def devices(uow: UnitOfWork, user_id: str) -> list[DeviceRow]:
    """A user's devices, newest first."""
    return await uow.all(
        DeviceRow,
        f"""
        SELECT {_DEVICE} FROM protection.devices WHERE user_id = %(user_id)s
        ORDER BY revoked_at IS NOT NULL, id DESC LIMIT 1000
        """,
        user_id=user_id,
    )


async def count_devices(uow: UnitOfWork, user_id: str) -> int:
    """How many devices of a user are not revoked."""
    count = await uow.value(
        """
        SELECT count(*) FROM protection.devices
        WHERE user_id = %(user_id)s AND revoked_at IS NULL
        """,
        user_id=user_id,
    )
    return int(count)


async def saw_device(uow: UnitOfWork, device_id: str) -> None:
    """Notes that a device was in contact."""
    await uow.execute(
        "UPDATE protection.devices SET last_seen_at = %(now)s WHERE id = %(id)s",
        id=device_id,
        now=uow.now,
    )


async def revoke_device(uow: UnitOfWork, device_id: str) -> None:
    """Ends a device and all its releases (system scope: some may be of former organisations)."""
    await uow.execute(
        """
        UPDATE protection.devices SET revoked_at = coalesce(revoked_at, %(now)s)
        WHERE id = %(id)s
        """,
        id=device_id,
        now=uow.now,
    )
    await uow.execute(
        """
        UPDATE protection.releases SET ended_at = coalesce(ended_at, %(now)s)
        WHERE device_id = %(id)s
        """,
        id=device_id,
        now=uow.now,
    )


async def lock_licence(uow: UnitOfWork, licence_id: str) -> None:
    """One transaction at a time changes what a licence has released, until it ends."""
    await uow.execute("SELECT pg_advisory_xact_lock(731037, hashtext(%(id)s))", id=licence_id)


async def release(uow: UnitOfWork, licence_id: str, device_id: str) -> ReleaseRow | None:
    """What a licence has released to a device, ended or not."""
    return await uow.one_or_none(
        ReleaseRow,
        f"""
        SELECT {_RELEASE} FROM protection.releases
        WHERE licence_id = %(licence_id)s AND device_id = %(device_id)s
        """,
        licence_id=licence_id,
        device_id=device_id,
    )


async def releases_of_devices(uow: UnitOfWork, device_ids: Collection[str]) -> list[ReleaseRow]:
    """What these devices have, ended or not, newest first."""
    return await uow.all(
        ReleaseRow,
        f"""
        SELECT {_RELEASE} FROM protection.releases WHERE device_id = ANY(%(ids)s)
        ORDER BY released_at DESC, licence_id LIMIT 5000
        """,
        ids=list(device_ids),
    )


async def releases_of_licence(uow: UnitOfWork, licence_id: str) -> list[ReleaseRow]:
    """Who has a licence's key now, by slot."""
    return await uow.all(
        ReleaseRow,
        f"""
        SELECT {_RELEASE} FROM protection.releases
        WHERE licence_id = %(id)s AND ended_at IS NULL ORDER BY slot
        """,
        id=licence_id,
    )


async def free_slot(uow: UnitOfWork, licence_id: str) -> int:
    """The lowest slot that no device has. The licence is locked."""
    taken = {row.slot for row in await releases_of_licence(uow, licence_id)}
    return next(slot for slot in range(1, len(taken) + 2) if slot not in taken)


async def put_release(uow: UnitOfWork, row: ReleaseRow, *, slot_limit: int) -> None:
    """Notes what a device has now; its chain of receipts stays as it is."""
    await uow.execute(
        """
        INSERT INTO protection.releases (licence_id, device_id, organisation_id, user_id,
            device_name, slot, slot_limit, released_at, offline_until, uses_granted, uses_receipted)
        VALUES (%(licence_id)s, %(device_id)s, %(organisation_id)s, %(user_id)s, %(device_name)s,
            %(slot)s, %(slot_limit)s, %(released_at)s, %(offline_until)s, %(uses_granted)s,
            %(uses_receipted)s)
        ON CONFLICT (licence_id, device_id) DO UPDATE
        SET slot = excluded.slot, slot_limit = excluded.slot_limit,
            released_at = excluded.released_at, offline_until = excluded.offline_until,
            uses_granted = excluded.uses_granted, ended_at = NULL
        """,
        slot_limit=slot_limit,
        **msgspec.structs.asdict(row),
    )


async def end_release(uow: UnitOfWork, licence_id: str, device_id: str) -> bool:
    """Takes a licence from a device; False when it did not have it."""
    ended = await uow.execute(
        """
        UPDATE protection.releases SET ended_at = %(now)s
        WHERE licence_id = %(licence_id)s AND device_id = %(device_id)s AND ended_at IS NULL
        """,
        licence_id=licence_id,
        device_id=device_id,
        now=uow.now,
    )
    return ended == 1


async def end_releases_of(uow: UnitOfWork, licence_id: str, organisation_id: str) -> None:
    """Takes a licence from every device of an organisation."""
    await uow.execute(
        """
        UPDATE protection.releases SET ended_at = %(now)s
        WHERE licence_id = %(licence_id)s AND organisation_id = %(organisation_id)s
            AND ended_at IS NULL
        """,
        licence_id=licence_id,
        organisation_id=organisation_id,
        now=uow.now,
    )


async def mark_forked(uow: UnitOfWork, licence_id: str, device_id: str) -> None:
    """Notes that a device's receipts contradict each other."""
    await uow.execute(
        """
        UPDATE protection.releases SET forked_at = coalesce(forked_at, %(now)s)
        WHERE licence_id = %(licence_id)s AND device_id = %(device_id)s
        """,
        licence_id=licence_id,
        device_id=device_id,
        now=uow.now,
    )


async def receipt_hashes(
    uow: UnitOfWork, licence_id: str, device_id: str, sequences: Collection[int]
) -> dict[int, str]:
    """The hashes of those of these receipts that have arrived."""
    rows = await uow.dicts(
        """
        SELECT sequence, hash FROM protection.receipts
        WHERE licence_id = %(licence_id)s AND device_id = %(device_id)s
          AND sequence = ANY(%(sequences)s)
        """,
        licence_id=licence_id,
        device_id=device_id,
        sequences=list(sequences),
    )
    return {row["sequence"]: row["hash"] for row in rows}


async def add_receipts(
    uow: UnitOfWork, release: ReleaseRow, receipts: Sequence[NewReceipt]
) -> None:
    """Takes new receipts in, and moves the chain to the last of them."""
    last = receipts[-1]
    await uow.execute(
        """
        INSERT INTO protection.receipts (licence_id, device_id, organisation_id, sequence, hash,
            previous, uses, total, used_at, received_at, receipt)
        SELECT %(licence_id)s, %(device_id)s, %(organisation_id)s, n.sequence, n.hash, n.previous,
            n.uses, n.total, n.used_at, %(now)s, n.receipt
        FROM unnest(%(sequences)s::bigint[], %(hashes)s::text[], %(previous)s::text[],
            %(uses)s::bigint[], %(totals)s::bigint[], %(used_at)s::timestamptz[],
            %(texts)s::text[]) AS n(sequence, hash, previous, uses, total, used_at, receipt)
        """,
        licence_id=release.licence_id,
        device_id=release.device_id,
        organisation_id=release.organisation_id,
        now=uow.now,
        sequences=[item.receipt.sequence for item in receipts],
        hashes=[item.hash for item in receipts],
        previous=[item.receipt.previous for item in receipts],
        uses=[item.receipt.uses for item in receipts],
        totals=[item.receipt.total for item in receipts],
        used_at=[item.receipt.used_at for item in receipts],
        texts=[item.text for item in receipts],
    )
    await uow.execute(
        """
        UPDATE protection.releases
        SET sequence = %(sequence)s, last_hash = %(hash)s, uses_receipted = %(total)s
        WHERE licence_id = %(licence_id)s AND device_id = %(device_id)s
        """,
        licence_id=release.licence_id,
        device_id=release.device_id,
        sequence=last.receipt.sequence,
        hash=last.hash,
        total=last.receipt.total,
    )


async def choice(uow: UnitOfWork, listing_id: str) -> str:
    """How a listing's files leave: `open` when nobody chose."""
    found = await uow.value(
        "SELECT delivery FROM protection.choices WHERE listing_id = %(id)s", id=listing_id
    )
    return "open" if found is None else str(found)


async def choose(uow: UnitOfWork, listing_id: str, *, organisation_id: str, delivery: str) -> None:
    """Notes a seller's choice."""
    await uow.execute(
        """
        INSERT INTO protection.choices (listing_id, organisation_id, delivery, changed_at)
        VALUES (%(listing_id)s, %(organisation_id)s, %(delivery)s, %(now)s)
        ON CONFLICT (listing_id) DO UPDATE
        SET delivery = excluded.delivery, changed_at = excluded.changed_at
        """,
        listing_id=listing_id,
        organisation_id=organisation_id,
        delivery=delivery,
        now=uow.now,
    )
