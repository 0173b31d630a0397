"""Use cases of the CDN: routes, purges, residency, configuration, figures."""

from collections.abc import Sequence
from datetime import timedelta

import structlog

from souk.delivery.cdn import log_store, nodes_store
from souk.delivery.cdn.errors import PurgeInvalid, RegionUnknown
from souk.delivery.cdn.fleet import PERMISSION
from souk.delivery.cdn.log_store import Configuration
from souk.delivery.cdn.model import percentile_ms
from souk.delivery.cdn.routing import Routing
from souk.delivery.cdn.signing import EdgeTickets
from souk.delivery.cdn.site_addresses import site_of_address, site_of_path
from souk.delivery.cdn.site_news import touch_sites_of
from souk.delivery.cdn.telling import Telling
from souk.edge.protocol import CommandKind
from souk.edge.sites import SITE_PATH
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Forbidden, Invalid
from souk.works.listings.api import Listings
from souk_client.contracts.cdn import (
    CdnConfiguration,
    CdnConfigurationChange,
    CdnTraffic,
    NodeTraffic,
    PurgeRequest,
    Residency,
    ResidencyRequest,
)

audit = structlog.get_logger("souk.audit")


class CdnService:
    """What operators and sellers do with the CDN."""

    def __init__(
        self, *, listings: Listings, telling: Telling, routing: Routing, signing: EdgeTickets
    ) -> None:
        self._listings = listings
        self._signing = signing
        self._telling = telling
        self._routing = routing

    async def order_purge(self, uow: UnitOfWork, actor: Actor, wanted: PurgeRequest) -> int:
        """Writes a purge down; its number. The caller pushes it once it is committed.

        Admins may purge anything; a seller what is tagged as their own, and addresses of it.

        Raises:
            Forbidden: `purge_not_yours`. Invalid: `purge_value_invalid`.
        """
        user_id = actor.require_user()
        kind, value, owner = await self._purge(uow, wanted)
        if "marketplace:administer" not in actor.permissions and (
            owner is None or not actor.manages(owner)
        ):
            raise Forbidden(
                "purge_not_yours", "Sellers may purge what is tagged as theirs; admins everything."
            )
        async with uow.as_system():
            number = await self._telling.append(uow, kind=kind, value=value, by=user_id)
        audit.info("a purge was ordered", kind=kind, value=value[:200], by=user_id)
        return number

    async def configuration(self, uow: UnitOfWork, actor: Actor) -> CdnConfiguration:
        """What the operator has set."""
        actor.require(PERMISSION)
        return _configuration(await log_store.configuration(uow))

    async def configure(
        self, uow: UnitOfWork, actor: Actor, change: CdnConfigurationChange
    ) -> CdnConfiguration:
        """Sets it anew. Raises Invalid `region_unknown`."""
        user_id = actor.require(PERMISSION)
        await self._check_regions(
            uow, [name for name in (change.default_region, change.shield_region) if name]
        )
        wanted = Configuration(
            redirects=change.redirects,
            default_region=change.default_region,
            shield_region=change.shield_region,
        )
        await log_store.configure(uow, wanted, by=user_id)
        uow.after_commit(self._routing.forget)
        return _configuration(wanted)

    async def residency(
        self, uow: UnitOfWork, actor: Actor, organisation_id: str | None
    ) -> list[Residency]:
        """Where an organisation's bytes may lie; the caller's own when None.

        Raises:
            NotFound: `organisation_unknown`, also when it is of others.
        """
        organisation = actor.acting_for(organisation_id)
        rows = await log_store.residency(uow, organisation_id=organisation)
        return [
            Residency(
                organisation_id=row.organisation_id,
                listing_id=row.listing_id or None,
                regions=row.regions,
            )
            for row in rows
        ]

    async def set_residency(
        self, uow: UnitOfWork, actor: Actor, wanted: ResidencyRequest
    ) -> Residency:
        """Says where an organisation's bytes may lie; an empty list lifts the rule.

        What nodes elsewhere have is purged, and tickets given out before end within five minutes.

        Raises:
            Forbidden: `purge_not_yours` for who does not manage it. Invalid: `region_unknown`.
        """
        user_id = actor.require_user()
        owner = wanted.organisation_id
        if wanted.listing_id is not None:
            listing = await self._listings.get(uow, wanted.listing_id)
            if listing.owner.id != owner:
                raise Invalid("listing_not_theirs", "This work is not of that organisation.")
        if not actor.manages(owner) and "marketplace:administer" not in actor.permissions:
            raise Forbidden("residency_not_yours", "Managers of the seller set its residency.")
        async with uow.as_system():
            await self._check_regions(uow, wanted.regions)
            await log_store.set_residency(
                uow,
                organisation_id=owner,
                listing_id=wanted.listing_id or "",
                regions=wanted.regions,
                by=user_id,
            )
            tag = f"listing:{wanted.listing_id}" if wanted.listing_id else f"organisation:{owner}"
            await self._telling.append(uow, kind="tag", value=tag, by=user_id)
            if wanted.listing_id is None and await touch_sites_of(uow, owner):
                await self._telling.append(uow, kind="sites", value="", by=user_id)
        self._telling.push_after(uow)
        return Residency(
            organisation_id=owner, listing_id=wanted.listing_id, regions=wanted.regions
        )

    async def traffic(
        self, uow: UnitOfWork, actor: Actor, *, hours: int, organisation_id: str | None
    ) -> CdnTraffic:
        """What was served in the last hours: an organisation's, or for admins everybody's."""
        if organisation_id is None:
            actor.require(PERMISSION)
        else:
            organisation_id = actor.acting_for(organisation_id)
        since = uow.now - timedelta(hours=hours)
        async with uow.as_system():
            rows = await log_store.traffic(uow, since=since, organisation_id=organisation_id)
        nodes = [
            NodeTraffic(
                node_id=row.node_id,
                region=row.region or "",
                requests=row.requests,
                errors=row.errors,
                bytes_sent=row.bytes_sent,
                hit_ratio=_ratio(row.hit_bytes, row.bytes_sent),
                p50_ms=percentile_ms(row.latency, 0.5),
                p95_ms=percentile_ms(row.latency, 0.95),
            )
            for row in rows
        ]
        return CdnTraffic(
            since=since,
            requests=sum(row.requests for row in rows),
            errors=sum(row.errors for row in rows),
            bytes_sent=sum(row.bytes_sent for row in rows),
            hit_ratio=_ratio(sum(r.hit_bytes for r in rows), sum(r.bytes_sent for r in rows)),
            nodes=nodes,
        )

    async def _purge(
        self, uow: UnitOfWork, wanted: PurgeRequest
    ) -> tuple[CommandKind, str, str | None]:
        """The command, and whose content it is about when that is one seller's."""
        if wanted.kind == "all":
            return "all", "", None
        if wanted.kind == "prefix":
            if not wanted.value.startswith("/"):
                raise PurgeInvalid("A prefix begins with /, such as /seller/work/.")
            site = await site_of_path(uow, wanted.value)
            return "prefix", wanted.value, None if site is None else site.owner_organisation_id
        if wanted.kind == "url":
            found = await site_of_address(uow, wanted.value)
            if found is not None:
                return "url", found.key, found.owner_organisation_id
            ticket = await self._signing.made_here(wanted.value)
            if ticket is None:
                raise PurgeInvalid("This is no address at a node of this marketplace.")
            return "artifact", ticket.sha256, ticket.organisation_id
        kind, _, value = wanted.value.partition(":")
        if kind in {"site", "tag"} and value:
            site = await site_of_path(uow, f"{SITE_PATH}{value.partition(':')[0]}/")
            if site is None:
                raise PurgeInvalid("There is no such site.")
            return "tag", wanted.value, site.owner_organisation_id
        if kind not in {"listing", "organisation", "artifact"} or not value:
            raise PurgeInvalid(
                "A tag is listing:…, organisation:…, artifact:…, site:… or tag:<site>:<key>."
            )
        if kind == "organisation":
            return "tag", wanted.value, value
        if kind == "listing":
            return "tag", wanted.value, (await self._listings.get(uow, value)).owner.id
        return "artifact", value, None

    async def _check_regions(self, uow: UnitOfWork, names: Sequence[str]) -> None:
        known = {region.name for region in await nodes_store.regions(uow)}
        for name in names:
            if name not in known:
                raise RegionUnknown(name)


def _configuration(found: Configuration) -> CdnConfiguration:
    return CdnConfiguration(
        redirects=found.redirects,
        default_region=found.default_region,
        shield_region=found.shield_region,
    )


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
