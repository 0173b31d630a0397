"""Webhooks for alerts: signed, one delivery each, tried again until the receiver takes them."""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from souk.delivery.cdn.events import AlertToSend, CdnAlertChanged
from souk.delivery.cdn.settings import CdnSettings
from souk.delivery.cdn.webhooks import WebhookFailed, Webhooks
from souk.infra.keyring import Keyring
from souk.infra.outbox.handlers import Delivered, Handler
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.kernel.actor import Actor
from souk.kernel.clock import SystemClock
from souk.kernel.errors import Forbidden, Invalid, NotFound
from souk.kernel.ids import EventId, OrganisationId, UserId, new_id
from souk_client.contracts.cdn_figures import AlertWebhookMade, AlertWebhookRequest

ALERT = CdnAlertChanged(
    alert_id="ala_1",
    rule_id="alr_1",
    name="Many errors",
    metric="error_ratio",
    subject="eu-west",
    state="raised",
    value=0.25,
    threshold=0.1,
    above=True,
    created_by="usr_secret",
)


class Receiver:
    """Somebody who takes messages, or does not."""

    def __init__(self) -> None:
        self.status = 200
        self.got: list[tuple[dict[str, str], bytes]] = []
        receiver = self

        class Handling(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(receiver.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handling)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


def webhooks_of(database: Database, *, private: bool = True) -> Webhooks:
    keyring = Keyring(database, secret="5a" * 32)
    return Webhooks(database, keyring=keyring, settings=CdnSettings(private_upstreams=private))


def admin(*permissions: str) -> Actor:
    now = SystemClock().now()
    own = OrganisationId(new_id("org", now))
    return Actor(
        user_id=UserId(new_id("usr", now)),
        name="Admin",
        organisation_id=own,
        memberships={own: "owner"},
        roles=frozenset({"admin"}),
        permissions=frozenset(permissions or {"marketplace:administer"}),
    )


async def made(database: Database, webhooks: Webhooks, url: str) -> AlertWebhookMade:
    async with database.transaction(SYSTEM) as uow:
        return await webhooks.add(uow, admin(), AlertWebhookRequest(url=url))


async def run(database: Database, handler: Handler, event: object) -> None:
    now = SystemClock().now()
    delivered = Delivered(id=EventId("evt_1"), occurred_at=now, event=event)
    async with database.transaction(SYSTEM) as uow:
        await handler.run(uow, [delivered])


async def outgoing(database: Database) -> list[AlertToSend]:
    async with database.transaction(SYSTEM, read_only=True) as uow:
        found = await uow.values(
            "SELECT payload FROM infra.events WHERE topic = %(topic)s ORDER BY id",
            topic=AlertToSend.topic,
        )
    return [AlertToSend(**payload) for payload in found]


async def test_an_alert_is_spread_signed_sent_and_tried_again(
    database: Database, receiver: Receiver
) -> None:
    webhooks = webhooks_of(database)
    spread, send = webhooks.handlers()
    one = await made(database, webhooks, receiver.url)
    two = await made(database, webhooks, receiver.url + "/two")
    await run(database, spread, ALERT)
    events = {event.webhook_id: event for event in await outgoing(database)}
    assert events.keys() == {one.webhook.id, two.webhook.id}
    event = events[one.webhook.id]

    receiver.status = 503
    with pytest.raises(WebhookFailed):
        await run(database, send, event)
    async with database.transaction(SYSTEM) as uow:
        found = {hook.id: hook for hook in await webhooks.all(uow, admin())}
    assert found[one.webhook.id].last_problem == "it answered 503"
    assert found[two.webhook.id].last_at is None
    receiver.status = 204
    await run(database, send, event)
    (first, body), (second, again) = receiver.got
    assert first["webhook-id"] == second["webhook-id"] and body == again, "known as a repeat"

    key = base64.b64decode(one.secret.removeprefix("whsec_"))
    signed = f"{second['webhook-id']}.{second['webhook-timestamp']}.".encode() + again
    signature = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    assert second["webhook-signature"] == f"v1,{signature}"
    message = json.loads(again)
    assert message["type"] == "cdn.alert.raised"
    assert message["data"]["value"] == 0.25 and "usr_secret" not in again.decode()

    async with database.transaction(SYSTEM) as uow:
        await webhooks.remove(uow, admin(), one.webhook.id)
        with pytest.raises(NotFound):
            await webhooks.remove(uow, admin(), one.webhook.id)
    await run(database, send, event)
    assert len(receiver.got) == 2, "a removed webhook gets nothing more"


async def test_receivers_that_are_away_and_private_ones(database: Database) -> None:
    webhooks = webhooks_of(database)
    gone = await made(database, webhooks, "http://127.0.0.1:9/")
    event = AlertToSend(webhook_id=gone.webhook.id, message_id="evt_2", body="{}")
    with pytest.raises(WebhookFailed):
        await run(database, webhooks.handlers()[1], event)
    strict = webhooks_of(database, private=False)
    with pytest.raises(WebhookFailed):
        await run(database, strict.handlers()[1], event)
    with pytest.raises(Invalid):
        await made(database, strict, "http://169.254.169.254/latest")
    async with database.transaction(SYSTEM) as uow:
        with pytest.raises(Forbidden):
            wish = AlertWebhookRequest(url=f"https://{secrets.token_hex(4)}.example.org")
            await webhooks.add(uow, admin("marketplace:buy"), wish)
