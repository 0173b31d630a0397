"""What other contexts may do with sites. System scope where a method says so."""

from typing import Literal, Protocol

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk_client.contracts.sites import Site, SiteRules


class CdnSites(Protocol):
    """Sites as contexts above the CDN need them."""

    async def get(self, uow: UnitOfWork, actor: Actor, site_id: str) -> Site:
        """A site of one of the caller's organisations. Raises NotFound `site_unknown`."""
        ...

    async def managed(self, uow: UnitOfWork, actor: Actor, site_id: str) -> Site:
        """A site that the caller may change. Raises NotFound, Forbidden `site_not_yours`."""
        ...

    async def of_assets(
        self,
        uow: UnitOfWork,
        *,
        organisation_id: str,
        name: str,
        upstream: str,
        rules: SiteRules,
        by: str,
    ) -> str:
        """Makes a site of kind `assets`; its id.

        Args:
            upstream: a path at the marketplace, such as `/assets/org_…`, from which nodes fetch.
        """
        ...

    async def prove_host(
        self, uow: UnitOfWork, site_id: str, host: str, *, proven: bool, by: str
    ) -> None:
        """Notes that a name of a site is proven to be its owner's, or is no longer; nodes hear of
        it at once. Raises NotFound `site_host_unknown`, Conflict `host_taken`."""
        ...

    async def touch(self, uow: UnitOfWork, site_id: str, *, by: str) -> None:
        """Lets nodes hear anew what a site is: something that it is told with has changed."""
        ...

    async def forget(
        self, uow: UnitOfWork, *, kind: Literal["url", "tag", "prefix"], value: str, by: str
    ) -> None:
        """Purges at every node, pushed after the commit: `url` `/s/<site id>/path?query`, `tag`
        `site:<site id>` or `tag:<site id>:<surrogate key>`, `prefix` `/s/<site id>/…`."""
        ...
