"""The compare tray: works put aside in a cookie, to be looked at side by side."""

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from litestar.datastructures import Cookie

from souk.discovery.comparisons.api import MAX_COMPARED

TRAY_COOKIE: Final = "souk_compare"
_BETWEEN: Final = "~"
"""Allowed in a cookie, and in no address."""
_WEEK_S: Final = 7 * 86400
_SLUG: Final = r"[a-z0-9](?:[a-z0-9._-]{0,94}[a-z0-9])?"
_ADDRESS: Final = re.compile(rf"{_SLUG}/{_SLUG}")


def is_address(text: str) -> bool:
    """Whether this can be `owner/slug`."""
    return _ADDRESS.fullmatch(text) is not None


def read_tray(cookie: str | None) -> tuple[str, ...]:
    """The addresses in the tray; what is no address is left out."""
    found = dict.fromkeys(one for one in (cookie or "").split(_BETWEEN) if is_address(one))
    return tuple(found)[:MAX_COMPARED]


def tray_cookie(addresses: Sequence[str], *, secure: bool) -> Cookie:
    """Keeps the tray for a week; an empty one is forgotten."""
    return Cookie(
        key=TRAY_COOKIE,
        value=_BETWEEN.join(addresses),
        path="/",
        max_age=_WEEK_S if addresses else 0,
        httponly=True,
        samesite="lax",
        secure=secure,
    )


def compare_href(addresses: Sequence[str], *, differences: bool = False) -> str:
    """The page that shows these side by side; it can be shared."""
    if not addresses:
        return "/compare"
    ids = ",".join(quote(one, safe="/") for one in addresses)
    return f"/compare?ids={ids}" + ("&only=differences" if differences else "")
