"""Brings works that are like earlier ones of others before the moderators: a hint, no verdict."""

from collections.abc import Sequence

from souk.infra.outbox.handlers import Delivered, Handler
from souk.infra.postgres.uow import UnitOfWork
from souk.rights.lookups.events import CopyFound
from souk.trust.moderation.api import Finding, Moderation
from souk.works.listings.api import Listings

LEAST_SHARE = 0.5
_WORDS = {
    "bytes": "the same file",
    "chunks": "pieces of the same content",
    "tensors": "the same weights",
    "shapes": "nearly the same weights",
}


def copies_handler(*, moderation: Moderation, listings: Listings) -> Handler:
    """Flags the later work, once for each work that it is like; licences may allow the copy."""

    async def flag(uow: UnitOfWork, delivered: Sequence[Delivered[CopyFound]]) -> None:
        for item in delivered:
            event = item.event
            works = await listings.summaries(uow, {event.listing_id, event.of_listing_id})
            copy, original = works.get(event.listing_id), works.get(event.of_listing_id)
            if event.share < LEAST_SHARE or copy is None or original is None:
                continue
            finding = Finding(
                rule="copy",
                fingerprint=f"copy:{event.listing_id}:{event.of_listing_id}",
                score=event.share,
                reasons=[
                    f"It has {_WORDS[event.found_by]} ({event.share:.0%}) as {original.address}, "
                    f"which {original.owner.name} published before.",
                    f"That work's licence: {original.licence or 'none named'}.",
                ],
                review_ids=[],
            )
            await moderation.flag(
                uow, subject_kind="listing", subject_id=event.listing_id, finding=finding
            )

    return Handler(name="fraud.copies", events=(CopyFound,), run=flag, batch=20)
