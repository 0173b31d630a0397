"""The SQL of nodes, regions and join tokens. System scope."""

from datetime import datetime

import msgspec

from souk.edge.protocol import Heartbeat
from souk.infra.postgres.uow import UnitOfWork


class RegionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A region."""

    name: str
    title: str
    continent: str
    latitude: float
    longitude: float


class NodeRow(msgspec.Struct, frozen=True, kw_only=True):
    """A node as it is stored."""

    id: str
    region: str
    url: str
    is_local: bool
    wanted: str
    reported: str
    secret_digest: bytes
    next_digest: bytes | None
    secret_since: datetime
    joined_at: datetime
    seen_at: datetime | None
    load: float
    downloads: int
    used_bytes: int
    cache_bytes: int
    damaged: int
    not_stored: int
    applied: int
    usage_number: int
    latitude: float
    longitude: float


_NODES = """
    SELECT n.*, r.latitude, r.longitude
    FROM cdn.nodes n JOIN cdn.regions r ON r.name = n.region
    WHERE n.wanted <> 'removed'
"""


async def regions(uow: UnitOfWork) -> list[RegionRow]:
    return await uow.all(RegionRow, "SELECT * FROM cdn.regions ORDER BY continent, name")


async def nodes(uow: UnitOfWork) -> list[NodeRow]:
    """Every node that was not removed."""
    return await uow.all(NodeRow, f"{_NODES} ORDER BY n.region, n.id")


async def node(uow: UnitOfWork, node_id: str, *, lock: bool = False) -> NodeRow | None:
    held = "FOR UPDATE OF n" if lock else ""
    return await uow.one_or_none(NodeRow, f"{_NODES} AND n.id = %(id)s {held}", id=node_id)


async def add_join_token(
    uow: UnitOfWork, *, digest: bytes, region: str, created_by: str, expires_at: datetime
) -> None:
    await uow.execute(
        "INSERT INTO cdn.join_tokens VALUES (%(digest)s, %(region)s, %(by)s, %(now)s, %(until)s)",
        digest=digest,
        region=region,
        by=created_by,
        now=uow.now,
        until=expires_at,
    )


async def use_join_token(uow: UnitOfWork, *, digest: bytes, region: str) -> bool:
    """Uses a token up; False when there is no such one that is still good."""
    used = await uow.execute(
        """
        UPDATE cdn.join_tokens SET used_at = %(now)s
        WHERE digest = %(digest)s AND region = %(region)s AND used_at IS NULL
          AND expires_at > %(now)s
        """,
        digest=digest,
        region=region,
        now=uow.now,
    )
    return used == 1


async def add_node(
    uow: UnitOfWork,
    *,
    node_id: str,
    region: str,
    url: str,
    is_local: bool,
    digest: bytes,
    applied: int,
) -> None:
    await uow.execute(
        """
        INSERT INTO cdn.nodes (id, region, url, is_local, wanted, reported, secret_digest,
                               secret_since, joined_at, applied)
        VALUES (%(id)s, %(region)s, %(url)s, %(local)s, 'ready', 'joining', %(digest)s, %(now)s,
                %(now)s, %(applied)s)
        """,
        id=node_id,
        region=region,
        url=url,
        local=is_local,
        digest=digest,
        now=uow.now,
        applied=applied,
    )


async def join_again(
    uow: UnitOfWork, node_id: str, *, region: str, url: str, digest: bytes
) -> None:
    """A node that was one already has another address or secret."""
    await uow.execute(
        """
        UPDATE cdn.nodes SET region = %(region)s, url = %(url)s, reported = 'joining',
               secret_digest = %(digest)s, next_digest = NULL, secret_since = %(now)s
        WHERE id = %(id)s
        """,
        id=node_id,
        region=region,
        url=url,
        digest=digest,
        now=uow.now,
    )


async def note_heartbeat(uow: UnitOfWork, node_id: str, beat: Heartbeat) -> None:
    await uow.execute(
        """
        UPDATE cdn.nodes
        SET reported = %(state)s, seen_at = %(now)s, load = %(load)s, downloads = %(downloads)s,
            used_bytes = %(used)s, cache_bytes = %(cache)s, damaged = %(damaged)s,
            not_stored = %(not_stored)s, applied = %(applied)s
        WHERE id = %(id)s
        """,
        id=node_id,
        now=uow.now,
        state=beat.state,
        load=beat.load,
        downloads=beat.downloads,
        used=beat.used_bytes,
        cache=beat.cache_bytes,
        damaged=beat.damaged,
        not_stored=beat.not_stored,
        applied=beat.applied,
    )


async def note_applied(uow: UnitOfWork, node_id: str, applied: int) -> None:
    await uow.execute(
        "UPDATE cdn.nodes SET applied = greatest(applied, %(applied)s) WHERE id = %(id)s",
        id=node_id,
        applied=applied,
    )


async def offer_secret(uow: UnitOfWork, node_id: str, digest: bytes) -> None:
    await uow.execute(
        "UPDATE cdn.nodes SET next_digest = %(digest)s WHERE id = %(id)s",
        id=node_id,
        digest=digest,
    )


async def take_secret(uow: UnitOfWork, node_id: str) -> None:
    """The offered secret was used: the one before it is over."""
    await uow.execute(
        """
        UPDATE cdn.nodes
        SET secret_digest = next_digest, next_digest = NULL, secret_since = %(now)s
        WHERE id = %(id)s AND next_digest IS NOT NULL
        """,
        id=node_id,
        now=uow.now,
    )


async def want(uow: UnitOfWork, node_id: str, state: str) -> bool:
    changed = await uow.execute(
        "UPDATE cdn.nodes SET wanted = %(state)s WHERE id = %(id)s AND wanted <> 'removed'",
        id=node_id,
        state=state,
    )
    return changed == 1


async def forget(uow: UnitOfWork, *, tokens_before: datetime, nodes_before: datetime) -> None:
    """Removes old tokens, and nodes that were removed, or are local and gone."""
    await uow.execute(
        "DELETE FROM cdn.join_tokens WHERE expires_at < %(before)s", before=tokens_before
    )
    await uow.execute(
        """
        DELETE FROM cdn.nodes
        WHERE (wanted = 'removed' OR is_local) AND coalesce(seen_at, joined_at) < %(before)s
        """,
        before=nodes_before,
    )
