"""From a listing to what is indexed of it: pure."""

import hashlib
import re
from typing import Final

import msgspec

from souk.discovery.search.model import SearchDocument
from souk_client.contracts.works import Listing, ListingSummary

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


def new_document(listing: Listing, summary: ListingSummary) -> NewDocument:
    """The indexed form of a published listing; a hit answers with `summary` as it is."""
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
        price_minor=summary.price_minor,
        currency=summary.currency,
        downloads=summary.downloads,
        published_at_ms=(
            0 if listing.published_at is None else int(listing.published_at.timestamp() * 1000)
        ),
        payload=msgspec.json.encode(summary),
    )
    return NewDocument(
        listing_id=listing.id,
        body=msgspec.msgpack.encode(document),
        text_hash=hashlib.sha256(text_to_embed(document).encode()).digest(),
    )


def read_body(body: bytes, *, seq: int, change: int) -> SearchDocument:
    """The document kept as bytes, under its number.

    Raises:
        msgspec.DecodeError: it was written by another version.
    """
    document = msgspec.msgpack.decode(body, type=SearchDocument)
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
