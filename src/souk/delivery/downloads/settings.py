"""Settings of downloads. Variables: `SOUK_DOWNLOADS_` + the field's name."""

from typing import Annotated

import msgspec
from msgspec import Meta


class DownloadSettings(msgspec.Struct, frozen=True, kw_only=True):
    url_seconds: Annotated[int, Meta(ge=10, le=300)] = 300
    """How long a signed address works. A download that began in time may finish."""
