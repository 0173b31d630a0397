"""The last few listings that a visitor looked at, kept in their own browser.

Nothing is stored of it here. It is not signed: whoever changes it changes what is recommended to
themselves, and every id in it is looked up as one that a stranger sent.
"""

from typing import Final

from litestar.datastructures import Cookie

from souk.kernel.ids import is_id
from souk.web.forms import PageRequest

SEEN_COOKIE: Final = "souk_seen"
MOST: Final = 8
_DAY_S: Final = 86400
_PREFIX: Final = "lst_"


def read_seen(request: PageRequest) -> tuple[str, ...]:
    """The ids of the listings, the last one first; what is no id is left out."""
    kept = request.cookies.get(SEEN_COOKIE, "")[:400]
    ids = (_PREFIX + part for part in kept.split("."))
    return tuple(dict.fromkeys(one for one in ids if is_id(one, "lst")))[:MOST]


def seen_cookie(request: PageRequest, listing_id: str, *, secure: bool) -> Cookie | None:
    """The cookie with one listing more; none for visitors who ask not to be followed."""
    if request.headers.get("sec-gpc") == "1" or request.headers.get("dnt") == "1":
        return None
    ids = list(dict.fromkeys((listing_id, *read_seen(request))))[:MOST]
    return Cookie(
        key=SEEN_COOKIE,
        value=".".join(one.removeprefix(_PREFIX) for one in ids),
        path="/",
        max_age=_DAY_S,
        httponly=True,
        samesite="lax",
        secure=secure,
    )
