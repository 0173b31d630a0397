"""The rules of listings: drafts, what publishing needs, who may edit."""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from souk.kernel.actor import Actor
from souk.kernel.errors import Invalid
from souk.works.listings.cards import CardFields, read_card
from souk.works.listings.errors import ListingUnknown, NotManager
from souk.works.listings.licences import check_licence
from souk_client.contracts.base import ListingKind
from souk_client.contracts.works import (
    Compatibility,
    ListingRequest,
    ListingState,
    ListingUpdate,
    Metric,
    Offer,
    Region,
)

HIDDEN_TITLE: Final = "A listing that was taken down"
MAX_CARD_CHARACTERS: Final = 200_000


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """What a seller says about a work, checked and in one form."""

    title: str
    summary: str
    card: str
    licence: str | None
    category: str
    task: str
    tags: list[str]
    metrics: list[Metric]
    compatibility: Compatibility
    regions: list[Region]


class ListingRow(msgspec.Struct, frozen=True, kw_only=True):
    """A listing as it is stored."""

    id: str
    organisation_id: str
    slug: str
    kind: ListingKind
    title: str
    summary: str
    card: str
    licence: str | None
    category: str
    task: str
    tags: list[str]
    metrics: list[Any]  # JSON as it is stored; `words` reads it
    compatibility: dict[str, Any]  # likewise
    regions: list[Region]
    state: ListingState
    current_version_id: str | None
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None
    hidden_at: datetime | None = None
    """When moderators took it off the market."""

    @property
    def words(self) -> Words:
        """What the seller says, as typed values."""
        return Words(
            title=self.title,
            summary=self.summary,
            card=self.card,
            licence=self.licence,
            category=self.category,
            task=self.task,
            tags=self.tags,
            metrics=msgspec.convert(self.metrics, list[Metric]),
            compatibility=msgspec.convert(self.compatibility, Compatibility),
            regions=self.regions,
        )


class VersionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A version as it is stored, with its revision's tree."""

    id: str
    listing_id: str
    version: str
    revision_id: str
    notes: str
    created_at: datetime
    published_at: datetime | None


def as_shown(row: ListingRow, *, to_owner: bool) -> ListingRow:
    """The row as somebody may read it: without its words when moderators hid it."""
    if row.hidden_at is None or to_owner:
        return row
    return msgspec.structs.replace(
        row,
        title=HIDDEN_TITLE,
        summary="",
        card="",
        category="",
        task="",
        tags=[],
        metrics=[],
        compatibility={},
    )


def words_of_request(request: ListingRequest) -> Words:
    """A new listing's words; what was left out comes from the card's front matter.

    Raises:
        Invalid: `card_invalid`, `licence_invalid`, `text_invalid`, `metric_invalid`.
    """
    card = read_card(request.card)
    licence = request.licence or card.licence
    given = request.compatibility
    return Words(
        title=_line_of("title", request.title),
        summary=_line_of("summary", request.summary or card.summary),
        card=_checked_text(request.card),
        licence=None if licence is None else check_licence(licence),
        category=_line_of("category", request.category or card.category),
        task=_line_of("task", request.task or card.task),
        tags=clean_tags(request.tags or card.tags),
        metrics=_finite(request.metrics or card.metrics),
        compatibility=given if given != Compatibility() else card.compatibility,
        regions=sorted({*(request.regions or card.regions)}),
    )


def changed_words(before: Words, update: ListingUpdate) -> Words:
    """The words after an edit: fields left out stay; a new card fills those that are empty.

    Raises:
        Invalid: `card_invalid`, `licence_invalid`, `text_invalid`, `metric_invalid`.
    """
    card = read_card(update.card) if update.card is not None else None
    merged = {
        name: getattr(before, name) if getattr(update, name) is None else getattr(update, name)
        for name in before.__struct_fields__
    }
    if card is not None:
        for name in card.__struct_fields__:
            if not merged[name] or merged[name] == Compatibility():
                merged[name] = getattr(card, name)
    return Words(
        title=_line_of("title", merged["title"]),
        summary=_line_of("summary", merged["summary"]),
        card=_checked_text(merged["card"]),
        licence=None if merged["licence"] is None else check_licence(merged["licence"]),
        category=_line_of("category", merged["category"]),
        task=_line_of("task", merged["task"]),
        tags=clean_tags(merged["tags"]),
        metrics=_finite(merged["metrics"]),
        compatibility=merged["compatibility"],
        regions=sorted({*merged["regions"]}),
    )


def pushed_words(before: Words, card: str) -> Words:
    """The words after a card came with files: what its front matter says anew takes their place.

    What it said before and says again stays as it was edited elsewhere since. A licence that is no
    SPDX id, as cards of other hubs have them, becomes terms of the seller's own (LicenseRef-…).

    Raises:
        Invalid: `card_invalid`, `text_invalid`, `metric_invalid`.
    """
    if len(card) > MAX_CARD_CHARACTERS:
        raise Invalid("card_invalid", f"A card may have at most {MAX_CARD_CHARACTERS} characters.")
    said, says = _said(before.card), read_card(card)
    anew = {
        name: getattr(says, name)
        for name in says.__struct_fields__
        if getattr(says, name) != getattr(said, name)
    }
    if anew.get("licence"):
        anew["licence"] = _licence_or_own(anew["licence"])
    there = {name: value for name, value in anew.items() if value not in (None, "", [])}
    return changed_words(before, ListingUpdate(card=card, **there))


def _said(card: str) -> CardFields:
    try:
        return read_card(card)
    except Invalid:
        return CardFields()


def _licence_or_own(name: str) -> str:
    try:
        return check_licence(name)
    except Invalid:
        plain = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in name)
        return f"LicenseRef-{plain}"


def clean_tags(tags: Sequence[str]) -> list[str]:
    """Tags in lower case with single spaces, each once, in the order given."""
    cleaned = (" ".join(_line_of("tag", tag).lower().split()) for tag in tags)
    return list(dict.fromkeys(tag for tag in cleaned if tag))


def missing_to_publish(words: Words, *, versions: int, offers: Sequence[Offer]) -> list[str]:
    """What a listing still needs before it can be published."""
    return [
        name
        for name, there in (
            ("a title", bool(words.title)),
            ("a licence", words.licence is not None),
            ("a version with files", versions > 0),
            ("an active offer", any(offer.state == "active" for offer in offers)),
        )
        if not there
    ]


def check_manager(actor: Actor, organisation_id: str, *, visible: bool) -> str:
    """The caller's user id, when they may change this organisation's listings.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: `listing_unknown` for a stranger to a listing that is not public.
        Forbidden: `not_listing_manager`, `permission_missing`.
    """
    user_id = actor.require_user()
    if not actor.manages(organisation_id):
        if visible or actor.belongs_to(organisation_id):
            raise NotManager()
        raise ListingUnknown()
    return actor.require("marketplace:manage_resource") and user_id


def _finite(metrics: list[Metric]) -> list[Metric]:
    for metric in metrics:
        if not math.isfinite(metric.value):
            raise Invalid("metric_invalid", f"The metric {metric.name!r} must be a finite number.")
    return metrics


def _line_of(name: str, text: str) -> str:
    stripped = text.strip()
    if not stripped.isprintable():
        raise Invalid("text_invalid", f"The {name} must not hold control characters.")
    if name == "title" and not stripped:
        raise Invalid("text_invalid", "The title must not be blank.")
    return stripped


def _checked_text(text: str) -> str:
    if any(ord(sign) < 32 and sign not in "\n\r\t" for sign in text):
        raise Invalid("text_invalid", "The card must not hold control characters.")
    return text
