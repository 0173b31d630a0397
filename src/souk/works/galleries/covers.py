"""Pictures as they are answered, and the one that stands for a listing."""

from collections.abc import Collection

from souk.infra.postgres.uow import UnitOfWork
from souk.works.galleries import store
from souk_client.contracts.galleries import GalleryImage, ImageVariant


class GalleryCovers:
    """Implements `souk.works.listings.api.Covers`."""

    async def of_listings(
        self, uow: UnitOfWork, listing_ids: Collection[str]
    ) -> dict[str, GalleryImage]:
        return {row.listing_id: shown(row) for row in await store.covers(uow, listing_ids)}


def shown(row: store.ImageRow) -> GalleryImage:
    """A picture as it is answered."""
    widths = row.widths()
    largest = widths[-1]
    return GalleryImage(
        id=row.id,
        alt=row.alt,
        place=row.place,
        width=largest.width,
        height=largest.height,
        variants=[
            ImageVariant(
                width=one.width,
                height=one.height,
                size_bytes=one.size_bytes,
                url=f"/images/{row.id}/{one.width}.webp",
            )
            for one in widths
        ],
        created_at=row.created_at,
    )
