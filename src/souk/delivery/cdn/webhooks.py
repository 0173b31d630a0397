"""Webhooks for alerts: kept by admins, signed, sent until the receiver takes them.

Signed as Standard Webhooks 1.0 says: HMAC-SHA256 over `id.timestamp.body`, in `webhook-signature`.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

import httpcore
import msgspec
import structlog

from souk.delivery.cdn import webhook_store
from souk.delivery.cdn.errors import UpstreamInvalid, WebhooksFull, WebhookUnknown
from souk.delivery.cdn.events import AlertToSend, CdnAlertChanged
from souk.delivery.cdn.fleet import PERMISSION
from souk.delivery.cdn.settings import CdnSettings
from souk.delivery.cdn.webhook_store import WebhookRow
from souk.edge.guard import GuardedNetwork, UpstreamRefused, checked_upstream
from souk.infra.keyring import Keyring
from souk.infra.outbox.handlers import Delivered, Handler
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.ids import new_id
from souk_client.contracts.cdn_figures import AlertWebhook, AlertWebhookMade, AlertWebhookRequest

MAX_WEBHOOKS: Final = 10
TIMEOUT_S: Final = 10.0
_SEAL: Final = "alert-webhook"
_PREFIX: Final = "whsec_"

audit = structlog.get_logger("souk.audit")


class WebhookFailed(Exception):
    """The receiver did not take it; the outbox tries again, later each time, eight times in all."""


class Webhooks:
    """Where alerts are sent to (admins).

    Args:
        database: notes how sending went, whatever becomes of the delivery.
        keyring: seals the secrets.
        settings: whether receivers may stand in a private network (`private_upstreams`).
    """

    def __init__(self, database: Database, *, keyring: Keyring, settings: CdnSettings) -> None:
        self._database = database
        self._keyring = keyring
        self._settings = settings

    async def add(
        self, uow: UnitOfWork, actor: Actor, wanted: AlertWebhookRequest
    ) -> AlertWebhookMade:
        """A new webhook; its secret is shown this once.

        Raises:
            Forbidden: `permission_missing`. Invalid: `upstream_invalid`.
            Conflict: `webhooks_full`.
        """
        user_id = actor.require(PERMISSION)
        if len(await webhook_store.all_of_them(uow)) >= MAX_WEBHOOKS:
            raise WebhooksFull(MAX_WEBHOOKS)
        try:
            private = self._settings.private_upstreams
            url = checked_upstream(wanted.url, private_allowed=private)
        except UpstreamRefused as error:
            raise UpstreamInvalid(str(error)) from error
        key = secrets.token_bytes(32)
        row = WebhookRow(
            id=new_id("whk", uow.now),
            url=url,
            secret_sealed=self._keyring.seal(_SEAL, key),
            created_by=user_id,
            created_at=uow.now,
        )
        await webhook_store.add(uow, row)
        audit.info("a webhook for alerts was made", webhook=row.id, by=user_id)
        secret = _PREFIX + base64.b64encode(key).decode()
        return AlertWebhookMade(webhook=_answer(row), secret=secret)

    async def all(self, uow: UnitOfWork, actor: Actor) -> list[AlertWebhook]:
        """Every webhook, the oldest first. Raises Forbidden `permission_missing`."""
        actor.require(PERMISSION)
        return [_answer(row) for row in await webhook_store.all_of_them(uow)]

    async def remove(self, uow: UnitOfWork, actor: Actor, webhook_id: str) -> None:
        """Ends a webhook. Raises NotFound `webhook_unknown`."""
        user_id = actor.require(PERMISSION)
        if not await webhook_store.remove(uow, webhook_id):
            raise WebhookUnknown()
        audit.info("a webhook for alerts was removed", webhook=webhook_id, by=user_id)

    def handlers(self) -> list[Handler]:
        """One makes a delivery for each webhook, the other sends it until it is taken."""
        return [
            Handler(name="cdn.alert_webhooks", events=(CdnAlertChanged,), run=self._spread),
            Handler(name="cdn.alert_sending", events=(AlertToSend,), run=self._send),
        ]

    async def _spread(
        self, uow: UnitOfWork, delivered: Sequence[Delivered[CdnAlertChanged]]
    ) -> None:
        webhooks = await webhook_store.all_of_them(uow)
        for one in delivered:
            message = {
                "type": f"cdn.alert.{one.event.state}",
                "timestamp": one.occurred_at,
                "data": {name: getattr(one.event, name) for name in _TOLD},
            }
            body = msgspec.json.encode(message).decode()
            for webhook in webhooks:
                uow.publish(AlertToSend(webhook_id=webhook.id, message_id=one.id, body=body))

    async def _send(self, uow: UnitOfWork, delivered: Sequence[Delivered[AlertToSend]]) -> None:
        for one in delivered:
            row = await webhook_store.get(uow, one.event.webhook_id)
            if row is None:
                continue
            key = self._keyring.open(_SEAL, row.secret_sealed)
            problem = await self._post(row.url, one.event, key=key, now=uow.now)
            # In a transaction of its own: a failure is noted though the delivery is undone.
            async with self._database.transaction(SYSTEM) as noting:
                await webhook_store.note(noting, row.id, problem=problem)
            if problem:
                raise WebhookFailed(f"{urlsplit(row.url).hostname}: {problem}")

    async def _post(self, url: str, event: AlertToSend, *, key: bytes, now: datetime) -> str:
        """Why it was not taken; empty when it was."""
        headers = signed_headers(event.message_id, event.body, key=key, at=now)
        network = GuardedNetwork(private_allowed=self._settings.private_upstreams)
        limits = dict.fromkeys(("connect", "read", "write", "pool"), TIMEOUT_S)
        try:
            async with httpcore.AsyncConnectionPool(network_backend=network) as pool:
                answer = await pool.request(
                    "POST",
                    url,
                    headers=[(name.encode(), value.encode()) for name, value in headers.items()],
                    content=event.body.encode(),
                    extensions={"timeout": limits},
                )
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
            return str(error) or type(error).__name__
        return "" if 200 <= answer.status < 300 else f"it answered {answer.status}"


_TOLD: Final = (
    "alert_id", "rule_id", "name", "metric", "subject", "state", "value", "threshold", "above",
)  # fmt: skip


def signed_headers(message_id: str, body: str, *, key: bytes, at: datetime) -> dict[str, str]:
    """The headers that go with a message."""
    seconds = str(int(at.timestamp()))
    signed = f"{message_id}.{seconds}.{body}".encode()
    signature = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return {
        "content-type": "application/json",
        "user-agent": "Souk-Webhooks/1",
        "webhook-id": message_id,
        "webhook-timestamp": seconds,
        "webhook-signature": f"v1,{signature}",
    }


def _answer(row: WebhookRow) -> AlertWebhook:
    return AlertWebhook(
        id=row.id,
        url=row.url,
        created_at=row.created_at,
        last_at=row.last_at,
        last_problem=row.last_problem,
    )
