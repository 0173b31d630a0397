"""Recommendations: works that may please, each with its reason."""

from typing import Literal

from souk_client.contracts.base import Answer
from souk_client.contracts.works import ListingSummary

ReasonKind = Literal[
    "viewed", "bought", "favourite", "followed", "together", "similar", "companion", "trending"
]


class Reason(Answer, frozen=True, kw_only=True):
    """Why a work is recommended."""

    kind: ReasonKind
    text: str
    """For people: `Because you bought Wine chemistry`."""
    listing_id: str | None = None
    """The work that it goes back to, if one."""


class Recommendation(Answer, frozen=True, kw_only=True):
    listing: ListingSummary
    reason: Reason


class Recommendations(Answer, frozen=True, kw_only=True):
    """Best first."""

    items: list[Recommendation]
    personal: bool
    """Whether anything that the caller did had a part in it."""
    model: str | None = None
    """The version of the model that was asked; null before the first, when content answers."""


class RelatedListings(Answer, frozen=True, kw_only=True):
    """What is like a listing, and what is used together with it."""

    similar: list[Recommendation]
    complementary: list[Recommendation]
