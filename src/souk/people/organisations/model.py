"""Rules of organisations: which slugs are free for people, and who may manage whom."""

import re
import unicodedata
from typing import Final

from souk.kernel.errors import Conflict

RESERVED_SLUGS: Final = frozenset(
    """
    about account accounts admin agents api apps artifacts assets auth blog browse buy cart cdn
    certificates checkout collections compare compute console contact d dashboard datasets
    _design design designs docs download downloads edge events explore favicon favicon.ico
    favorites favourites featured feed files following functions
    health help home hub images ipfs jobs legal library licences licenses listing listings live
    llms.txt login logout lookup marketplace materials mcp me metrics models moderation new news
    notices notifications oauth offers offline openapi openapi.json orders organisations
    organizations pages pipelines plugins preferences pricing privacy provenance publish raw
    receipts register
    report reports resolve review reviews robots.txt rooms root sandbox schema search security sell
    seller sellers selling
    settings sign-in sign-out sign-up signals signin signout signup sitemap.xml souk static
    status studio support system templates terms test tiles trending uploads user users vendors
    verify wallet webhooks well-known .well-known workspaces ws www
    """.split()
)
"""Words that routes need, now or later."""

INVITATION_DAYS: Final = 14
MANAGING: Final = frozenset({"owner", "manager"})


def check_slug(slug: str) -> str:
    """The slug, when it may name an organisation.

    Raises:
        Conflict: `slug_reserved`.
    """
    if slug in RESERVED_SLUGS or slug.startswith(("_", ".")):
        raise Conflict("slug_reserved", f"{slug!r} is kept for the marketplace itself.")
    return slug


def slug_from(name: str) -> str:
    """A slug made from a name: `Ada Lovelace` → `ada-lovelace`; may be empty."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60]


def may_grant(own_role: str | None, role: str) -> bool:
    """Owners grant any role, managers any but owner, members none."""
    return own_role == "owner" or (own_role == "manager" and role != "owner")
