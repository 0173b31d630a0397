"""What pages ask of sites: origins of their owners' own behind the CDN."""

from typing import Protocol

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk_client.contracts.cdn import Purge, PurgeRequest
from souk_client.contracts.sites import Site, SiteRequest, SiteUpdate


class Sites(Protocol):
    """Sites of an organisation."""

    async def all(
        self, uow: UnitOfWork, actor: Actor, *, organisation_id: str | None
    ) -> list[Site]:
        """An organisation's sites, the newest first."""
        ...

    async def get(self, uow: UnitOfWork, actor: Actor, site_id: str) -> Site:
        """One of them."""
        ...

    async def create(self, uow: UnitOfWork, actor: Actor, wanted: SiteRequest) -> Site:
        """Puts an origin behind the CDN."""
        ...

    async def change(self, uow: UnitOfWork, actor: Actor, site_id: str, wanted: SiteUpdate) -> Site:
        """Changes what is given."""
        ...

    async def remove(self, uow: UnitOfWork, actor: Actor, site_id: str) -> None:
        """Ends a site."""
        ...


class Purging(Protocol):
    """What nodes shall forget."""

    async def purge(self, actor: Actor, wanted: PurgeRequest) -> Purge:
        """Lets every node forget something; opens its own transactions."""
        ...
