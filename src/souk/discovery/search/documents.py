"""From a listing to what is indexed of it: pure."""

import hashlib
import re
from typing import Final

import msgspec

from souk.discovery.search import measures
from souk.discovery.search.model import SearchDocument
from souk.discovery.search.signals import Signals
from souk_client.contracts.works import Listing, ListingSummary

_FORM: Final = b"\x02"
"""Raise when the shape of a kept document changes: older ones are then written anew by the check
of all listings."""
_CARD_INDEXED: Final = 20_000
_CARD_EMBEDDED: Final = 600
"""Letters of the card that join title and summary in the vector; the model reads 256 pieces."""

_FRONT_MATTER: Final = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_LINK: Final = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_TAG: Final = re.compile(r"<[^>]{1,500}>")
_MARKS: Final = re.compile(r"[#*_`>|~=\[\]-]+")


class NewDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A listing ready to be kept: its indexed form as bytes, and the hash of what is embedded."""

    listing_id: str
    body: bytes
    text_hash: bytes


_UNKNOWN: Final = Signals()


class Shown(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a hit answers with."""

    listing: ListingSummary
    rating: float | None = None
    rating_count: int = 0
    favourites: int = 0
    accuracy: float | None = None
    latency_ms: float | None = None
    size_bytes: int | None = None


def new_document(
    listing: Listing, summary: ListingSummary, signals: Signals = _UNKNOWN
) -> NewDocument:
    """The indexed form of a published listing; a hit answers with `summary` as it is."""
    accuracy = measures.accuracy_of(listing.metrics)
    latency_s = measures.latency_s_of(listing.metrics)
    size_bytes = measures.size_bytes_of(listing, summary)
    document = SearchDocument(
        seq=0,
        change=0,
        kind=listing.kind,
        owner=listing.owner.slug,
        title=listing.title,
        summary=listing.summary,
        card=plain_text(listing.card),
        seller=listing.owner.name,
        tags=tuple(listing.tags),
        licence=listing.licence,
        task=listing.task,
        category=listing.category,
        frameworks=measures.frameworks_of(listing.compatibility),
        hardware=measures.words_of(listing.compatibility.hardware),
        regions=tuple(listing.regions),
        rating_milli=None if signals.rating is None else round(signals.rating * 1000),
        rating_count=signals.rating_count,
        trending_milli=round(max(signals.trending, 0.0) * 1000),
        favourites=signals.favourites,
        accuracy_ppm=measures.millionths(accuracy),
        latency_us=measures.millionths(latency_s),
        size_bytes=size_bytes,
        memory_mb=measures.memory_mb_of(listing.compatibility),
        price_minor=summary.price_minor,
        currency=summary.currency,
        downloads=summary.downloads,
        published_at_ms=(
            0 if listing.published_at is None else int(listing.published_at.timestamp() * 1000)
        ),
        payload=msgspec.json.encode(
            Shown(
                listing=summary,
                rating=signals.rating,
                rating_count=signals.rating_count,
                favourites=signals.favourites,
                accuracy=accuracy,
                latency_ms=None if latency_s is None else latency_s * 1000,
                size_bytes=size_bytes,
            )
        ),
    )
    return NewDocument(
        listing_id=listing.id,
        body=write_body(document),
        text_hash=hashlib.sha256(text_to_embed(document).encode()).digest(),
    )


def write_body(document: SearchDocument) -> bytes:
    """The document as it is kept: its number and change are columns of their own."""
    return _FORM + msgspec.msgpack.encode(msgspec.structs.replace(document, seq=0, change=0))


def read_body(body: bytes, *, seq: int, change: int) -> SearchDocument:
    """The document kept as bytes, under its number.

    Raises:
        msgspec.DecodeError: it was written by another version.
    """
    if not body.startswith(_FORM):
        raise msgspec.DecodeError("the document was kept by another version")
    document = msgspec.msgpack.decode(body[len(_FORM) :], type=SearchDocument)
    return msgspec.structs.replace(document, seq=seq, change=change)


def text_to_embed(document: SearchDocument) -> str:
    """What the vector of a listing stands for."""
    about = ", ".join(filter(None, (document.task, document.category, *document.tags)))
    parts = (document.title, document.summary, about, document.card[:_CARD_EMBEDDED])
    return ". ".join(part for part in parts if part)


def plain_text(card: str) -> str:
    """A model card's words without its Markdown."""
    text = _FRONT_MATTER.sub("", card[: 2 * _CARD_INDEXED].replace("\r\n", "\n"))
    text = _TAG.sub(" ", _LINK.sub(r"\1", text))
    return " ".join(_MARKS.sub(" ", text).split())[:_CARD_INDEXED]
