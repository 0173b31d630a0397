"""What was served, what it cost and saved, how available it was, and what it will need."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

import structlog

from souk.delivery.cdn import figures_store, nodes_store, scaling_store
from souk.delivery.cdn.errors import MonthInvalid, NodeUnknown, PricesInvalid, RegionUnknown
from souk.delivery.cdn.figures_model import HOME, Price, Prices, UsageRow, grouped, served
from souk.delivery.cdn.fleet import PERMISSION, Fleet
from souk.delivery.cdn.forecast_model import Band, Outlook, outlook
from souk.delivery.cdn.settings import CdnSettings
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk_client.contracts.cdn_figures import (
    Availability,
    AvailabilityReport,
    CdnAnalytics,
    CdnPrice,
    CdnPrices,
    CdnPricesRequest,
    Forecast,
    ForecastPoint,
    NodeMetrics,
    Served,
)

MAX_SELLERS: Final = 50
FINE_HOURS: Final = 6
"""Up to so many hours the series is by minute, then by hour."""
HISTORY: Final = timedelta(days=28)
_TARGET_LOAD: Final = 0.7
"""Where a region has no scaling policy."""

audit = structlog.get_logger("souk.audit")


class Figures:
    """Figures for operators, and for sellers about their own works."""

    def __init__(self, *, fleet: Fleet, settings: CdnSettings) -> None:
        self._fleet = fleet
        self._settings = settings

    async def analytics(
        self, uow: UnitOfWork, actor: Actor, *, hours: int, organisation_id: str | None
    ) -> CdnAnalytics:
        """What was served in the last hours: an organisation's, or for admins everybody's.

        Raises:
            NotFound: `organisation_unknown`, also when it is of others.
        """
        if organisation_id is None:
            actor.require(PERMISSION)
        else:
            organisation_id = actor.acting_for(organisation_id)
        async with uow.as_system():
            return await self._analytics(
                uow, since=uow.now - timedelta(hours=hours), organisation_id=organisation_id
            )

    async def node_metrics(
        self, uow: UnitOfWork, actor: Actor, node_id: str, *, hours: int
    ) -> NodeMetrics:
        """One node in the last hours (admins). Raises NotFound `node_unknown`."""
        actor.require(PERMISSION)
        node = await nodes_store.node(uow, node_id)
        if node is None:
            raise NodeUnknown()
        since = uow.now - timedelta(hours=hours)
        ran = await figures_store.minutes_run(uow, since=since)
        rows = await figures_store.usage(uow, since=since, node_id=node_id)
        prices, _ = await self._prices(uow)
        return NodeMetrics(
            node_id=node_id,
            served=served(
                rows,
                key=node_id,
                region=node.region,
                seconds=hours * 3600,
                prices=prices,
                minutes={node.region: ran.get((node.region, node_id), 0)},
            ),
            series=await figures_store.series(
                uow, since=since, bucket_s=_bucket_s(hours), node_id=node_id
            ),
            minutes=await figures_store.node_minutes(uow, node_id, since=since),
        )

    async def prices(self, uow: UnitOfWork, actor: Actor) -> CdnPrices:
        """What regions cost (admins)."""
        actor.require(PERMISSION)
        rows = await figures_store.prices(uow)
        return CdnPrices(
            currency=rows[0].currency if rows else None,
            prices=[
                CdnPrice(
                    region=row.region,
                    egress_micros_per_gb=row.egress_micros_per_gb,
                    hour_micros=row.hour_micros,
                )
                for row in rows
            ],
        )

    async def set_prices(
        self, uow: UnitOfWork, actor: Actor, wanted: CdnPricesRequest
    ) -> CdnPrices:
        """Sets every price anew (admins).

        Raises:
            Invalid: `region_unknown`, `cdn_prices_invalid` (a region twice).
        """
        user_id = actor.require(PERMISSION)
        known = {HOME, *(row.name for row in await nodes_store.regions(uow))}
        names = [one.region for one in wanted.prices]
        for name in names:
            if name not in known:
                raise RegionUnknown(name)
        if len(set(names)) != len(names):
            raise PricesInvalid()
        await figures_store.set_prices(uow, wanted.prices, currency=wanted.currency, by=user_id)
        audit.info("prices of the CDN were set", by=user_id)
        return await self.prices(uow, actor)

    async def availability(
        self, uow: UnitOfWork, actor: Actor, *, month: str | None
    ) -> AvailabilityReport:
        """Regions and nodes in a month, this one when None (admins).

        Raises:
            Invalid: `month_invalid`.
        """
        actor.require(PERMISSION)
        first = _first_of(month, uow.now)
        until = (first + timedelta(days=32)).replace(day=1)
        target = self._settings.availability_target
        items = []
        for row in await figures_store.availability(uow, first=first, until=until):
            share = row.good / row.expected if row.expected else None
            items.append(
                Availability(
                    kind="region" if row.kind == "region" else "node",
                    subject=row.subject,
                    region=row.region,
                    expected_minutes=row.expected,
                    good_minutes=row.good,
                    availability=None if share is None else round(share, 6),
                    met=None if share is None else share >= target,
                )
            )
        return AvailabilityReport(month=first.strftime("%Y-%m"), target=target, items=items)

    async def forecast(self, uow: UnitOfWork, actor: Actor, *, region: str, days: int) -> Forecast:
        """What will be needed in the days to come (admins). Raises Invalid `region_unknown`."""
        actor.require(PERMISSION)
        if region and region not in {row.name for row in await nodes_store.regions(uow)}:
            raise RegionUnknown(region)
        since = uow.now - HISTORY
        sent = await figures_store.bytes_by_hour(uow, since=since, region=region)
        load = await figures_store.load_by_hour(uow, since=since, region=region)
        ahead = 24 * days
        sent_ahead = outlook({row.hour: row.value for row in sent}, now=uow.now, hours=ahead)
        load_ahead = outlook({row.hour: row.value for row in load}, now=uow.now, hours=ahead)
        serving = [
            row
            for row in await nodes_store.nodes(uow)
            if self._fleet.state(row, uow.now) == "ready" and region in {"", row.region}
        ]
        targets = {row.region: row.target_load for row in await scaling_store.policies(uow)}
        target = targets.get(region, _TARGET_LOAD)
        by_day = _by_day(load_ahead)
        highest = max((point.high for point in by_day), default=None)
        room = len(serving) * target
        return Forecast(
            region=region,
            method=sent_ahead.method if sent_ahead.bands else load_ahead.method,
            hours=max(sent_ahead.hours, load_ahead.hours),
            bytes_per_hour=_by_day(sent_ahead),
            node_load=by_day,
            nodes_now=len(serving),
            target_load=target,
            nodes_needed=None if highest is None else max(1, -int(-highest // target)),
            full_on=next((point.day for point in by_day if point.high > room), None),
        )

    async def _analytics(
        self, uow: UnitOfWork, *, since: datetime, organisation_id: str | None
    ) -> CdnAnalytics:
        rows = await figures_store.usage(uow, since=since, organisation_id=organisation_id)
        prices, currency = await self._prices(uow)
        # Hours belong to whoever runs the nodes, not to one seller.
        ran = {} if organisation_id else await figures_store.minutes_run(uow, since=since)
        seconds = (uow.now - since).total_seconds()
        bucket_s = _bucket_s(seconds / 3600)

        def one(some: Sequence[UsageRow], key: str, region: str, minutes: dict[str, int]) -> Served:
            return served(
                some, key=key, region=region, seconds=seconds, prices=prices, minutes=minutes
            )

        by_node = grouped(rows, lambda row: row.node_id)
        regions = {row.node_id: row.region for row in rows} | {node: name for name, node in ran}
        by_region = grouped(rows, lambda row: row.region)
        in_region: dict[str, int] = {}
        for (name, _), minutes in ran.items():
            in_region[name] = in_region.get(name, 0) + minutes
        sellers = [
            one(some, key, "", {})
            for key, some in grouped(rows, lambda row: row.organisation_id).items()
        ]
        return CdnAnalytics(
            since=since,
            until=uow.now,
            bucket_s=bucket_s,
            currency=currency,
            total=one(rows, "all", "", in_region),
            nodes=[
                one(by_node.get(node, []), node, name, {name: ran.get((name, node), 0)})
                for node, name in sorted(regions.items())
            ],
            regions=[
                one(by_region.get(name, []), name, name, {name: in_region.get(name, 0)})
                for name in sorted(by_region.keys() | in_region.keys())
            ],
            sellers=sorted(sellers, key=lambda seller: -seller.bytes_sent)[:MAX_SELLERS],
            series=await figures_store.series(
                uow, since=since, bucket_s=bucket_s, organisation_id=organisation_id
            ),
        )

    async def _prices(self, uow: UnitOfWork) -> tuple[Prices, str | None]:
        rows = await figures_store.prices(uow)
        found = {
            row.region: Price(
                egress_micros_per_gb=row.egress_micros_per_gb, hour_micros=row.hour_micros
            )
            for row in rows
        }
        return Prices(found), rows[0].currency if rows else None


def _bucket_s(hours: float) -> int:
    return 60 if hours <= FINE_HOURS else 3600


def _first_of(month: str | None, now: datetime) -> date:
    if month is None:
        return now.astimezone(UTC).date().replace(day=1)
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError as error:
        raise MonthInvalid(month) from error
    if first.year > now.year:
        raise MonthInvalid(month)
    return first


def _by_day(found: Outlook) -> list[ForecastPoint]:
    """Each day's busiest hour."""
    days: dict[date, Band] = {}
    for band in found.bands:
        day = band.at.date()
        if day not in days or band.middle > days[day].middle:
            days[day] = band
    return [
        ForecastPoint(
            day=day, low=round(band.low, 4), middle=round(band.middle, 4), high=round(band.high, 4)
        )
        for day, band in sorted(days.items())
    ]
