"""The bases of every wire shape, and the constrained types they share."""

from typing import Annotated, Generic, Literal, TypeVar

import msgspec
from msgspec import Meta

T = TypeVar("T")


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a caller sends; an unknown field is refused, so that a typing error is seen."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the marketplace answers."""


class PageAnswer(Answer, Generic[T], frozen=True, kw_only=True):
    """Some items, and the cursor of the next page (null on the last)."""

    items: list[T]
    next_cursor: str | None = None


Id = Annotated[
    str, Meta(min_length=30, max_length=30, pattern="^[a-z]{3}_[0-7][0-9a-hjkmnp-tv-z]{25}$")
]
"""A prefixed id such as `lst_01m7yxxb1aefa9bt3myqjakfcb`."""

Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$", description="SHA-256, 64 hex digits")]
Slug = Annotated[
    str,
    Meta(
        pattern="^[a-z0-9](?:[a-z0-9._-]{0,94}[a-z0-9])?$",
        description="lower-case letters, digits, dot, dash, underscore; 1 to 96 characters",
    ),
]
Name = Annotated[str, Meta(min_length=1, max_length=120)]
Email = Annotated[
    str, Meta(min_length=3, max_length=254, pattern=r"^[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+$")
]
SizeBytes = Annotated[int, Meta(ge=0, le=2**50)]
AmountMinor = Annotated[
    int, Meta(ge=0, le=10**15, description="minor units of the currency (cents for USD)")
]
PositiveMinor = Annotated[
    int, Meta(ge=1, le=10**15, description="minor units of the currency (cents for USD), from one")
]
CurrencyCode = Annotated[str, Meta(pattern="^[A-Z]{3,5}$", examples=["USD", "EUR", "POL", "GENX"])]
SemanticVersion = Annotated[
    str,
    Meta(
        max_length=64,
        pattern=r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$",
        examples=["1.0.0"],
    ),
]
ListingKind = Literal[
    "model", "dataset", "api", "plugin", "design", "template", "material", "agent", "compute"
]


class Problem(Answer, frozen=True, kw_only=True):
    """An error as RFC 9457 problem details, with a stable code and what to do about it."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    instance: str | None = None
    request_id: str | None = None
    errors: list["FieldError"] = []
    position: int | None = None
    """Of a query that cannot be read: where the mistake begins, in characters from 0."""
    length: int | None = None
    suggestion: str | None = None
    """The whole query as it was most likely meant."""


class FieldError(Answer, frozen=True, kw_only=True):
    """One field that is wrong: where it is (`body.price_minor`) and why."""

    where: str
    problem: str


class OwnerRef(Answer, frozen=True, kw_only=True):
    """An organisation as others see it."""

    id: str
    slug: str
    name: str
