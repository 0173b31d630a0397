"""Mail reaches a real SMTP server, in the same words as the notice."""

import email
from collections.abc import Iterator

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from souk.commerce.orders.events import OrderPaid
from souk.insight.notifications.events import MailWanted
from souk.insight.notifications.mail import Mailer
from souk.insight.notifications.messages import of_sale
from souk.insight.notifications.settings import NoticeSettings
from souk.kernel.clock import SystemClock
from tests.serving import free_port

SALE = OrderPaid(
    order_id="ord_1",
    number="S-000001",
    listing_id="lst_1",
    listing_address="ada/flowers",
    listing_title="Flowers — ünïcode",
    buyer_organisation_id="org_buyer",
    buyer_name="Grace",
    seller_organisation_id="org_seller",
    seller_name="Ada",
    price_minor=1999,
    currency="USD",
    seller_net_minor=1799,
    licence_id="lic_1",
)


class Inbox:
    """Keeps what arrives."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd's name
        assert envelope.content is not None
        self.messages.append(bytes(envelope.content))  # type: ignore[arg-type]  # bytes unless decoding is asked for
        return "250 OK"


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, int]]:
    kept = Inbox()
    controller = Controller(kept, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield kept, controller.port
    finally:
        controller.stop()


def test_each_party_is_told_what_concerns_them() -> None:
    to_buyer, to_seller = of_sale(SALE)
    assert to_buyer.organisation_id == "org_buyer"
    assert to_buyer.message.title == "You bought Flowers — ünïcode"
    assert to_seller.organisation_id == "org_seller"
    assert "$17.99 reached your wallet" in to_seller.message.body


async def test_mail_arrives_whole_and_a_repeat_carries_the_same_id(
    inbox: tuple[Inbox, int],
) -> None:
    kept, port = inbox
    settings = NoticeSettings(
        smtp_host="127.0.0.1", smtp_port=port, smtp_starttls=False, mail_from="souk@example.org"
    )
    mail = MailWanted(
        to="grace@example.org",
        to_name="Grace, \r\nBcc: all@example.org",
        subject="You bought\r\nBcc: all@example.org Flowers — ünïcode",
        text="Your licence is ready.\n",
    )
    for _ in range(2):
        await Mailer(settings, SystemClock()).send(mail, message_id="evt_1")
    first, second = (email.message_from_bytes(message) for message in kept.messages)
    assert first["Message-ID"] == second["Message-ID"] == "<evt_1@example.org>"
    assert first["Bcc"] is None
    assert first["To"] == '"Grace, Bcc: all@example.org" <grace@example.org>'
