"""Facts about the CDN."""

from typing import ClassVar, Literal

from souk.kernel.events import Event


class CdnAlertChanged(Event, frozen=True, kw_only=True):
    """A figure has crossed a limit that an operator has set, or has come back."""

    topic: ClassVar[str] = "delivery.cdn_alert"
    alert_id: str
    rule_id: str
    name: str
    metric: str
    subject: str
    """A region, or `all`."""
    state: Literal["raised", "cleared"]
    value: float
    threshold: float
    above: bool
    created_by: str
    """Who has set the limit."""


class AlertToSend(Event, frozen=True, kw_only=True):
    """An alert on its way to one webhook."""

    topic: ClassVar[str] = "delivery.alert_to_send"
    webhook_id: str
    message_id: str
    """The same at every attempt: the receiver drops repeats by it."""
    body: str
    """JSON, as it is signed."""
