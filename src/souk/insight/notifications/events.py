"""Facts about notices."""

from typing import ClassVar

from souk.kernel.events import Event


class MailWanted(Event, frozen=True, kw_only=True):
    """Somebody should get this as e-mail. Handled by whichever mail provider is configured."""

    topic: ClassVar[str] = "insight.mail_wanted"
    to: str
    to_name: str
    subject: str
    text: str
    unsubscribe: str = ""
    """Where whoever gets it can say that they want no more of its kind."""
