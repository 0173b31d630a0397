"""Limits of the CDN's figures, and what came of them."""

from typing import Final

from litestar import Response, get, post
from litestar.response import Redirect

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import SoukError
from souk.web.forms import Form, PageRequest, posted, read
from souk.web.market import Market
from souk.web.pages.addresses import see_other
from souk.web.render import Pages
from souk.web.shell import Shell
from souk_client.contracts.cdn_figures import (
    AlertRuleRequest,
    AlertWebhookMade,
    AlertWebhookRequest,
)

TABS: Final = "/admin/cdn"
HERE: Final = "/admin/cdn/alerts"
METRICS: Final = (
    ("error_ratio", "Share of errors (0 to 1)"),
    ("hit_ratio", "Share from the cache (0 to 1)"),
    ("p95_ms", "First byte, 95 of 100 (ms)"),
    ("load", "Mean load (0 to 1)"),
    ("nodes_ready", "Nodes ready"),
    ("nodes_silent", "Nodes silent"),
    ("egress_bytes_per_s", "Bytes sent a second"),
    ("availability", "Availability today (0 to 1)"),
)
_FIELDS: Final = {"alert_rule_invalid": "clear_at", "region_unknown": "region"}


@get(HERE)
async def alerts_page(
    uow: UnitOfWork, actor: Actor, shell: Shell, pages: Pages, market: Market
) -> Response[str]:
    """Every limit, and every time that one was crossed."""
    form = Form(values={"side": "above", "for_s": "60"})
    return await _page(uow, actor, shell, pages, market, form=form)


@post(HERE, status_code=200)
async def add_rule(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Sets a limit."""
    fields = await posted(request)
    form = fields.form()
    await market.cdn.alerting.rules(uow, actor)  # refuses who may not, before the form is read
    values = {
        name: fields.get(name)
        for name in ("name", "metric", "region", "threshold", "clear_at", "for_s")
    }
    wanted, errors = read(AlertRuleRequest, {**values, "above": fields.get("side") != "below"})
    form = Form(values=form.values, errors=errors)
    if wanted is not None:
        try:
            await market.cdn.alerting.add(uow, actor, wanted)
            return see_other(HERE)
        except SoukError as error:
            form = form.refused(error, _FIELDS)
    return await _page(uow, actor, shell, pages, market, form=form)


@post("/admin/cdn/alerts/{rule_id:str}/remove")
async def remove_rule(rule_id: str, uow: UnitOfWork, actor: Actor, market: Market) -> Redirect:
    """Ends a limit."""
    await market.cdn.alerting.remove(uow, actor, rule_id)
    return see_other(HERE)


@post("/admin/cdn/webhooks", status_code=200)
async def add_webhook(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """Sends alerts to an address from now on, and shows its secret this once."""
    fields = await posted(request)
    await market.cdn.webhooks.all(uow, actor)  # refuses who may not, before the form is read
    wanted, errors = read(AlertWebhookRequest, {"url": fields.get("url")})
    hook_form = Form(values=fields.form().values, errors=errors)
    made: AlertWebhookMade | None = None
    if wanted is not None:
        try:
            made = await market.cdn.webhooks.add(uow, actor, wanted)
            hook_form = Form()
        except SoukError as error:
            hook_form = hook_form.refused(error, {"upstream_invalid": "url"})
    return await _page(
        uow, actor, shell, pages, market, form=Form(), hook_form=hook_form, made=made
    )


@post("/admin/cdn/webhooks/{webhook_id:str}/remove")
async def remove_webhook(
    webhook_id: str, uow: UnitOfWork, actor: Actor, market: Market
) -> Redirect:
    """Ends a webhook."""
    await market.cdn.webhooks.remove(uow, actor, webhook_id)
    return see_other(HERE)


async def _page(
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
    *,
    form: Form,
    hook_form: Form | None = None,
    made: AlertWebhookMade | None = None,
) -> Response[str]:
    hook_form = hook_form or Form()
    wrong = form.errors or form.problem or hook_form.errors or hook_form.problem
    regions = await market.nodes.regions(uow, actor, region=None)
    return pages.answer(
        "pages/admin/cdn_alerts.html",
        shell,
        status=422 if wrong else 200,
        here=TABS,
        at=HERE,
        rules=await market.cdn.alerting.rules(uow, actor),
        history=await market.cdn.alerting.history(uow, actor, limit=50),
        metrics=METRICS,
        metric_names=dict(METRICS),
        region_choices=[("", "All regions"), *((one.name, one.title) for one in regions)],
        form=form,
        webhooks=await market.cdn.webhooks.all(uow, actor),
        hook_form=hook_form,
        made=made,
    )


ROUTES = [alerts_page, add_rule, remove_rule, add_webhook, remove_webhook]
