"""What a listing's page tells machines: canonical address, Open Graph, JSON-LD after schema.org.

JSON-LD is a data block: browsers do not run it, so the content security policy has nothing to say
about it. What sellers wrote is escaped so that it cannot end the block.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from markupsafe import Markup

from souk.kernel.money import currency
from souk.web.pages.listing_view import ListingView
from souk.web.share_picture import HEIGHT as SHARE_HEIGHT
from souk.web.share_picture import WIDTH as SHARE_WIDTH
from souk.works.galleries.api import GalleryImage
from souk_client.contracts.works import Listing, Offer

TYPES: Final = {
    "model": "SoftwareApplication",
    "agent": "SoftwareApplication",
    "plugin": "SoftwareApplication",
    "api": "SoftwareApplication",
    "dataset": "Dataset",
}
"""Kinds with a type of their own at schema.org; the others are products."""
ISO_CURRENCIES: Final = frozenset({"USD", "EUR"})
_ONE_LICENCE: Final = re.compile(r"[A-Za-z0-9.+-]+")
_ESCAPES: Final = {
    ord("<"): "\\u003c",
    ord(">"): "\\u003e",
    ord("&"): "\\u0026",
    0x2028: "\\u2028",
    0x2029: "\\u2029",
}


class Seo(msgspec.Struct, frozen=True, kw_only=True):
    """The names of `pages/listing/seo.html`."""

    canonical: str
    is_indexed: bool
    image: str
    image_alt: str
    """Empty for the picture of the whole market: its name."""
    image_width: int
    image_height: int
    structured: Markup
    """The whole data block."""


def seo_of(
    view: ListingView, *, images: Sequence[GalleryImage], rating: Mapping[str, object] | None
) -> Seo:
    """What the page of this listing tells machines."""
    base, listing = view.market.settings.base_url.rstrip("/"), view.listing
    canonical = f"{base}/{listing.address}"
    tile = f"{base}/tiles/{listing.kind}/{listing.address.replace('/', '~')}.svg"
    cover = images[0] if images else None
    picture = base + cover.variants[-1].url if cover else None
    about = structured(
        listing,
        address=canonical,
        base=base,
        image=picture or tile,
        version=view.latest.version if view.latest else None,
    )
    if rating is not None:
        about["aggregateRating"] = dict(rating)
    return Seo(
        canonical=canonical,
        is_indexed=listing.state == "published",
        image=picture or f"{base}/share.png",
        image_alt=cover.alt if cover else "",
        image_width=cover.width if cover else SHARE_WIDTH,
        image_height=cover.height if cover else SHARE_HEIGHT,
        structured=data_block(about),
    )


def structured(
    listing: Listing, *, address: str, base: str, image: str, version: str | None
) -> dict[str, object]:
    """A listing in the words of schema.org."""
    kind = TYPES.get(listing.kind, "Product")
    about: dict[str, object] = {
        "@context": "https://schema.org",
        "@type": kind,
        "@id": address,
        "url": address,
        "name": listing.title,
        "description": listing.summary or listing.title,
        "image": image,
        "keywords": list(listing.tags),
        "brand" if kind == "Product" else "creator": {
            "@type": "Organization",
            "name": listing.owner.name,
            "url": f"{base}/{listing.owner.slug}",
        },
    }
    if listing.published_at is not None:
        about["datePublished"] = listing.published_at.date().isoformat()
        about["dateModified"] = listing.updated_at.date().isoformat()
    if listing.licence and kind != "Product" and not listing.licence.startswith("LicenseRef-"):
        about["license"] = _licence(listing.licence)
    if version is not None and kind != "Product":
        about["version" if kind == "Dataset" else "softwareVersion"] = version
    if kind == "SoftwareApplication":
        about["applicationCategory"] = "DeveloperApplication"
        about["operatingSystem"] = ", ".join(listing.compatibility.hardware) or "Any"
    offers = [_offer(one, address) for one in listing.offers if _is_priced(one)]
    if offers and listing.state == "published":
        about["offers"] = offers
    return about


def data_block(about: Mapping[str, object]) -> Markup:
    """`<script type="application/ld+json">` with this in it, whatever texts it holds."""
    text = msgspec.json.encode(about).decode().translate(_ESCAPES)
    return Markup(f'<script type="application/ld+json">{text}</script>')  # noqa: S704  (escaped)


def _licence(expression: str) -> str:
    """The page of the licence at SPDX; where the expression names several, its words."""
    if _ONE_LICENCE.fullmatch(expression):
        return f"https://spdx.org/licenses/{expression}.html"
    return expression


def _is_priced(offer: Offer) -> bool:
    return offer.state == "active" and offer.currency in ISO_CURRENCIES


def _offer(offer: Offer, address: str) -> dict[str, object]:
    digits = currency(offer.currency).digits
    whole, part = divmod(offer.price_minor, 10**digits)
    left = None if offer.stock is None else offer.stock - offer.sold
    return {
        "@type": "Offer",
        "name": offer.edition,
        "url": address,
        "price": f"{whole}.{part:0{digits}d}",
        "priceCurrency": offer.currency,
        "availability": f"https://schema.org/{'SoldOut' if left == 0 else 'InStock'}",
    }
