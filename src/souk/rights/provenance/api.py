"""What other contexts may ask of the provenance log."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.ids import EntryId
from souk.kernel.paging import Page
from souk_client.contracts.rights import (
    Anchor,
    ConsistencyProof,
    EntryKind,
    HashOwnership,
    InclusionProof,
    ProvenanceEntry,
    TreeHead,
)
from souk_client.proofs import KeySet

__all__ = [
    "Anchors",
    "ConsistencyProof",
    "EntryKind",
    "HashOwnership",
    "InclusionProof",
    "NewEntry",
    "Provenance",
    "ProvenanceEntry",
    "TreeHead",
]


class NewEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry to append.

    `body` has the members of `souk_client.proofs.EntryBody` that the log does not fill in itself
    (it fills in `id`, `kind`, `created_at` and `listing_id`): `actor_organisation_id`,
    `counterparty_organisation_id`, `version`, `content_sha256`, `licence_id`, `details`. The log is
    public: a buyer goes in as a commitment (`souk_client.proofs.commit_party`), never by id.
    """

    kind: EntryKind
    listing_id: str
    body: Mapping[str, object]
    organisation_ids: Sequence[str] = ()
    """Whose entry this is: they find it among their own. Not public, not in the leaf."""
    hashes: Sequence[str] = ()
    """sha256 of files that this entry makes public, for the look-up by hash. In the leaf."""


class Anchors(Protocol):
    """Heads of the log that stand on a chain: who can write there implements it."""

    async def covering(self, uow: UnitOfWork, leaf_index: int) -> Anchor | None:
        """The first final anchor whose head has this leaf; None while there is none."""
        ...

    async def newest(self, uow: UnitOfWork) -> Anchor | None:
        """The final anchor of the largest head; None while there is none."""
        ...


class Provenance(Protocol):
    """The log. Appending is part of the caller's transaction; reading is public."""

    async def append(
        self,
        uow: UnitOfWork,
        *,
        kind: EntryKind,
        listing_id: str,
        body: Mapping[str, object],
        organisation_ids: Sequence[str] = (),
        hashes: Sequence[str] = (),
    ) -> EntryId:
        """Appends one entry; see `NewEntry`. The head that covers it is signed within a second."""
        ...

    async def append_many(self, uow: UnitOfWork, entries: Sequence[NewEntry]) -> list[EntryId]:
        """Appends entries in this order, in one statement; at most 10,000."""
        ...

    async def entry(self, uow: UnitOfWork, entry_id: str) -> ProvenanceEntry:
        """One entry.

        Raises:
            NotFound: `entry_unknown`.
        """
        ...

    async def proof(self, uow: UnitOfWork, entry_id: str) -> InclusionProof:
        """That the newest signed head covers this entry.

        Raises:
            NotFound: `entry_unknown`.
            Conflict: `proof_pending` with `retry_after_s`: no signed head covers it yet.
        """
        ...

    async def head(self, uow: UnitOfWork) -> TreeHead:
        """The newest signed head.

        Raises:
            NotFound: `log_empty`.
        """
        ...

    async def consistency(
        self, uow: UnitOfWork, first: int, second: int | None = None
    ) -> ConsistencyProof:
        """That the log of `second` entries (None: of the newest head) begins with that of `first`.

        Raises:
            Invalid: `sizes_invalid`.
            NotFound: `head_unknown`: no head of `second` entries was ever signed.
        """
        ...

    async def entries(
        self,
        uow: UnitOfWork,
        *,
        kind: EntryKind | None = None,
        listing_id: str | None = None,
        organisation_id: str | None = None,
        cursor: str | None = None,
        limit: int = 20,
    ) -> Page[ProvenanceEntry]:
        """Entries, newest first.

        Args:
            organisation_id: only entries of this one, which the transaction's scope must hold.
        """
        ...

    async def by_hash(self, uow: UnitOfWork, sha256: str) -> HashOwnership:
        """Who published these bytes first, and what happened to the works that hold them."""
        ...

    async def publications(self, uow: UnitOfWork, sha256: str) -> list[ProvenanceEntry]:
        """The entries that made these bytes public, the first one first; at most 100."""
        ...

    async def origin(self, uow: UnitOfWork) -> str:
        """The log's name: the issuer of licences, and the origin of the published keys."""
        ...

    async def published_keys(self, uow: UnitOfWork) -> KeySet:
        """Every public key that signed heads or licences that still count."""
        ...

    async def newest_anchor(self, uow: UnitOfWork) -> Anchor | None:
        """The largest head that is final on a chain; None without a chain."""
        ...

    async def timeline(self, uow: UnitOfWork, listing_id: str) -> list[ProvenanceEntry]:
        """What happened to a listing, oldest first; of a long one the latest 500 entries."""
        ...
