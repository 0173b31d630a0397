"""The SQL of sites: who owns which, under what names, and what nodes have not heard of yet."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from souk.infra.postgres.uow import UnitOfWork


class SiteRow(msgspec.Struct, frozen=True, kw_only=True):
    """A site as it is stored."""

    id: str
    owner_organisation_id: str
    kind: Literal["origin", "assets"]
    name: str
    upstream: str
    rules: dict[str, object]
    number: int
    created_at: datetime
    changed_at: datetime
    removed_at: datetime | None
    hosts: list[str]
    """Every name, in their order."""
    proven: list[str]
    """Those of them that are proven."""
    regions: list[str]
    """Where its owner's bytes may lie; everywhere when empty."""


_SITES = """
    SELECT s.id, s.owner_organisation_id, s.kind, s.name, s.upstream, s.rules, s.number,
           s.created_at, s.changed_at, s.removed_at,
           ARRAY(SELECT h.host FROM cdn.site_hosts h WHERE h.site_id = s.id ORDER BY h.host)
               AS hosts,
           ARRAY(SELECT h.host FROM cdn.site_hosts h
                 WHERE h.site_id = s.id AND h.proven_at IS NOT NULL ORDER BY h.host) AS proven,
           coalesce((SELECT r.regions FROM cdn.residency r
                     WHERE r.organisation_id = s.owner_organisation_id AND r.listing_id = ''),
                    '{}') AS regions
    FROM cdn.sites s
"""


async def site(
    uow: UnitOfWork, site_id: str, *, organisation_ids: Sequence[str] | None
) -> SiteRow | None:
    """A site that was not removed; of one of these organisations, or of any when None."""
    return await uow.one_or_none(
        SiteRow,
        f"{_SITES} WHERE s.id = %(id)s AND s.removed_at IS NULL "
        "AND (%(owners)s::text[] IS NULL OR s.owner_organisation_id = ANY(%(owners)s))",
        id=site_id,
        owners=None if organisation_ids is None else list(organisation_ids),
    )


async def sites_of(uow: UnitOfWork, organisation_id: str) -> list[SiteRow]:
    """An organisation's sites, the newest first."""
    return await uow.all(
        SiteRow,
        f"{_SITES} WHERE s.owner_organisation_id = %(id)s AND s.removed_at IS NULL "
        "ORDER BY s.created_at DESC, s.id",
        id=organisation_id,
    )


async def site_named(uow: UnitOfWork, host: str) -> SiteRow | None:
    """The site that a proven name belongs to. System scope."""
    return await uow.one_or_none(
        SiteRow,
        f"{_SITES} JOIN cdn.site_hosts n ON n.site_id = s.id "
        "WHERE n.host = %(host)s AND n.proven_at IS NOT NULL AND s.removed_at IS NULL",
        host=host,
    )


async def next_number(uow: UnitOfWork) -> int:
    """The number of a change, held until the commit. System scope."""
    return int(await uow.value("UPDATE cdn.site_log SET newest = newest + 1 RETURNING newest"))


async def newest(uow: UnitOfWork) -> int:
    """The number of the newest change. System scope."""
    return int(await uow.value("SELECT newest FROM cdn.site_log"))


async def changed_since(uow: UnitOfWork, number: int, *, limit: int) -> list[SiteRow]:
    """Sites that have changed since, removed ones too, in the order of their changes."""
    return await uow.all(
        SiteRow,
        f"{_SITES} WHERE s.number > %(number)s ORDER BY s.number LIMIT %(limit)s",
        number=number,
        limit=limit,
    )


async def add_site(
    uow: UnitOfWork,
    *,
    site_id: str,
    organisation_id: str,
    kind: Literal["origin", "assets"],
    name: str,
    upstream: str,
    rules: bytes,
    number: int,
    by: str,
) -> None:
    await uow.execute(
        """
        INSERT INTO cdn.sites (id, owner_organisation_id, kind, name, upstream, rules, number,
                               created_by, created_at, changed_at)
        VALUES (%(id)s, %(owner)s, %(kind)s, %(name)s, %(upstream)s, %(rules)s::jsonb, %(number)s,
                %(by)s, %(now)s, %(now)s)
        """,
        id=site_id,
        owner=organisation_id,
        kind=kind,
        name=name,
        upstream=upstream,
        rules=rules.decode(),
        number=number,
        by=by,
        now=uow.now,
    )


async def change_site(
    uow: UnitOfWork, site_id: str, *, name: str, upstream: str, rules: bytes, number: int
) -> None:
    await uow.execute(
        """
        UPDATE cdn.sites SET name = %(name)s, upstream = %(upstream)s, rules = %(rules)s::jsonb,
               number = %(number)s, changed_at = %(now)s
        WHERE id = %(id)s
        """,
        id=site_id,
        name=name,
        upstream=upstream,
        rules=rules.decode(),
        number=number,
        now=uow.now,
    )


async def touch(uow: UnitOfWork, site_id: str, *, number: int) -> None:
    """Something about it has changed that lies elsewhere: nodes have to hear of it."""
    await uow.execute(
        "UPDATE cdn.sites SET number = %(number)s, changed_at = %(now)s WHERE id = %(id)s",
        id=site_id,
        number=number,
        now=uow.now,
    )


async def remove_site(uow: UnitOfWork, site_id: str, *, number: int) -> None:
    await uow.execute("DELETE FROM cdn.site_hosts WHERE site_id = %(id)s", id=site_id)
    await uow.execute(
        "UPDATE cdn.sites SET removed_at = %(now)s, number = %(number)s WHERE id = %(id)s",
        id=site_id,
        number=number,
        now=uow.now,
    )


async def set_hosts(
    uow: UnitOfWork, site_id: str, *, organisation_id: str, hosts: Sequence[str]
) -> None:
    """The names of a site; those that stay keep their proof."""
    await uow.execute(
        "DELETE FROM cdn.site_hosts WHERE site_id = %(id)s AND NOT host = ANY(%(hosts)s)",
        id=site_id,
        hosts=list(hosts),
    )
    await uow.execute(
        """
        INSERT INTO cdn.site_hosts (site_id, owner_organisation_id, host, added_at)
        SELECT %(id)s, %(owner)s, host, %(now)s FROM unnest(%(hosts)s::text[]) AS host
        ON CONFLICT DO NOTHING
        """,
        id=site_id,
        owner=organisation_id,
        hosts=list(hosts),
        now=uow.now,
    )


async def prove_host(uow: UnitOfWork, site_id: str, host: str, *, proven: bool) -> bool:
    """Notes whether a name is proven; False when the site has no such name."""
    changed = await uow.execute(
        "UPDATE cdn.site_hosts SET proven_at = CASE WHEN %(proven)s "
        "THEN coalesce(proven_at, %(now)s) END WHERE site_id = %(id)s AND host = %(host)s",
        id=site_id,
        host=host,
        proven=proven,
        now=uow.now,
    )
    return changed == 1
