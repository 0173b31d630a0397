"""Mail over SMTP (RFC 5321), one message at a time, in a thread."""

import asyncio
import smtplib
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from typing import Final

from souk.insight.notifications.events import MailWanted
from souk.insight.notifications.settings import NoticeSettings
from souk.kernel.clock import Clock

TIMEOUT_S: Final = 20.0


class Mailer:
    """Sends through the configured server. A repeat carries the same Message-ID."""

    def __init__(self, settings: NoticeSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock

    async def send(self, mail: MailWanted, *, message_id: str) -> None:
        """Hands the message to the server; raises OSError or SMTPException when it refuses."""
        message = EmailMessage()
        message["From"] = self._settings.mail_from
        message["To"] = formataddr((" ".join(mail.to_name.split()), mail.to))
        message["Subject"] = " ".join(mail.subject.split())
        message["Date"] = format_datetime(self._clock.now())
        domain = self._settings.mail_from.rpartition("@")[2]
        message["Message-ID"] = f"<{message_id}@{domain}>"
        if mail.unsubscribe:
            message["List-Unsubscribe"] = f"<{mail.unsubscribe}>"  # RFC 2369
        message.set_content(mail.text)
        await asyncio.to_thread(self._deliver, message)

    def _deliver(self, message: EmailMessage) -> None:
        settings = self._settings
        with smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=TIMEOUT_S) as server:
            if settings.smtp_starttls:
                server.starttls()
            if settings.smtp_user:
                server.login(settings.smtp_user, settings.smtp_password)
            server.send_message(message)
