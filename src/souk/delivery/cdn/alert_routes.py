"""HTTP: alerts of the CDN (admins)."""

from typing import Annotated

from litestar import delete, get, post, put
from litestar.params import Parameter

from souk.delivery.cdn.alerting import Alerting
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk_client.contracts.cdn_figures import AlertRule, AlertRuleRequest, AlertRules, CdnAlerts

Limit = Annotated[int, Parameter(ge=1, le=500)]


@get("/cdn/alert-rules", tags=["delivery"])
async def list_rules(uow: UnitOfWork, actor: Actor, alerting: Alerting) -> AlertRules:
    """The limits that admins are told of (admins)."""
    return AlertRules(items=[*await alerting.rules(uow, actor)])


@post("/cdn/alert-rules", tags=["delivery"])
async def add_rule(
    data: AlertRuleRequest, uow: UnitOfWork, actor: Actor, alerting: Alerting
) -> AlertRule:
    """Sets a limit (admins)."""
    return await alerting.add(uow, actor, data)


@get("/cdn/alert-rules/{rule_id:str}", tags=["delivery"])
async def show_rule(rule_id: str, uow: UnitOfWork, actor: Actor, alerting: Alerting) -> AlertRule:
    """One limit (admins)."""
    return await alerting.get(uow, actor, rule_id)


@put("/cdn/alert-rules/{rule_id:str}", tags=["delivery"])
async def change_rule(
    rule_id: str, data: AlertRuleRequest, uow: UnitOfWork, actor: Actor, alerting: Alerting
) -> AlertRule:
    """Sets a limit anew; what was open by it ends (admins)."""
    return await alerting.change(uow, actor, rule_id, data)


@delete("/cdn/alert-rules/{rule_id:str}", tags=["delivery"])
async def remove_rule(rule_id: str, uow: UnitOfWork, actor: Actor, alerting: Alerting) -> None:
    """Ends a limit, and its history with it (admins)."""
    await alerting.remove(uow, actor, rule_id)


@get("/cdn/alerts", tags=["delivery"])
async def list_alerts(
    uow: UnitOfWork, actor: Actor, alerting: Alerting, limit: Limit = 50
) -> CdnAlerts:
    """Every time that a limit was crossed, the newest first (admins)."""
    return CdnAlerts(items=[*await alerting.history(uow, actor, limit=limit)])


ROUTES = [list_rules, add_rule, show_rule, change_rule, remove_rule, list_alerts]
