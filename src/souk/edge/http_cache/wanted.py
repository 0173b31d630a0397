"""A client's request to a site, once it is known to be one that may go on."""

from typing import Final

import msgspec

from souk.edge.answers import Refused
from souk.edge.asgi import Incoming
from souk.edge.http_cache.fields import Fields, end_to_end, lines, members, value
from souk.edge.http_cache.keys import has_dots, key_of, target_of
from souk.edge.http_cache.origin import CDN_LOOP, MAX_FIELDS
from souk.edge.sites import Found, Site

MAX_TARGET: Final = 8000
_NEVER: Final = frozenset({"CONNECT", "TRACE"})


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for."""

    site: Site
    method: str
    target: str
    """Path and query, by the site's rule."""
    key: str
    fields: Fields
    """Every end-to-end field."""
    bypass: bool
    """Whether it goes by the cache: it has a cookie that the site's rule names."""

    def header(self, name: str) -> str | None:
        """A field's lines as one."""
        return value(self.fields, name)


def read_wanted(found: Found, request: Incoming, *, region: str) -> Wanted:
    """The request, checked.

    Raises:
        Refused: it is not one that a site's origin may see.
    """
    site, fields, query = found.site, request.fields, request.query
    if site.regions and region not in site.regions:
        raise Refused(403, "address_elsewhere", "This site is served by nodes of other regions.")
    if request.method not in site.rules.methods or request.method in _NEVER:
        allowed = ("allow", ", ".join(site.rules.methods))
        raise Refused(
            405, "method_not_allowed", "This site does not take this method.", more=[allowed]
        )
    if len(fields) > MAX_FIELDS:
        raise Refused(431, "header_too_large", f"A request has at most {MAX_FIELDS} header fields.")
    if len(found.path) + len(query) > MAX_TARGET:
        raise Refused(414, "address_too_long", f"An address has at most {MAX_TARGET} characters.")
    if len(lines(fields, "host")) != 1 or not _plain(found.path) or not _plain(query):
        raise Refused(400, "request_malformed", "This request could be read in more than one way.")
    if has_dots(found.path):
        raise Refused(400, "path_not_plain", "A path has no . or .. segment here.")
    if lines(fields, "transfer-encoding") and lines(fields, "content-length"):
        raise Refused(400, "request_malformed", "This request could be read in more than one way.")
    if CDN_LOOP in {one.partition(";")[0].strip() for one in members(fields, "cdn-loop")}:
        raise Refused(508, "loop_detected", "This site's origin leads back to this CDN.")
    target = target_of(site, found.path, query)
    return Wanted(
        site=site,
        method=request.method,
        target=target,
        key=key_of(site.id, target),
        fields=[one for one in end_to_end(fields) if one[0] != "host"],
        bypass=_has_cookie(fields, site.rules.bypass_cookies),
    )


def _plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text


def _has_cookie(fields: Fields, names: tuple[str, ...]) -> bool:
    if not names:
        return False
    crumbs = [crumb for line in lines(fields, "cookie") for crumb in line.split(";")]
    found = {crumb.partition("=")[0].strip() for crumb in crumbs} - {""}
    return bool(found) and ("*" in names or not found.isdisjoint(names))
