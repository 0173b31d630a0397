"""Alerts: limits that operators set, looked at every few seconds."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import structlog

from souk.delivery.cdn import alert_store, figures_store, nodes_store
from souk.delivery.cdn.alert_model import Limit, Open, is_sound, step
from souk.delivery.cdn.alert_store import OpenRow
from souk.delivery.cdn.errors import (
    AlertRuleInvalid,
    AlertRulesFull,
    AlertRuleUnknown,
    RegionUnknown,
)
from souk.delivery.cdn.events import CdnAlertChanged
from souk.delivery.cdn.figures_model import Prices, UsageRow, served
from souk.delivery.cdn.fleet import PERMISSION, Fleet
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.ids import new_id
from souk_client.contracts.cdn_figures import AlertRule, AlertRuleRequest, CdnAlert

EVERY_S: Final = 5.0
WINDOW: Final = timedelta(minutes=5)
KEEP: Final = timedelta(days=400)
MAX_RULES: Final = 100
ALL: Final = "all"

audit = structlog.get_logger("souk.audit")


class _Names(NamedTuple):
    """What of a rule never changes."""

    id: str
    created_by: str
    created_at: datetime


class Alerting:
    """Rules and what came of them (admins)."""

    def __init__(self, *, fleet: Fleet) -> None:
        self._fleet = fleet

    async def add(self, uow: UnitOfWork, actor: Actor, wanted: AlertRuleRequest) -> AlertRule:
        """A new rule.

        Raises:
            Invalid: `region_unknown`, `alert_rule_invalid`. Conflict: `alert_rules_full`.
        """
        user_id = actor.require(PERMISSION)
        if len(await alert_store.rules(uow)) >= MAX_RULES:
            raise AlertRulesFull(MAX_RULES)
        rule = await self._rule(uow, wanted, _Names(new_id("alr", uow.now), user_id, uow.now))
        await alert_store.put_rule(uow, rule)
        audit.info("an alert rule was made", rule=rule.id, by=user_id)
        return rule

    async def change(
        self, uow: UnitOfWork, actor: Actor, rule_id: str, wanted: AlertRuleRequest
    ) -> AlertRule:
        """A rule anew; what was open by it ends.

        Raises:
            NotFound: `alert_rule_unknown`. Invalid: `region_unknown`, `alert_rule_invalid`.
        """
        user_id = actor.require(PERMISSION)
        before = await self.get(uow, actor, rule_id)
        rule = await self._rule(
            uow, wanted, _Names(before.id, before.created_by, before.created_at)
        )
        await alert_store.put_rule(uow, rule)
        await alert_store.forget_open(uow, rule_id)
        audit.info("an alert rule was changed", rule=rule_id, by=user_id)
        return rule

    async def get(self, uow: UnitOfWork, actor: Actor, rule_id: str) -> AlertRule:
        """One rule. Raises NotFound `alert_rule_unknown`."""
        actor.require(PERMISSION)
        found = await alert_store.rule(uow, rule_id)
        if found is None:
            raise AlertRuleUnknown()
        return found

    async def rules(self, uow: UnitOfWork, actor: Actor) -> Sequence[AlertRule]:
        """Every rule."""
        actor.require(PERMISSION)
        return await alert_store.rules(uow)

    async def remove(self, uow: UnitOfWork, actor: Actor, rule_id: str) -> None:
        """Ends a rule, and its history with it. Raises NotFound `alert_rule_unknown`."""
        user_id = actor.require(PERMISSION)
        if not await alert_store.remove_rule(uow, rule_id):
            raise AlertRuleUnknown()
        audit.info("an alert rule was ended", rule=rule_id, by=user_id)

    async def history(self, uow: UnitOfWork, actor: Actor, *, limit: int) -> Sequence[CdnAlert]:
        """What limits were crossed, the newest first."""
        actor.require(PERMISSION)
        return await alert_store.history(uow, limit=limit)

    async def look(self, uow: UnitOfWork) -> None:
        """Looks at every rule once (system scope)."""
        await alert_store.forget(uow, before=uow.now - KEEP)
        rules = [rule for rule in await alert_store.rules(uow) if rule.enabled]
        if not rules:
            return
        opened = {(row.rule_id, row.subject): row for row in await alert_store.open_alerts(uow)}
        values = await self._values(uow, {rule.region for rule in rules})
        for rule in rules:
            subject = rule.region or ALL
            value = values[rule.region].get(rule.metric)
            await self._step(uow, rule, opened.get((rule.id, subject)), value)

    async def _step(
        self, uow: UnitOfWork, rule: AlertRule, row: OpenRow | None, value: float | None
    ) -> None:
        before = None if row is None else Open(raised=row.state == "raised", since=row.since)
        after = step(_limit(rule), before, value, now=uow.now)
        alert_id = row.id if row is not None else new_id("ala", uow.now)
        if after is None:
            if row is not None:
                await alert_store.drop(uow, row.id)
            return
        if value is None:
            return
        if row is None:
            await alert_store.begin(
                uow, alert_id, rule_id=rule.id, subject=rule.region or ALL, value=value
            )
        await alert_store.note(uow, alert_id, state=after, value=value)
        if after != "pending" and (row is None or after != row.state):
            uow.publish(
                CdnAlertChanged(
                    alert_id=alert_id,
                    rule_id=rule.id,
                    name=rule.name,
                    metric=rule.metric,
                    subject=rule.region or ALL,
                    state=after,
                    value=value,
                    threshold=rule.threshold,
                    above=rule.above,
                    created_by=rule.created_by,
                )
            )

    async def _values(
        self, uow: UnitOfWork, regions: set[str]
    ) -> dict[str, dict[str, float | None]]:
        usage = await figures_store.usage(uow, since=uow.now - WINDOW)
        today = uow.now.date()
        good = await figures_store.availability(uow, first=today, until=today + timedelta(days=1))
        nodes = [
            (row, self._fleet.state(row, uow.now))
            for row in await nodes_store.nodes(uow)
            if row.seen_at is not None
        ]
        found = {}
        for region in regions:
            loads = [
                row.load for row, state in nodes if state == "ready" and region in {"", row.region}
            ]
            silent = sum(
                state == "down" and row.reported != "down" and region in {"", row.region}
                for row, state in nodes
            )
            days = [row for row in good if row.kind == "region" and region in {"", row.subject}]
            expected = sum(row.expected for row in days)
            found[region] = {
                **_served_values([row for row in usage if region in {"", row.region}]),
                "load": sum(loads) / len(loads) if loads else None,
                "nodes_ready": float(len(loads)),
                "nodes_silent": float(silent),
                "availability": sum(row.good for row in days) / expected if expected else None,
            }
        return found

    async def _rule(self, uow: UnitOfWork, wanted: AlertRuleRequest, names: _Names) -> AlertRule:
        if wanted.region and wanted.region not in {
            row.name for row in await nodes_store.regions(uow)
        }:
            raise RegionUnknown(wanted.region)
        rule = AlertRule(
            id=names.id,
            name=wanted.name,
            metric=wanted.metric,
            region=wanted.region,
            above=wanted.above,
            threshold=wanted.threshold,
            clear_at=wanted.threshold if wanted.clear_at is None else wanted.clear_at,
            for_s=wanted.for_s,
            enabled=wanted.enabled,
            created_by=names.created_by,
            created_at=names.created_at,
        )
        if not is_sound(_limit(rule)):
            raise AlertRuleInvalid()
        return rule


def _limit(rule: AlertRule) -> Limit:
    return Limit(
        above=rule.above, threshold=rule.threshold, clear_at=rule.clear_at, for_s=rule.for_s
    )


def _served_values(rows: Sequence[UsageRow]) -> dict[str, float | None]:
    seconds = WINDOW.total_seconds()
    all_of = served(rows, key=ALL, region="", seconds=seconds, prices=Prices({}), minutes={})
    return {
        "error_ratio": all_of.error_ratio,
        "hit_ratio": all_of.hit_ratio,
        "p95_ms": None if all_of.p95_ms is None else float(all_of.p95_ms),
        "egress_bytes_per_s": all_of.bytes_sent / seconds,
    }
