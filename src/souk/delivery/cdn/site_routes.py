"""HTTP: origins that their owners put behind the CDN."""

from litestar import delete, get, patch, post

from souk.delivery.cdn.sites import SiteService
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk_client.contracts.sites import Site, SiteRequest, Sites, SiteUpdate

_TAGS = ["delivery"]


@get("/cdn/sites", tags=_TAGS)
async def list_sites(
    uow: UnitOfWork, actor: Actor, sites: SiteService, organisation_id: str | None = None
) -> Sites:
    """An organisation's sites, the newest first; the caller's own without one. All on one page."""
    return Sites(items=await sites.all(uow, actor, organisation_id=organisation_id))


@post("/cdn/sites", tags=_TAGS)
async def create_site(data: SiteRequest, uow: UnitOfWork, actor: Actor, sites: SiteService) -> Site:
    """Puts an origin behind the CDN: a moment later every node serves it below `path`."""
    return await sites.create(uow, actor, data)


@get("/cdn/sites/{site_id:str}", tags=_TAGS)
async def get_site(site_id: str, uow: UnitOfWork, actor: Actor, sites: SiteService) -> Site:
    """One site of the caller's organisations."""
    return await sites.get(uow, actor, site_id)


@patch("/cdn/sites/{site_id:str}", tags=_TAGS)
async def change_site(
    site_id: str, data: SiteUpdate, uow: UnitOfWork, actor: Actor, sites: SiteService
) -> Site:
    """Changes a site's origin, names or rules; what is left out stays as it is."""
    return await sites.change(uow, actor, site_id, data)


@delete("/cdn/sites/{site_id:str}", tags=_TAGS)
async def remove_site(site_id: str, uow: UnitOfWork, actor: Actor, sites: SiteService) -> None:
    """Ends a site: nodes serve it no longer and forget what they have of it."""
    await sites.remove(uow, actor, site_id)


ROUTES = [list_sites, create_site, get_site, change_site, remove_site]
