"""Addresses within the marketplace."""

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec
from litestar.response import Redirect

_ENTRANCES: Final = ("/sign-in", "/sign-up", "/sign-out")


def local_path(given: str, *, default: str = "/") -> str:
    """The path to go back to; anything that could lead to another site gives the default."""
    safe = given.startswith("/") and not given.startswith("//") and given.isprintable()
    return given if safe and "\\" not in given else default


def after_sign_in(given: str) -> str:
    """Where somebody goes once they are signed in: signing in is no place to come back to, so the
    way back that such an address carries itself is taken, however deep it lies.
    """
    path = local_path(given)
    while path.partition("?")[0].rstrip("/") in _ENTRANCES:
        path = local_path(parse_qs(urlsplit(path).query).get("next", ["/"])[-1])
    return path


def see_other(path: str) -> Redirect:
    """To a page after a form has done its work."""
    return Redirect(path, status_code=303)


def with_query(path: str, parts: Mapping[str, str | Sequence[str]]) -> str:
    """A path with a query; empty values are left out."""
    kept = {name: value for name, value in parts.items() if value}
    return f"{path}?{urlencode(kept, doseq=True)}" if kept else path


class Paging(msgspec.Struct, frozen=True):
    """Where a list goes on, and back to its beginning; empty where it does not."""

    first_href: str
    next_href: str


def paging(path: str, cursor: str | None, next_cursor: str | None, **kept: str) -> Paging:
    """The ends of a page of a list at `path`, with the rest of its query kept."""
    return Paging(
        first_href=with_query(path, kept) if cursor else "",
        next_href=with_query(path, {**kept, "cursor": next_cursor}) if next_cursor else "",
    )
