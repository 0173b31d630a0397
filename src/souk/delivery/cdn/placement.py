"""Placement: rules that put works near their users ahead, and popular files that follow demand."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import structlog

from souk.delivery.cdn import log_store, nodes_store, placement_store
from souk.delivery.cdn.errors import (
    FileUnknown,
    PlacementsFull,
    PlacementUnknown,
    RegionNotAllowed,
    RegionUnknown,
)
from souk.delivery.cdn.fleet import PERMISSION
from souk.delivery.cdn.placement_store import PlacedSum, RuleRow
from souk.delivery.cdn.settings import CdnSettings
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Forbidden, Invalid
from souk.kernel.ids import new_id
from souk.works.listings.api import Listings
from souk_client.contracts.cdn_operations import (
    PlacedAt,
    Placement,
    PlacementRequest,
    Replica,
    Replicas,
)

PREFETCH_FOR: Final = timedelta(hours=24)

audit = structlog.get_logger("souk.audit")


class PlacementService:
    """What sellers and operators say about where bytes lie ahead of their users."""

    def __init__(self, *, listings: Listings, settings: CdnSettings) -> None:
        self._listings = listings
        self._settings = settings

    async def add(self, uow: UnitOfWork, actor: Actor, wanted: PlacementRequest) -> Placement:
        """Makes a rule; nodes hear of it with a heartbeat soon after.

        Raises:
            Forbidden: `placement_not_yours`. NotFound: `listing_unknown`.
            Invalid: `region_unknown`, `region_not_allowed`, `file_unknown`,
            `placement_listing_needed`. Conflict: `placements_full`.
        """
        user_id = actor.require_user()
        organisation_id, size_bytes = await self._about(uow, actor, wanted)
        if not actor.manages(organisation_id) and PERMISSION not in actor.permissions:
            raise Forbidden(
                "placement_not_yours", "Managers of the seller say where its works are kept ahead."
            )
        async with uow.as_system():
            await self._check_regions(uow, organisation_id, wanted)
            await self._check_room(uow, organisation_id, wanted, size_bytes=size_bytes)
            rule = RuleRow(
                id=new_id("plc", uow.now),
                organisation_id=organisation_id,
                listing_id=wanted.listing_id or "",
                sha256=wanted.sha256 or "",
                kind=wanted.kind,
                regions=list(dict.fromkeys(wanted.regions)),
                copies=wanted.copies,
                size_bytes=size_bytes,
                created_by=user_id,
                created_at=uow.now,
                ends_at=uow.now + PREFETCH_FOR if wanted.kind == "prefetch" else None,
            )
            await placement_store.add_rule(uow, rule)
            await placement_store.note_size(uow, rule.id, size_bytes)
        audit.info("a placement was made", placement=rule.id, kind=rule.kind, by=user_id)
        return _shown(rule, [])

    async def list(
        self, uow: UnitOfWork, actor: Actor, organisation_id: str | None
    ) -> Sequence[Placement]:
        """An organisation's rules, the caller's own when None.

        Raises:
            NotFound: `organisation_unknown`, also when it is of others.
        """
        organisation = organisation_id
        if organisation is None or PERMISSION not in actor.permissions:
            organisation = actor.acting_for(organisation_id)
        async with uow.as_system():
            rules = await placement_store.rules(uow, organisation_id=organisation)
            sums = await placement_store.sums(uow, [rule.id for rule in rules])
        return [_shown(rule, sums) for rule in rules]

    async def get(self, uow: UnitOfWork, actor: Actor, placement_id: str) -> Placement:
        """One rule. Raises NotFound `placement_unknown`."""
        rule = await self._own(uow, actor, placement_id)
        async with uow.as_system():
            return _shown(rule, await placement_store.sums(uow, [rule.id]))

    async def remove(self, uow: UnitOfWork, actor: Actor, placement_id: str) -> None:
        """Ends a rule: from then on the caches decide about these files.

        Raises:
            NotFound: `placement_unknown`. Forbidden: `placement_not_yours`.
        """
        rule = await self._own(uow, actor, placement_id)
        if not actor.manages(rule.organisation_id) and PERMISSION not in actor.permissions:
            raise Forbidden("placement_not_yours", "Managers of the seller end its placements.")
        async with uow.as_system():
            await placement_store.remove_rule(uow, rule.id)
        audit.info("a placement was ended", placement=rule.id, by=actor.user_id)

    async def replicas(self, uow: UnitOfWork, actor: Actor) -> Replicas:
        """What follows demand now (admins)."""
        actor.require(PERMISSION)
        settings = self._settings
        since = uow.now - timedelta(seconds=settings.demand_window_s)
        counts = {
            (one.region, one.sha256): one.requests
            for one in await placement_store.demand(uow, since=since, at_least=1)
        }
        return Replicas(
            items=[
                Replica(
                    region=row.region,
                    sha256=row.sha256,
                    listing_id=row.listing_id,
                    organisation_id=row.organisation_id,
                    copies=row.copies,
                    since=row.since,
                    requests=counts.get((row.region, row.sha256), 0),
                )
                for row in await placement_store.replicas(uow)
            ],
            threshold=settings.demand_requests,
            window_s=settings.demand_window_s,
            cool_down_s=settings.demand_cool_down_s,
        )

    async def _about(
        self, uow: UnitOfWork, actor: Actor, wanted: PlacementRequest
    ) -> tuple[str, int]:
        """Whose works a rule is about, and how many bytes as things are."""
        if wanted.listing_id is None:
            if wanted.kind != "publish" or wanted.sha256 is not None:
                raise Invalid(
                    "placement_listing_needed", "Name the work; only `publish` may be about all."
                )
            organisation_id = wanted.organisation_id
            if organisation_id is None or PERMISSION not in actor.permissions:
                organisation_id = actor.acting_for(organisation_id)
            return organisation_id, 0
        listing = await self._listings.get(uow, wanted.listing_id)
        version = await self._listings.latest_version(uow, listing.id)
        files = [] if version is None else version.files
        if wanted.sha256 is not None:
            files = [file for file in files if file.sha256 == wanted.sha256]
            if not files:
                raise FileUnknown()
        return listing.owner.id, sum({file.sha256: file.size_bytes for file in files}.values())

    async def _check_regions(
        self, uow: UnitOfWork, organisation_id: str, wanted: PlacementRequest
    ) -> None:
        known = {region.name for region in await nodes_store.regions(uow)}
        allowed = await log_store.regions_of(
            uow, organisation_id=organisation_id, listing_id=wanted.listing_id or ""
        )
        for region in wanted.regions:
            if region not in known:
                raise RegionUnknown(region)
            if allowed and region not in allowed:
                raise RegionNotAllowed(region)

    async def _check_room(
        self, uow: UnitOfWork, organisation_id: str, wanted: PlacementRequest, *, size_bytes: int
    ) -> None:
        rules = await placement_store.rules(uow, organisation_id=organisation_id)
        held = sum(
            rule.size_bytes * len(rule.regions) * rule.copies
            for rule in rules
            if rule.kind == "pin"
        )
        more = size_bytes * len(set(wanted.regions)) * wanted.copies if wanted.kind == "pin" else 0
        if len(rules) >= self._settings.placements_each or held + more > self._settings.pin_bytes:
            raise PlacementsFull(
                rules=self._settings.placements_each, size_bytes=self._settings.pin_bytes
            )

    async def _own(self, uow: UnitOfWork, actor: Actor, placement_id: str) -> RuleRow:
        actor.require_user()
        async with uow.as_system():
            rule = await placement_store.rule(uow, placement_id)
        if rule is None or not (
            actor.belongs_to(rule.organisation_id) or PERMISSION in actor.permissions
        ):
            raise PlacementUnknown()
        return rule


def _shown(rule: RuleRow, sums: Sequence[PlacedSum]) -> Placement:
    return Placement(
        id=rule.id,
        organisation_id=rule.organisation_id,
        listing_id=rule.listing_id or None,
        kind=rule.kind,  # type: ignore[arg-type]  # the column's constraint
        sha256=rule.sha256 or None,
        regions=rule.regions,
        copies=rule.copies,
        size_bytes=rule.size_bytes,
        created_at=rule.created_at,
        ends_at=rule.ends_at,
        nodes=[
            PlacedAt(
                node_id=one.node_id,
                region=one.region,
                files=one.files,
                size_bytes=one.size_bytes,
                held_bytes=one.held_bytes,
                complete=one.done == one.files,
            )
            for one in sums
            if one.rule_id == rule.id
        ],
    )
