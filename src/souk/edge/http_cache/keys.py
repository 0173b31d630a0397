"""What names a stored answer: the site, the address, and what its `Vary` selects by."""

import re
from typing import Final
from urllib.parse import urljoin, urlsplit

from souk.edge.http_cache.fields import Fields, members, split, value
from souk.edge.sites import SITE_PATH, Site

_CODINGS: Final = frozenset({"br", "zstd", "gzip", "deflate", "identity", "*"})
_Q: Final = re.compile(r";\s*q\s*=\s*([01](?:\.\d{0,3})?)", re.IGNORECASE)
_DOTS: Final = re.compile(r"(?:^|/)(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)


def has_dots(path: str) -> bool:
    """Whether a path has `.` or `..` in it, in whatever spelling: it might leave its site."""
    return _DOTS.search(path) is not None or "\\" in path


def target_of(site: Site, path: str, query: str) -> str:
    """The path and query under which an answer is kept, and which the origin is asked for."""
    rule = site.rules.query
    if rule == "ignore" or not query:
        return path
    if rule == "sort":
        query = "&".join(sorted(query.split("&")))
    return f"{path}?{query}"


def key_of(site_id: str, target: str) -> str:
    """The name of what is kept about one address; as purges write it."""
    return f"{SITE_PATH}{site_id}{target}"


def vary_of(fields: Fields) -> tuple[str, ...]:
    """The request fields that an answer was selected by, in a fixed order."""
    return tuple(sorted({name.lower() for name in members(fields, "vary")}))


def selecting(names: tuple[str, ...], request: Fields) -> tuple[str | None, ...]:
    """What a request says in the fields that select; what means the same reads the same."""
    return tuple(_normal(name, value(request, name)) for name in names)


def accepted_codings(text: str) -> str:
    """An Accept-Encoding field in one spelling: the codings that are known and wanted, sorted."""
    found = set()
    for member in split(text):
        name = member.partition(";")[0].strip().lower()
        quality = _Q.search(member)
        refused = quality is not None and float(quality[1]) == 0
        if name in _CODINGS and (not refused or name in {"identity", "*"}):
            found.add(f"{name};q=0" if refused else name)
    return ", ".join(sorted(found))


def same_site(site: Site, target: str, reference: str, *, hosts: frozenset[str]) -> str | None:
    """The path and query that a Location names when it lies within the site; else None.

    Args:
        hosts: the names (with ports) by which the site is meant, its origin's own among them.
    """
    base = f"http://site{target}"
    try:
        parts = urlsplit(urljoin(base, reference.strip()))
    except ValueError:
        return None
    if parts.netloc != "site" and parts.netloc.lower() not in hosts:
        return None
    return target_of(site, parts.path or "/", parts.query)


def _normal(name: str, text: str | None) -> str | None:
    if text is None:
        return None
    if name == "accept-encoding":
        return accepted_codings(text)
    pieces = [re.sub(r"\s+", " ", piece) for piece in split(text)]
    if name == "accept-language":
        pieces = sorted(piece.lower().replace(" ", "") for piece in pieces)
    return ",".join(pieces)
