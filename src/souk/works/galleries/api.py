"""What other contexts may ask of galleries."""

from typing import Protocol

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.works.galleries.model import MAX_IMAGES
from souk_client.contracts.galleries import GalleryImage

__all__ = ["MAX_IMAGES", "Galleries", "GalleryImage"]


class Galleries(Protocol):
    """The pictures of listings; every answer holds only what this scope may see."""

    async def of(self, uow: UnitOfWork, listing_id: str) -> list[GalleryImage]:
        """A listing's pictures in their order."""
        ...

    async def add(
        self, uow: UnitOfWork, actor: Actor, listing_id: str, *, sha256: str, alt: str
    ) -> GalleryImage:
        """Puts a file that the listing's organisation has uploaded at the end of the gallery.

        Raises:
            NotFound: `listing_unknown`, `artifact_unknown`. Forbidden: `not_listing_manager`.
            Conflict: `gallery_full`, `image_taken`, `image_quarantined`.
            Invalid: `image_unreadable`, `alt_missing`. TooLarge: `image_too_large`.
            Unavailable: `images_busy`.
        """
        ...

    async def add_content(
        self, uow: UnitOfWork, actor: Actor, listing_id: str, *, content: bytes, alt: str
    ) -> GalleryImage:
        """The same with the bytes of a form; the source itself is not kept."""
        ...

    async def describe(
        self, uow: UnitOfWork, actor: Actor, listing_id: str, image_id: str, *, alt: str
    ) -> list[GalleryImage]:
        """Says anew what a picture shows.

        Raises:
            NotFound: `image_unknown`. Invalid: `alt_missing`.
        """
        ...

    async def order(
        self, uow: UnitOfWork, actor: Actor, listing_id: str, image_ids: list[str]
    ) -> list[GalleryImage]:
        """Shows the pictures in this order. Raises Invalid `order_invalid`."""
        ...

    async def remove(
        self, uow: UnitOfWork, actor: Actor, listing_id: str, image_id: str
    ) -> list[GalleryImage]:
        """Takes a picture out. Raises NotFound `image_unknown`."""
        ...
