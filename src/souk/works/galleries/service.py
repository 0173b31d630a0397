"""The use cases of galleries."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.ids import new_id
from souk.works.artifacts.api import Artifacts
from souk.works.galleries import store
from souk.works.galleries.covers import shown
from souk.works.galleries.decoding import Decoder
from souk.works.galleries.errors import (
    GalleryFull,
    ImageQuarantined,
    ImageTaken,
    ImageTooLarge,
    ImageUnknown,
    OrderInvalid,
    SourceUnknown,
)
from souk.works.galleries.model import MAX_IMAGES, ServedVariant, Variant, check_alt
from souk.works.galleries.settings import GallerySettings
from souk.works.listings.api import Listings, ManagedListing
from souk_client.contracts.galleries import GalleryImage

MEDIA_TYPE = "image/webp"


class GalleryService:
    """Implements `souk.works.galleries.api.Galleries`."""

    def __init__(
        self,
        listings: Listings,
        artifacts: Artifacts,
        *,
        settings: GallerySettings,
        folder: Path,
    ) -> None:
        self._listings = listings
        self._artifacts = artifacts
        self._settings = settings
        self._decoder = Decoder(settings, folder=folder)

    async def of(self, uow: UnitOfWork, listing_id: str) -> list[GalleryImage]:
        return [shown(row) for row in await store.of_listings(uow, [listing_id])]

    async def add(
        self, uow: UnitOfWork, actor: Actor, listing_id: str, *, sha256: str, alt: str
    ) -> GalleryImage:
        words = check_alt(alt)
        listing = await self._listings.managed(uow, actor, listing_id)
        held = await self._artifacts.held(uow, listing.organisation_id, [sha256])
        artifact = held.get(sha256)
        if artifact is None:  # also when it is public: who sees its row has not got its bytes
            raise SourceUnknown()
        if artifact.scan.state == "quarantined":
            raise ImageQuarantined()
        self._check_size(artifact.size_bytes)
        content = b"".join([chunk async for chunk in self._artifacts.open(sha256)])
        return await self._put(uow, listing, content=content, sha256=sha256, alt=words)

    async def add_content(
        self, uow: UnitOfWork, actor: Actor, listing_id: str, *, content: bytes, alt: str
    ) -> GalleryImage:
        words = check_alt(alt)
        listing = await self._listings.managed(uow, actor, listing_id)
        self._check_size(len(content))
        sha256 = hashlib.sha256(content).hexdigest()
        return await self._put(uow, listing, content=content, sha256=sha256, alt=words)

    async def describe(
        self, uow: UnitOfWork, actor: Actor, listing_id: str, image_id: str, *, alt: str
    ) -> list[GalleryImage]:
        words = check_alt(alt)
        listing = await self._listings.managed(uow, actor, listing_id)
        if not await store.set_alt(uow, image_id, listing_id=listing.id, alt=words):
            raise ImageUnknown()
        return await self._changed(uow, listing)

    async def order(
        self, uow: UnitOfWork, actor: Actor, listing_id: str, image_ids: list[str]
    ) -> list[GalleryImage]:
        listing = await self._listings.managed(uow, actor, listing_id)
        there = [row.id for row in await store.of_listings(uow, [listing.id])]
        if sorted(there) != sorted(image_ids):
            raise OrderInvalid()
        await store.set_order(uow, image_ids)
        return await self._changed(uow, listing)

    async def remove(
        self, uow: UnitOfWork, actor: Actor, listing_id: str, image_id: str
    ) -> list[GalleryImage]:
        listing = await self._listings.managed(uow, actor, listing_id)
        if not await store.remove(uow, image_id, listing_id=listing.id):
            raise ImageUnknown()
        left = [row.id for row in await store.of_listings(uow, [listing.id])]
        await store.set_order(uow, left)
        return await self._changed(uow, listing)

    async def served(self, uow: UnitOfWork, image_id: str, *, width: int) -> ServedVariant:
        """What is sent for an address. Raises NotFound `image_unknown`."""
        found = await store.served(uow, image_id, width=width)
        if found is None:
            raise ImageUnknown()
        return found

    def read(self, variant: ServedVariant) -> AsyncIterator[bytes]:
        """The bytes of a served variant."""
        return self._artifacts.open(variant.sha256)

    def _check_size(self, size_bytes: int) -> None:
        limit = self._settings.max_source_bytes
        if size_bytes > limit:
            raise ImageTooLarge(f"a file may have at most {limit // 2**20} MiB")

    async def _put(
        self, uow: UnitOfWork, listing: ManagedListing, *, content: bytes, sha256: str, alt: str
    ) -> GalleryImage:
        there = await store.of_listings(uow, [listing.id])
        if any(row.source_sha256 == sha256 for row in there):
            raise ImageTaken()
        if len(there) >= MAX_IMAGES:
            raise GalleryFull(MAX_IMAGES)
        variants = []
        async with self._decoder.decoded(content) as made:
            for one, path in made:
                artifact = await self._artifacts.keep_made(
                    uow, path, organisation_id=listing.organisation_id, media_type=MEDIA_TYPE
                )
                variants.append(
                    Variant(
                        width=one.width,
                        height=one.height,
                        size_bytes=artifact.size_bytes,
                        sha256=artifact.sha256,
                    )
                )
        image_id = new_id("img", uow.now)
        if not await store.add(
            uow,
            image_id=image_id,
            listing_id=listing.id,
            organisation_id=listing.organisation_id,
            user_id=listing.user_id,
            alt=alt,
            place=len(there),
            source_sha256=sha256,
            variants=variants,
        ):
            raise ImageTaken()
        images = await self._changed(uow, listing)
        return next(image for image in images if image.id == image_id)

    async def _changed(self, uow: UnitOfWork, listing: ManagedListing) -> list[GalleryImage]:
        await self._listings.note_edit(uow, listing, fields=["images"])
        return await self.of(uow, listing.id)
