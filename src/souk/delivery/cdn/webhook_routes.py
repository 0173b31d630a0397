"""HTTP: webhooks for alerts of the CDN (admins)."""

from litestar import delete, get, post

from souk.delivery.cdn.webhooks import Webhooks
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk_client.contracts.cdn_figures import AlertWebhookMade, AlertWebhookRequest, AlertWebhooks


@get("/cdn/alert-webhooks", tags=["delivery"])
async def list_webhooks(uow: UnitOfWork, actor: Actor, alert_webhooks: Webhooks) -> AlertWebhooks:
    """Where alerts are sent to, and how the last sending went (admins)."""
    return AlertWebhooks(items=await alert_webhooks.all(uow, actor))


@post("/cdn/alert-webhooks", tags=["delivery"])
async def add_webhook(
    data: AlertWebhookRequest, uow: UnitOfWork, actor: Actor, alert_webhooks: Webhooks
) -> AlertWebhookMade:
    """Sends alerts to an address from now on; the secret that signs them is shown once (admins)."""
    return await alert_webhooks.add(uow, actor, data)


@delete("/cdn/alert-webhooks/{webhook_id:str}", tags=["delivery"])
async def remove_webhook(
    webhook_id: str, uow: UnitOfWork, actor: Actor, alert_webhooks: Webhooks
) -> None:
    """Ends a webhook (admins)."""
    await alert_webhooks.remove(uow, actor, webhook_id)


ROUTES = [list_webhooks, add_webhook, remove_webhook]
