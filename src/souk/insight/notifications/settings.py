"""Settings of notices. Variables: `SOUK_NOTICES_` + the field's name."""

from typing import Annotated

import msgspec
from msgspec import Meta


class NoticeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How mail leaves; without a host none does, and in-app notices go on."""

    smtp_host: str = ""
    """The mail server; no mail leaves when empty."""
    smtp_port: Annotated[int, Meta(ge=1, le=65535)] = 587
    """Its port."""
    smtp_user: str = ""
    """The name to sign in with; no sign-in when empty."""
    smtp_password: str = ""
    """The password to sign in with."""
    smtp_starttls: bool = True
    """Whether the connection must be encrypted before anything is sent."""
    mail_from: str = "souk@localhost"
    """The sender's address."""
    keep_days: Annotated[int, Meta(ge=1, le=3650)] = 365
    """How long a notice is kept, read or not."""
