"""Addresses of sites, as who purges writes them, and the names that nodes keep answers under."""

from urllib.parse import urlsplit

import msgspec

from souk.delivery.cdn import sites_store
from souk.delivery.cdn.sites_store import SiteRow
from souk.edge.http_cache.keys import key_of, target_of
from souk.edge.sites import SITE_PATH, Site, SiteRules, host_name
from souk.infra.postgres.uow import UnitOfWork


class SiteAddress(msgspec.Struct, frozen=True, kw_only=True):
    """An address of a site."""

    owner_organisation_id: str
    key: str
    """As nodes name what they keep of it."""


async def site_of_path(uow: UnitOfWork, path: str) -> SiteRow | None:
    """The site of a path such as `/s/<site id>/…`, whoever asks: to know whose it is."""
    site_id, slash, _ = path.removeprefix(SITE_PATH).partition("/")
    if not path.startswith(SITE_PATH) or not slash:
        return None
    async with uow.as_system():
        return await sites_store.site(uow, site_id, organisation_ids=None)


async def site_of_address(uow: UnitOfWork, address: str) -> SiteAddress | None:
    """What an address is about: by its host name, or below SITE_PATH at any node; None when it is
    no site's."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    async with uow.as_system():
        row = await sites_store.site_named(uow, host_name(parts.netloc))
    path = parts.path or "/"
    if row is None:
        row = await site_of_path(uow, path)
        if row is None:
            return None
        path = path.removeprefix(f"{SITE_PATH}{row.id}")
    site = Site(
        id=row.id,
        organisation_id=row.owner_organisation_id,
        kind=row.kind,
        upstream=row.upstream,
        rules=msgspec.convert(row.rules, SiteRules),
    )
    key = key_of(site.id, target_of(site, path, parts.query))
    return SiteAddress(owner_organisation_id=row.owner_organisation_id, key=key)
