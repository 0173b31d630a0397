"""Settings of notices. Variables: `SOUK_NOTICES_` + the field's name."""

from typing import Annotated

import msgspec
from msgspec import Meta


class NoticeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How mail leaves; without a host none does, and in-app notices go on."""

    smtp_host: str = ""
    smtp_port: Annotated[int, Meta(ge=1, le=65535)] = 587
    smtp_user: str = ""
    smtp_password: str = ""
    smtp_starttls: bool = True
    mail_from: str = "souk@localhost"
    """The sender's address."""
