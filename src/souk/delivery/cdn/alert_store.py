"""The SQL of alerts. System scope."""

from datetime import datetime

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk_client.contracts.cdn_figures import AlertRule, CdnAlert


class OpenRow(msgspec.Struct, frozen=True, kw_only=True):
    """An alert that is not over."""

    id: str
    rule_id: str
    subject: str
    state: str
    since: datetime


async def rules(uow: UnitOfWork) -> list[AlertRule]:
    return await uow.all(AlertRule, "SELECT * FROM cdn.alert_rules ORDER BY created_at, id")


async def rule(uow: UnitOfWork, rule_id: str) -> AlertRule | None:
    return await uow.one_or_none(
        AlertRule, "SELECT * FROM cdn.alert_rules WHERE id = %(id)s", id=rule_id
    )


async def put_rule(uow: UnitOfWork, one: AlertRule) -> None:
    """A new rule, or an old one anew."""
    await uow.execute(
        """
        INSERT INTO cdn.alert_rules VALUES (%(id)s, %(name)s, %(metric)s, %(region)s, %(above)s,
            %(threshold)s, %(clear_at)s, %(for_s)s, %(enabled)s, %(by)s, %(at)s)
        ON CONFLICT (id) DO UPDATE
        SET name = excluded.name, metric = excluded.metric, region = excluded.region,
            above = excluded.above, threshold = excluded.threshold, clear_at = excluded.clear_at,
            for_s = excluded.for_s, enabled = excluded.enabled
        """,
        id=one.id,
        name=one.name,
        metric=one.metric,
        region=one.region,
        above=one.above,
        threshold=one.threshold,
        clear_at=one.clear_at,
        for_s=one.for_s,
        enabled=one.enabled,
        by=one.created_by,
        at=one.created_at,
    )


async def remove_rule(uow: UnitOfWork, rule_id: str) -> bool:
    return await uow.execute("DELETE FROM cdn.alert_rules WHERE id = %(id)s", id=rule_id) == 1


async def forget_open(uow: UnitOfWork, rule_id: str) -> None:
    """A rule means something else now: what is open by it is over, and nobody is told."""
    await uow.execute(
        "DELETE FROM cdn.alerts WHERE rule_id = %(rule)s AND state = 'pending'", rule=rule_id
    )
    await uow.execute(
        "UPDATE cdn.alerts SET state = 'cleared', cleared_at = %(now)s "
        "WHERE rule_id = %(rule)s AND state = 'raised'",
        rule=rule_id,
        now=uow.now,
    )


async def open_alerts(uow: UnitOfWork) -> list[OpenRow]:
    return await uow.all(
        OpenRow,
        "SELECT id, rule_id, subject, state, since FROM cdn.alerts WHERE state <> 'cleared'",
    )


async def begin(
    uow: UnitOfWork, alert_id: str, *, rule_id: str, subject: str, value: float
) -> None:
    await uow.execute(
        "INSERT INTO cdn.alerts (id, rule_id, subject, state, value, since) "
        "VALUES (%(id)s, %(rule)s, %(subject)s, 'pending', %(value)s, %(now)s)",
        id=alert_id,
        rule=rule_id,
        subject=subject,
        value=value,
        now=uow.now,
    )


async def note(uow: UnitOfWork, alert_id: str, *, state: str, value: float) -> None:
    await uow.execute(
        """
        UPDATE cdn.alerts SET state = %(state)s, value = %(value)s,
            raised_at = CASE WHEN %(state)s = 'raised' THEN coalesce(raised_at, %(now)s)
                             ELSE raised_at END,
            cleared_at = CASE WHEN %(state)s = 'cleared' THEN %(now)s::timestamptz END
        WHERE id = %(id)s
        """,
        id=alert_id,
        state=state,
        value=value,
        now=uow.now,
    )


async def drop(uow: UnitOfWork, alert_id: str) -> None:
    await uow.execute("DELETE FROM cdn.alerts WHERE id = %(id)s", id=alert_id)


async def history(uow: UnitOfWork, *, limit: int) -> list[CdnAlert]:
    """The newest first."""
    return await uow.all(
        CdnAlert,
        """
        SELECT a.id, a.rule_id, r.name, r.metric, a.subject, a.state, a.value, a.since,
               a.raised_at, a.cleared_at
        FROM cdn.alerts a JOIN cdn.alert_rules r ON r.id = a.rule_id
        ORDER BY a.since DESC, a.id DESC LIMIT %(limit)s
        """,
        limit=limit,
    )


async def forget(uow: UnitOfWork, *, before: datetime) -> None:
    await uow.execute(
        "DELETE FROM cdn.alerts WHERE state = 'cleared' AND cleared_at < %(before)s", before=before
    )
