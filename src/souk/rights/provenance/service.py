"""The provenance log as other contexts and the routes use it."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from souk.infra.keyring import LICENCE, LOG, Keyring
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.errors import Conflict, Invalid, NotFound
from souk.kernel.ids import EntryId, new_id
from souk.kernel.paging import Page, decode_cursor, page_of
from souk.rights.provenance import store
from souk.rights.provenance.api import Anchors, NewEntry
from souk.rights.provenance.model import entry_body, leaf_text
from souk_client.contracts.rights import (
    Anchor,
    AnchoredProof,
    ConsistencyProof,
    EntryKind,
    HashOwnership,
    InclusionProof,
    ProvenanceEntry,
    TreeHead,
)
from souk_client.proofs import (
    KeySet,
    Node,
    consistency_nodes,
    consistency_proof,
    inclusion_nodes,
    inclusion_proof,
)

MAX_APPEND: Final = 10_000
MAX_HISTORY: Final = 500
MAX_PUBLICATIONS: Final = 100
RETRY_AFTER_S: Final = 1


class ProvenanceService:
    """Implements `souk.rights.provenance.api.Provenance`.

    Args:
        keyring: where the public keys come from.
        origin: the log's name, unless it was fixed before.
        anchors: says which heads stand on a chain; None without one.
    """

    def __init__(self, *, keyring: Keyring, origin: str, anchors: Anchors | None = None) -> None:
        self._anchors = anchors
        self._keyring = keyring
        self._origin = origin
        self._fixed_origin: str | None = None

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
        new = NewEntry(
            kind=kind,
            listing_id=listing_id,
            body=body,
            organisation_ids=organisation_ids,
            hashes=hashes,
        )
        (entry_id,) = await self.append_many(uow, [new])
        return entry_id

    async def append_many(self, uow: UnitOfWork, entries: Sequence[NewEntry]) -> list[EntryId]:
        if len(entries) > MAX_APPEND:
            raise Invalid("too_many_entries", f"Append at most {MAX_APPEND} entries at once.")
        if not entries:
            return []
        # Ids of one moment are ordered by chance; sorted, they keep the caller's order.
        ids = sorted(new_id("prv", uow.now) for _ in entries)
        rows = [_row(uow, new, entry_id) for new, entry_id in zip(entries, ids, strict=True)]
        await store.add_entries(uow, rows)
        return [EntryId(row.id) for row in rows]

    async def entry(self, uow: UnitOfWork, entry_id: str) -> ProvenanceEntry:
        row = await store.entry(uow, entry_id)
        if row is None:
            raise _unknown(entry_id)
        return _entry(row)

    async def proof(self, uow: UnitOfWork, entry_id: str) -> InclusionProof:
        row = await store.proof(uow, entry_id)
        if row is None:
            raise _unknown(entry_id)
        if row.leaf_index is None:
            raise Conflict(
                "proof_pending",
                "The entry is in the log, and the head that covers it is about to be signed.",
                retry_after_s=RETRY_AFTER_S,
            )
        assert row.tree_size is not None and row.root is not None
        assert row.signed_at is not None and row.checkpoint is not None
        nodes = dict(zip(map(Node, row.levels, row.places), row.hashes, strict=True))
        path = inclusion_proof(nodes.__getitem__, row.leaf_index, row.tree_size)
        head = store.HeadRow(
            tree_size=row.tree_size,
            root=row.root,
            signed_at=row.signed_at,
            checkpoint=row.checkpoint,
        )
        return InclusionProof(
            entry=_entry(row),
            leaf_index=row.leaf_index,
            path=[digest.hex() for digest in path],
            head=_head(head),
            anchored=await self._anchored(uow, row.leaf_index),
        )

    async def _anchored(self, uow: UnitOfWork, leaf_index: int) -> AnchoredProof | None:
        anchor = None if self._anchors is None else await self._anchors.covering(uow, leaf_index)
        if anchor is None:
            return None
        found = await store.nodes(uow, inclusion_nodes(leaf_index, anchor.tree_size))
        nodes = {Node(node.level, node.place): node.hash for node in found}
        path = inclusion_proof(nodes.__getitem__, leaf_index, anchor.tree_size)
        return AnchoredProof(anchor=anchor, path=[digest.hex() for digest in path])

    async def head(self, uow: UnitOfWork) -> TreeHead:
        row = await store.newest_head(uow)
        if row is None:
            raise NotFound("log_empty", "No head has been signed yet: the log has no entries.")
        return _head(row)

    async def consistency(
        self, uow: UnitOfWork, first: int, second: int | None = None
    ) -> ConsistencyProof:
        if second is None:
            row = await store.newest_head(uow)
        else:
            row = await store.head_of_size(uow, second)
        if row is None:
            raise NotFound("head_unknown", f"No head of {second} entries was ever signed.")
        if not 0 < first <= row.tree_size:
            raise Invalid(
                "sizes_invalid",
                f"`first` is {first}; it must be from 1 to the second size, {row.tree_size}.",
            )
        found = await store.nodes(uow, consistency_nodes(first, row.tree_size))
        nodes = {Node(node.level, node.place): node.hash for node in found}
        path = consistency_proof(nodes.__getitem__, first, row.tree_size)
        return ConsistencyProof(
            first=first,
            second=row.tree_size,
            path=[digest.hex() for digest in path],
            head=_head(row),
        )

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
        key = decode_cursor(cursor, size=1)
        rows = await store.entries(
            uow,
            kind=kind,
            listing_id=listing_id,
            organisation_id=organisation_id,
            before=None if key is None else str(key[0]),
            limit=limit + 1,
        )
        return page_of(rows, limit=limit, key=lambda row: [row.id]).map(_entry)

    async def by_hash(self, uow: UnitOfWork, sha256: str) -> HashOwnership:
        first = await store.first_publication(uow, sha256)
        rows = [] if first is None else await store.entries_of_hash(uow, sha256, limit=MAX_HISTORY)
        return HashOwnership(
            sha256=sha256,
            first_published=None if first is None else _entry(first),
            entries=[_entry(row) for row in rows],
        )

    async def publications(self, uow: UnitOfWork, sha256: str) -> list[ProvenanceEntry]:
        rows = await store.publications(uow, sha256, limit=MAX_PUBLICATIONS)
        return [_entry(row) for row in rows]

    async def newest_anchor(self, uow: UnitOfWork) -> Anchor | None:
        return None if self._anchors is None else await self._anchors.newest(uow)

    async def timeline(self, uow: UnitOfWork, listing_id: str) -> list[ProvenanceEntry]:
        rows = await store.timeline(uow, listing_id, limit=MAX_HISTORY)
        return [_entry(row) for row in rows]

    async def origin(self, uow: UnitOfWork) -> str:
        """The log's name, which is also the issuer of licences."""
        if self._fixed_origin is None:
            self._fixed_origin = await store.origin(uow)
        return self._fixed_origin or self._origin

    async def published_keys(self, uow: UnitOfWork) -> KeySet:
        """Every public key that signed heads or licences that still count."""
        keys = await self._keyring.public_keys(LOG, LICENCE)
        return KeySet(origin=await self.origin(uow), keys=keys)


def _row(uow: UnitOfWork, new: NewEntry, entry_id: str) -> store.NewRow:
    body = entry_body(new, entry_id=entry_id, created_at=uow.now)
    return store.NewRow(
        id=entry_id,
        leaf=leaf_text(body),
        organisation_ids=tuple(dict.fromkeys(new.organisation_ids)),
        hashes=body.file_sha256s,
    )


def _entry(row: store.EntryRow) -> ProvenanceEntry:
    return msgspec.convert(
        {
            "id": row.id,
            "kind": row.kind,
            "body": msgspec.json.decode(row.leaf),
            "leaf_hash": row.leaf_hash.hex(),
            "leaf_index": row.leaf_index,
            "created_at": row.created_at,
        },
        ProvenanceEntry,
    )


def _head(row: store.HeadRow) -> TreeHead:
    origin, _, _ = row.checkpoint.partition("\n")
    return TreeHead(
        origin=origin,
        tree_size=row.tree_size,
        root_hash=row.root.hex(),
        created_at=row.signed_at,
        checkpoint=row.checkpoint,
    )


def _unknown(entry_id: str) -> NotFound:
    return NotFound("entry_unknown", f"The log has no entry {entry_id!r}.")
