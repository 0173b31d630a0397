"""Finds copies: when a file can be compared, and when a file that can be is published again."""

from collections.abc import Sequence

from souk.infra.outbox.handlers import Delivered, Handler
from souk.infra.postgres.uow import UnitOfWork
from souk.rights.lookups import store
from souk.rights.lookups.events import CopyFound
from souk.rights.lookups.store import CopyRow
from souk.rights.provenance.api import Provenance, ProvenanceEntry
from souk.rights.provenance.events import FilesPublished
from souk.works.likeness.api import Likeness
from souk.works.likeness.events import LikenessKnown
from souk_client.contracts.lookups import FoundBy

MAX_ALIKE = 20


def copies_handler(*, provenance: Provenance, likeness: Likeness) -> Handler:
    """Compares each file with all others, in whichever order they came to be known."""

    async def find(
        uow: UnitOfWork, delivered: Sequence[Delivered[LikenessKnown | FilesPublished]]
    ) -> None:
        for item in delivered:
            event = item.event
            hashes = [event.sha256] if isinstance(event, LikenessKnown) else event.sha256s
            for sha256 in hashes:
                if await likeness.looked_at(uow, sha256) == "known":
                    await _find(uow, sha256)

    async def _find(uow: UnitOfWork, sha256: str) -> None:
        here = await provenance.publications(uow, sha256)
        for one in here[1:]:
            await _note(uow, one, here[0], sha256, sha256, share=1.0, found_by="bytes")
        for like in await likeness.like(uow, sha256, limit=MAX_ALIKE):
            there = await provenance.publications(uow, like.sha256)
            if not here or not there:
                continue
            first, other = here[0], there[0]
            if other.id < first.id:
                pairs = [(one, other, sha256, like.sha256) for one in here]
            else:
                pairs = [(one, first, like.sha256, sha256) for one in there]
            for later, earlier, its, of in pairs:
                await _note(uow, later, earlier, its, of, share=like.share, found_by=like.found_by)

    return Handler(name="rights.copies", events=(LikenessKnown, FilesPublished), run=find, batch=20)


async def _note(
    uow: UnitOfWork,
    later: ProvenanceEntry,
    earlier: ProvenanceEntry,
    sha256: str,
    of_sha256: str,
    *,
    share: float,
    found_by: FoundBy,
) -> None:
    """Keeps and announces that `later` published what is like what `earlier` did before."""
    row = CopyRow(
        listing_id=str(later.body["listing_id"]),
        sha256=sha256,
        organisation_id=str(later.body["actor_organisation_id"]),
        entry_id=later.id,
        of_listing_id=str(earlier.body["listing_id"]),
        of_sha256=of_sha256,
        of_organisation_id=str(earlier.body["actor_organisation_id"]),
        of_entry_id=earlier.id,
        share_permille=max(1, round(share * 1000)),
        found_by=found_by,
        found_at=uow.now,
    )
    if row.organisation_id == row.of_organisation_id or row.of_entry_id >= row.entry_id:
        return
    if await store.add(uow, row):
        uow.publish(
            CopyFound(
                listing_id=row.listing_id,
                organisation_id=row.organisation_id,
                sha256=sha256,
                of_listing_id=row.of_listing_id,
                of_organisation_id=row.of_organisation_id,
                of_sha256=of_sha256,
                share=share,
                found_by=found_by,
            )
        )
