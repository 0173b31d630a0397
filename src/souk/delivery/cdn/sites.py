"""Use cases of sites: origins of their owners' own, and what nodes are told of them."""

from collections.abc import Sequence
from typing import Literal

import msgspec
import psycopg.errors
import structlog

from souk.delivery.cdn import log_store, sites_store
from souk.delivery.cdn.errors import (
    HostTaken,
    SiteHostUnknown,
    SiteNotYours,
    SiteOfAssets,
    SitesFull,
    SiteUnknown,
    UpstreamInvalid,
)
from souk.delivery.cdn.settings import CdnSettings
from souk.delivery.cdn.sites_store import SiteRow
from souk.delivery.cdn.telling import Telling
from souk.edge.guard import UpstreamRefused, checked_upstream
from souk.edge.sites import SITE_PATH
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.ids import new_id
from souk_client.contracts.sites import Site, SiteHost, SiteRequest, SiteRules, SiteUpdate

OWN_NAME = ".localhost"
"""Names below it are this machine's own everywhere (RFC 6761): nobody's to prove."""

audit = structlog.get_logger("souk.audit")


class SiteService:
    """Implements `api.CdnSites`."""

    def __init__(self, *, telling: Telling, settings: CdnSettings) -> None:
        self._telling = telling
        self._settings = settings

    async def all(
        self, uow: UnitOfWork, actor: Actor, *, organisation_id: str | None
    ) -> list[Site]:
        """An organisation's sites, the newest first; the caller's own when None.

        Raises:
            NotFound: `organisation_unknown`, also when it is of others.
        """
        rows = await sites_store.sites_of(uow, actor.acting_for(organisation_id))
        return [_answer(row) for row in rows]

    async def get(self, uow: UnitOfWork, actor: Actor, site_id: str) -> Site:
        """See `api.CdnSites.get`."""
        return _answer(await self._row(uow, actor, site_id))

    async def managed(self, uow: UnitOfWork, actor: Actor, site_id: str) -> Site:
        """See `api.CdnSites.managed`."""
        return _answer(await self._managed(uow, actor, site_id))

    async def create(self, uow: UnitOfWork, actor: Actor, wanted: SiteRequest) -> Site:
        """Registers an origin; nodes serve it a moment later.

        Raises:
            Forbidden: `site_not_yours` for a member who does not manage the organisation.
            Invalid: `upstream_invalid`. Conflict: `sites_full`, `host_taken`.
        """
        user_id = actor.require_user()
        owner = actor.acting_for(wanted.organisation_id)
        if not actor.manages(owner):
            raise SiteNotYours()
        upstream = self._upstream(wanted.upstream)
        site_id = await self._add(
            uow,
            organisation_id=owner,
            kind="origin",
            name=wanted.name,
            upstream=upstream,
            rules=wanted.rules,
            by=user_id,
        )
        await self._name(uow, site_id, organisation_id=owner, hosts=wanted.hosts)
        await self._tell(uow, by=user_id)
        audit.info("a site was made", site=site_id, upstream=upstream, by=user_id)
        return await self.get(uow, actor, site_id)

    async def change(self, uow: UnitOfWork, actor: Actor, site_id: str, wanted: SiteUpdate) -> Site:
        """Changes what is given; another origin or rule of what names an answer empties its cache.

        Raises:
            NotFound: `site_unknown`. Forbidden: `site_not_yours`.
            Invalid: `upstream_invalid`, also for assets, whose upstream is the marketplace.
            Conflict: `host_taken`.
        """
        user_id = actor.require_user()
        row = await self._managed(uow, actor, site_id)
        upstream = row.upstream
        if wanted.upstream is not None:
            if row.kind != "origin":
                raise UpstreamInvalid("Assets lie at the marketplace; they have no other upstream.")
            upstream = self._upstream(wanted.upstream)
        before = msgspec.convert(row.rules, SiteRules)
        rules = wanted.rules or before
        async with uow.as_system():
            number = await sites_store.next_number(uow)
        await sites_store.change_site(
            uow,
            site_id,
            name=wanted.name or row.name,
            upstream=upstream,
            rules=msgspec.json.encode(rules),
            number=number,
        )
        if wanted.hosts is not None:
            owner = row.owner_organisation_id
            await self._name(uow, site_id, organisation_id=owner, hosts=wanted.hosts)
        other_bytes = upstream != row.upstream or rules.query != before.query
        await self._tell(uow, by=user_id, forget=site_id if other_bytes else None)
        return await self.get(uow, actor, site_id)

    async def remove(self, uow: UnitOfWork, actor: Actor, site_id: str) -> None:
        """Ends a site; nodes forget it. Raises NotFound `site_unknown`, Forbidden, Conflict."""
        user_id = actor.require_user()
        if (await self._managed(uow, actor, site_id)).kind == "assets":
            raise SiteOfAssets()
        async with uow.as_system():
            number = await sites_store.next_number(uow)
        await sites_store.remove_site(uow, site_id, number=number)
        await self._tell(uow, by=user_id, forget=site_id)
        audit.info("a site was removed", site=site_id, by=user_id)

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
        """See `api.CdnSites.of_assets`."""
        site_id = await self._add(
            uow,
            organisation_id=organisation_id,
            kind="assets",
            name=name,
            upstream=upstream,
            rules=rules,
            by=by,
        )
        await self._tell(uow, by=by)
        return site_id

    async def prove_host(
        self, uow: UnitOfWork, site_id: str, host: str, *, proven: bool, by: str
    ) -> None:
        """See `api.CdnSites.prove_host`."""
        async with uow.as_system():
            try:
                known = await sites_store.prove_host(uow, site_id, host, proven=proven)
            except psycopg.errors.UniqueViolation as error:
                raise HostTaken(host) from error
            if not known:
                raise SiteHostUnknown(host)
        await self.touch(uow, site_id, by=by)

    async def touch(self, uow: UnitOfWork, site_id: str, *, by: str) -> None:
        """See `api.CdnSites.touch`."""
        async with uow.as_system():
            number = await sites_store.next_number(uow)
            await sites_store.touch(uow, site_id, number=number)
        await self._tell(uow, by=by)

    async def forget(
        self, uow: UnitOfWork, *, kind: Literal["url", "tag", "prefix"], value: str, by: str
    ) -> None:
        """See `api.CdnSites.forget`."""
        async with uow.as_system():
            await self._telling.append(uow, kind=kind, value=value, by=by)
        self._telling.push_after(uow)

    async def _add(
        self,
        uow: UnitOfWork,
        *,
        organisation_id: str,
        kind: Literal["origin", "assets"],
        name: str,
        upstream: str,
        rules: SiteRules,
        by: str,
    ) -> str:
        async with uow.as_system():
            number = await sites_store.next_number(uow)  # holds others who add at the same time
        if len(await sites_store.sites_of(uow, organisation_id)) >= self._settings.max_sites:
            raise SitesFull(self._settings.max_sites)
        site_id = new_id("sit", uow.now)
        await sites_store.add_site(
            uow,
            site_id=site_id,
            organisation_id=organisation_id,
            kind=kind,
            name=name,
            upstream=upstream,
            rules=msgspec.json.encode(rules),
            number=number,
            by=by,
        )
        return site_id

    async def _name(
        self, uow: UnitOfWork, site_id: str, *, organisation_id: str, hosts: Sequence[str]
    ) -> None:
        names = sorted({host.lower() for host in hosts})
        await sites_store.set_hosts(uow, site_id, organisation_id=organisation_id, hosts=names)
        for host in names:
            if host.endswith(OWN_NAME):
                try:
                    await sites_store.prove_host(uow, site_id, host, proven=True)
                except psycopg.errors.UniqueViolation as error:
                    raise HostTaken(host) from error

    async def _tell(self, uow: UnitOfWork, *, by: str, forget: str | None = None) -> None:
        async with uow.as_system():
            if forget is not None:
                await log_store.append(uow, kind="tag", value=f"site:{forget}", by=by)
            await log_store.append(uow, kind="sites", value="", by=by)
        self._telling.push_after(uow)

    async def _row(self, uow: UnitOfWork, actor: Actor, site_id: str) -> SiteRow:
        actor.require_user()
        row = await sites_store.site(uow, site_id, organisation_ids=list(actor.memberships))
        if row is None:
            raise SiteUnknown()
        return row

    async def _managed(self, uow: UnitOfWork, actor: Actor, site_id: str) -> SiteRow:
        row = await self._row(uow, actor, site_id)
        if not actor.manages(row.owner_organisation_id):
            raise SiteNotYours()
        return row

    def _upstream(self, text: str) -> str:
        try:
            return checked_upstream(text, private_allowed=self._settings.private_upstreams)
        except UpstreamRefused as error:
            raise UpstreamInvalid(str(error)) from error


def _answer(row: SiteRow) -> Site:
    return Site(
        id=row.id,
        organisation_id=row.owner_organisation_id,
        kind=row.kind,
        name=row.name,
        upstream=row.upstream,
        hosts=[SiteHost(host=host, proven=host in row.proven) for host in row.hosts],
        rules=msgspec.convert(row.rules, SiteRules),
        regions=row.regions,
        path=f"{SITE_PATH}{row.id}/",
        created_at=row.created_at,
        changed_at=row.changed_at,
    )
