"""Decides every few seconds what lies where ahead of its users."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from souk.delivery.cdn import log_store, nodes_store, placement_store
from souk.delivery.cdn.fleet import Fleet
from souk.delivery.cdn.placement import PREFETCH_FOR
from souk.delivery.cdn.placement_model import Cause, Holder, Wanted, follow_demand, plan
from souk.delivery.cdn.placement_store import RuleRow
from souk.delivery.cdn.settings import CdnSettings
from souk.delivery.cdn.slicing import Slicing
from souk.infra.outbox.handlers import Delivered, Handler
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.errors import NotFound
from souk.kernel.ids import new_id
from souk.works.listings.api import Listings
from souk.works.listings.events import VersionPublished

EVERY_S: Final = 3.0
KEEP_DEMAND: Final = timedelta(days=2)


class _Work(msgspec.Struct, frozen=True):
    """A published work's files, and where they may lie."""

    id: str
    organisation_id: str
    address: str
    files: dict[str, tuple[int, str]]
    """Size and last name, by sha256."""
    allowed: list[str]


class Planner:
    """Puts rules, demand, residency and room together."""

    def __init__(
        self, *, listings: Listings, slicing: Slicing, fleet: Fleet, settings: CdnSettings
    ) -> None:
        self._listings = listings
        self._slicing = slicing
        self._fleet = fleet
        self._settings = settings

    async def run(self, uow: UnitOfWork) -> None:
        """One round (system scope)."""
        settings = self._settings
        await placement_store.forget(uow, demand_before=uow.now - KEEP_DEMAND)
        asked = await placement_store.demand(
            uow,
            since=uow.now - timedelta(seconds=settings.demand_window_s),
            at_least=settings.demand_requests,
        )
        replicas = follow_demand(
            await placement_store.replicas(uow),
            asked,
            now=uow.now,
            threshold=settings.demand_requests,
            cool_down_s=settings.demand_cool_down_s,
        )
        await placement_store.set_replicas(uow, replicas)
        works: dict[str, _Work | None] = {}
        wanted: list[Wanted] = []
        for rule in await placement_store.rules(uow):
            work = await self._work(uow, works, rule.listing_id)
            if rule.kind != "publish" and work is not None:
                wanted += await self._of_rule(uow, rule, work)
        for replica in replicas:
            work = await self._work(uow, works, replica.listing_id)
            if work is not None and replica.sha256 in work.files:
                wanted += await self._files(
                    uow,
                    work,
                    [replica.sha256],
                    regions=[replica.region],
                    copies=replica.copies,
                    cause="demand",
                    at=replica.since,
                )
        holders = await self._holders(uow)
        await placement_store.set_placed(
            uow, plan(wanted, holders), nodes=[holder.node_id for holder in holders]
        )

    async def _of_rule(self, uow: UnitOfWork, rule: RuleRow, work: _Work) -> list[Wanted]:
        files = [one for one in work.files if rule.sha256 in {"", one}]
        await placement_store.note_size(uow, rule.id, sum(work.files[one][0] for one in files))
        return await self._files(
            uow,
            work,
            files,
            regions=rule.regions,
            copies=rule.copies,
            cause="pin" if rule.kind == "pin" else "prefetch",
            at=rule.created_at,
            rule_id=rule.id,
        )

    async def _files(
        self,
        uow: UnitOfWork,
        work: _Work,
        files: Sequence[str],
        *,
        regions: Sequence[str],
        copies: int,
        cause: Cause,
        at: datetime,
        rule_id: str = "",
    ) -> list[Wanted]:
        found = []
        for sha256 in files:
            size_bytes, filename = work.files[sha256]
            root = await self._slicing.root(uow, sha256, size_bytes)
            if root is None:
                continue  # its slices are being hashed: the next round has it
            found += [
                Wanted(
                    sha256=sha256,
                    size_bytes=size_bytes,
                    root=root,
                    listing_id=work.id,
                    organisation_id=work.organisation_id,
                    address=work.address,
                    filename=filename,
                    region=region,
                    copies=copies,
                    cause=cause,
                    rule_id=rule_id,
                    at=at,
                )
                for region in regions
                if not work.allowed or region in work.allowed
            ]
        return found

    async def _work(
        self, uow: UnitOfWork, known: dict[str, _Work | None], listing_id: str
    ) -> _Work | None:
        if listing_id and listing_id not in known:
            known[listing_id] = await self._look_up(uow, listing_id)
        return known.get(listing_id)

    async def _look_up(self, uow: UnitOfWork, listing_id: str) -> _Work | None:
        try:
            listing = await self._listings.get(uow, listing_id)
            version = await self._listings.latest_version(uow, listing_id)
        except NotFound:
            return None
        if listing.state != "published" or listing.hidden or version is None:
            return None
        return _Work(
            listing.id,
            listing.owner.id,
            listing.address,
            {
                file.sha256: (file.size_bytes, file.path.rpartition("/")[2])
                for file in version.files
            },
            await log_store.regions_of(
                uow, organisation_id=listing.owner.id, listing_id=listing.id
            ),
        )

    async def _holders(self, uow: UnitOfWork) -> list[Holder]:
        return [
            Holder(
                node_id=row.id,
                region=row.region,
                budget_bytes=int(row.cache_bytes * self._settings.pin_share),
            )
            for row in await nodes_store.nodes(uow)
            if self._fleet.state(row, uow.now) == "ready"
        ]


def publish_handler() -> Handler:
    """A version was published: rules of the kind `publish` make a prefetch of it."""

    async def run(uow: UnitOfWork, delivered: Sequence[Delivered[VersionPublished]]) -> None:
        for one in delivered:
            event = one.event
            for rule in await placement_store.rules(uow, organisation_id=event.organisation_id):
                if rule.kind == "publish" and rule.listing_id in {"", event.listing_id}:
                    await placement_store.add_rule(
                        uow,
                        msgspec.structs.replace(
                            rule,
                            id=new_id("plc", uow.now),
                            listing_id=event.listing_id,
                            kind="prefetch",
                            created_at=uow.now,
                            ends_at=uow.now + PREFETCH_FOR,
                        ),
                    )

    return Handler(name="cdn.publish", events=(VersionPublished,), run=run, batch=20)
