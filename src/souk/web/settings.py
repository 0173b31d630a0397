"""The market's own name, colours and logo. Variables: `SOUK_BRAND_` + the field's name."""

from typing import Annotated

import msgspec
from msgspec import Meta


class BrandSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose market the pages show; read at start."""

    name: Annotated[str, Meta(min_length=1, max_length=40)] = "Souk"
    """The name in the header, in titles and where a page is shared."""
    primary: str = ""
    """The colour of links and main buttons by day, as `#rrggbb`; by night it is lightened."""
    accent: str = ""
    """The colour of the buy button and of what is new, as `#rrggbb`."""
    logo: str = ""
    """Path of an SVG or PNG file, 256 KiB at most, shown in the header instead of the star."""
