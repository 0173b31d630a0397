"""Entries from what works announce, and the sequencer's place in the worker."""

from collections.abc import Sequence

from souk.infra.outbox.handlers import Delivered, Handler
from souk.infra.postgres.uow import UnitOfWork
from souk.rights.provenance.api import NewEntry, Provenance
from souk.rights.provenance.events import FilesPublished
from souk.works.listings.api import Listings
from souk.works.listings.events import (
    ListingCreated,
    ListingEdited,
    ListingEvent,
    ListingPublished,
    ListingRetired,
    VersionPublished,
)
from souk_client.contracts.rights import EntryKind
from souk_client.proofs import LicensedFile, content_digest

BATCH = 100


def provenance_handler(*, provenance: Provenance, listings: Listings) -> Handler:
    """Records creation, edits, publications and retirements, each exactly once.

    A draft's edits are not recorded: the log is public, a draft is not. A listing that goes public
    with a new version is one publication, recorded with that version's files.
    """

    async def record(uow: UnitOfWork, delivered: Sequence[Delivered[ListingEvent]]) -> None:
        entries = [await _entry_of(uow, listings, item.event) for item in delivered]
        new = [entry for entry in entries if entry is not None]
        for entry_id, entry in zip(await provenance.append_many(uow, new), new, strict=True):
            if entry.hashes:
                uow.publish(
                    FilesPublished(
                        entry_id=entry_id,
                        listing_id=entry.listing_id,
                        sha256s=list(dict.fromkeys(entry.hashes)),
                    )
                )

    return Handler(
        name="rights.provenance",
        events=(ListingCreated, ListingEdited, ListingPublished, VersionPublished, ListingRetired),
        run=record,
        batch=BATCH,
    )


async def _entry_of(uow: UnitOfWork, listings: Listings, event: ListingEvent) -> NewEntry | None:
    match event:
        case ListingCreated():
            return _entry(event, "created", details={"kind": event.kind})
        case ListingEdited(published=True):
            return _entry(event, "edited", details=_words(event, fields=",".join(event.fields)))
        case ListingPublished(version_is_new=False):
            return _entry(
                event, "published", details=_words(event, what="listing"), version=event.version
            )
        case VersionPublished():
            return await _version_entry(uow, listings, event)
        case ListingRetired():
            return _entry(event, "retired", details=_words(event))
        case _:
            return None


async def _version_entry(uow: UnitOfWork, listings: Listings, event: VersionPublished) -> NewEntry:
    """Makes the version's files known by their hashes."""
    files = sorted(
        (
            LicensedFile(path=file.path, sha256=file.sha256, size_bytes=file.size_bytes)
            for file in await listings.version_files(uow, event.version_id)
        ),
        key=lambda file: file.path,
    )
    return _entry(
        event,
        "published",
        details=_words(event, what="version"),
        version=event.version,
        content_sha256=content_digest(files),
        hashes=[file.sha256 for file in files],
    )


def _entry(
    event: ListingEvent,
    kind: EntryKind,
    *,
    details: dict[str, str],
    hashes: Sequence[str] = (),
    **members: str,
) -> NewEntry:
    return NewEntry(
        kind=kind,
        listing_id=event.listing_id,
        body={"actor_organisation_id": event.organisation_id, "details": details, **members},
        organisation_ids=[event.organisation_id],
        hashes=hashes,
    )


def _words(event: ListingEvent, **more: str) -> dict[str, str]:
    return {"address": event.address, "kind": event.kind, **more}
