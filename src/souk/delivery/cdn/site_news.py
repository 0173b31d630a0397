"""What a node is told of sites with its heartbeat, and the same when sites change for others."""

import msgspec

from souk.delivery.cdn import sites_store
from souk.delivery.cdn.sites_store import SiteRow
from souk.edge.sites import MAX_NEWS, Site, SiteNews, SiteRules
from souk.infra.postgres.uow import UnitOfWork


async def site_news(uow: UnitOfWork, since: int) -> SiteNews | None:
    """What has changed since this number; None when nothing has. System scope."""
    newest = await sites_store.newest(uow)
    if since == newest:
        return None
    whole = since > newest  # home was restored from a backup: its numbers mean other changes
    rows = await sites_store.changed_since(uow, 0 if whole else since, limit=MAX_NEWS)
    more = len(rows) == MAX_NEWS
    return SiteNews(
        number=rows[-1].number if more else newest,
        whole=whole,
        more=more,
        sites=tuple(_site(row) for row in rows if row.removed_at is None),
        removed=tuple(row.id for row in rows if row.removed_at is not None),
    )


async def touch_sites_of(uow: UnitOfWork, organisation_id: str) -> bool:
    """Where an organisation's bytes may lie has changed: nodes hear of its sites anew; whether it
    has any. System scope."""
    rows = await sites_store.sites_of(uow, organisation_id)
    for row in rows:
        number = await sites_store.next_number(uow)
        await sites_store.touch(uow, row.id, number=number)
    return bool(rows)


def _site(row: SiteRow) -> Site:
    return Site(
        id=row.id,
        organisation_id=row.owner_organisation_id,
        kind=row.kind,
        hosts=tuple(row.proven),
        upstream=row.upstream,
        regions=tuple(row.regions),
        rules=msgspec.convert(row.rules, SiteRules),
    )
