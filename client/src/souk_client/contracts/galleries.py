"""Galleries: the pictures of a listing."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from souk_client.contracts.base import Answer, Id, Request, Sha256

Alt = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=300,
        description="what the picture shows, for those who do not see it",
    ),
]


class ImageRequest(Request, frozen=True, kw_only=True):
    """An uploaded file that becomes a picture of the gallery."""

    sha256: Sha256
    alt: Alt


class ImageAlt(Request, frozen=True, kw_only=True):
    """Other words for a picture."""

    alt: Alt


class ImageOrder(Request, frozen=True, kw_only=True):
    """Every picture of the gallery, in the order they are to be shown."""

    image_ids: Annotated[list[Id], Meta(max_length=12)]


class ImageVariant(Answer, frozen=True, kw_only=True):
    """The picture in one width, as WebP."""

    width: int
    height: int
    size_bytes: int
    url: str
    """Path at this marketplace; what it answers never changes."""


class GalleryImage(Answer, frozen=True, kw_only=True):
    id: str
    alt: str
    place: int
    """From 0."""
    width: int
    """Of the largest variant."""
    height: int
    variants: list[ImageVariant]
    """Smallest first."""
    created_at: datetime


class Gallery(Answer, frozen=True, kw_only=True):
    """A listing's pictures in their order."""

    images: list[GalleryImage]
