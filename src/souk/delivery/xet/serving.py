"""What a reader is told of a file: its terms, and where to fetch them.

A hash opens nothing by itself. A file is told to whoever holds it, or to whom the repository gave
its revision; and the addresses open exactly the runs of chunks that were asked for, no other piece
of the same xorb.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final

import msgspec

from souk.delivery.xet import store, tokens
from souk.delivery.xet.content import XetContent
from souk.delivery.xet.errors import (
    ChunkUnknown,
    XetFileUnknown,
    XetRightOver,
    XorbAddressInvalid,
)
from souk.delivery.xet.hashes import from_text, keyed_hash
from souk.delivery.xet.model import Cut, Term, XorbRow, cut_terms
from souk.delivery.xet.rights import ReadRights
from souk.delivery.xet.settings import XetSettings
from souk.delivery.xet.shards import ShardXorb, write_shard
from souk.delivery.xet.tokens import Grant, TokenService, XorbTicket
from souk.infra.keyring import Keyring
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.postgres.uow import UnitOfWork
from souk.works.artifacts.api import Artifacts
from souk.works.revisions.api import Revisions

REVISIONS_KEPT: Final = 64
"""Of how many revisions a process remembers the files; they never change."""


class Reconstruction(msgspec.Struct, frozen=True, kw_only=True):
    """A range of a file: terms in order, and the address of each run of chunks they need."""

    cut: Cut
    runs: list["FetchRun"]


class FetchRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run of chunks that one address opens."""

    xorb: str
    chunk_start: int
    chunk_end: int
    start: int
    end: int
    """Bytes of the xorb; `end` is not among them."""
    url: str = ""


class PieceOfXorb(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes of a xorb that an address opens."""

    xorb: XorbRow
    start: int
    end: int


class Reader:
    """Answers what clients ask when they download, and before they upload."""

    def __init__(
        self,
        database: Database,
        content: XetContent,
        token_service: TokenService,
        *,
        rights: ReadRights,
        artifacts: Artifacts,
        revisions: Revisions,
        keyring: Keyring,
        settings: XetSettings,
    ) -> None:
        self._database = database
        self._content = content
        self._tokens = token_service
        self._rights = rights
        self._artifacts = artifacts
        self._revisions = revisions
        self._keyring = keyring
        self._settings = settings
        self._trees: OrderedDict[str, frozenset[str]] = OrderedDict()

    async def reconstruction(
        self, grant: Grant, file_hash: str, span: tuple[int, int | None]
    ) -> Reconstruction | None:
        """How to put together the bytes of a file from the first up to the second of `span`.

        None when the file ends before the range begins.

        Raises:
            NotFound: `xet_file_unknown`. Forbidden: `xet_right_over`.
        """
        start, stop = span
        async with self._database.transaction(SYSTEM, read_only=True) as uow:
            file = await store.file(uow, file_hash)
            if file is None:
                raise XetFileUnknown()
            reader = await self._reader(uow, grant, file.sha256)
            end = file.size_bytes if stop is None else min(stop, file.size_bytes)
            if start >= end and (start or file.size_bytes):
                return None
            terms = await store.terms(uow, file_hash, start=start, end=end)
            xorbs = await store.xorbs(uow, {term.xorb for term in terms})
        sizes = {name: row.sizes() for name, row in xorbs.items()}
        cut = cut_terms(terms, sizes, start=start, end=end)
        runs = _runs(cut.terms, xorbs)
        addresses = await self._tokens.addresses(
            [(run.xorb, run.start, run.end) for run in runs], reader=reader
        )
        signed = [
            msgspec.structs.replace(run, url=addresses[run.xorb, run.start, run.end])
            for run in runs
        ]
        return Reconstruction(cut=cut, runs=signed)

    async def piece(self, ticket: XorbTicket, span: tuple[int, int | None]) -> PieceOfXorb:
        """The bytes of a xorb that a request for an address's `span` gets.

        Raises:
            Forbidden: `xorb_address_invalid` when the range is not within the signed one,
                `xet_right_over`.
        """
        start, end = span[0], ticket.end if span[1] is None else span[1]
        if not ticket.start <= start < end <= ticket.end:
            raise XorbAddressInvalid(f"opens bytes {ticket.start} to {ticket.end - 1} only")
        async with self._database.transaction(SYSTEM, read_only=True) as uow:
            if ticket.reader is not None and not await self._rights.last(uow, ticket.reader):
                raise XetRightOver()
            found = await store.xorbs(uow, [ticket.xorb])
        if ticket.xorb not in found:
            raise XorbAddressInvalid("names a xorb that is gone")
        return PieceOfXorb(xorb=found[ticket.xorb], start=start, end=end)

    def read(self, piece: PieceOfXorb) -> AsyncIterator[bytes]:
        """The bytes themselves."""
        return self._content.xorb_bytes(piece.xorb, start=piece.start, end=piece.end)

    async def related(self, grant: Grant, chunk: str) -> bytes:
        """A shard of xorbs on which the sender may build, when one of them has this chunk.

        Only the sender's own organisations are looked through: nobody learns by asking what
        others have. Chunk hashes are hidden under a key that holds for a day, so that even a member
        learns the hash of no chunk whose bytes he does not have.

        Raises:
            NotFound: `chunk_unknown`.
        """
        async with self._database.transaction(SYSTEM, read_only=True) as uow:
            rows = await store.related_xorbs(
                uow, chunk, grant.own, limit=self._settings.max_related_xorbs
            )
            now = uow.now
        if not rows:
            raise ChunkUnknown()
        day = f"{now:%Y-%m-%d} {' '.join(grant.own)}"
        key = keyed_hash(day.encode(), key=self._keyring.derive("xet.related"))
        made_at = int(now.timestamp())
        expires_at = made_at + 3600 * self._settings.related_hours
        return await asyncio.to_thread(
            _hidden_shard, rows, key, made_at=made_at, expires_at=expires_at
        )

    async def _reader(self, uow: UnitOfWork, grant: Grant, sha256: str) -> tokens.Reader | None:
        """By what right the caller has a file; None when an organisation of theirs holds it.

        Raises:
            NotFound: `xet_file_unknown`, also of what the safety scan refused.
            Forbidden: `xet_right_over`.
        """
        found = await self._artifacts.get_many(uow, [sha256])
        if sha256 not in found or found[sha256].scan.state == "quarantined":
            raise XetFileUnknown()
        for organisation_id in grant.own:
            if await self._artifacts.holds(uow, organisation_id, sha256):
                return None
        if not grant.revision or sha256 not in await self._tree(uow, grant.revision):
            raise XetFileUnknown()
        reader = tokens.Reader(grant.listing_id, grant.user_id, grant.own)
        if not await self._rights.last(uow, reader):
            raise XetRightOver()
        return reader

    async def _tree(self, uow: UnitOfWork, revision: str) -> frozenset[str]:
        known = self._trees.pop(revision, None)
        if known is None:
            files = await self._revisions.files(uow, revision)
            known = frozenset(file.sha256 for file in files)
        self._trees[revision] = known
        if len(self._trees) > REVISIONS_KEPT:
            self._trees.popitem(last=False)
        return known


def _runs(terms: Sequence[Term], xorbs: Mapping[str, XorbRow]) -> list[FetchRun]:
    """The chunks that terms need, each run once; terms that touch or overlap share one."""
    wanted: dict[str, list[tuple[int, int]]] = {}
    for term in terms:
        wanted.setdefault(term.xorb, []).append((term.chunk_start, term.chunk_end))
    runs = []
    for xorb, spans in wanted.items():
        merged: list[tuple[int, int]] = []
        for first, last in sorted(spans):
            if merged and first <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(merged[-1][1], last))
            else:
                merged.append((first, last))
        for first, last in merged:
            start, end = xorbs[xorb].byte_range(first, last)
            runs.append(
                FetchRun(xorb=xorb, chunk_start=first, chunk_end=last, start=start, end=end)
            )
    return runs


def _hidden_shard(rows: Sequence[XorbRow], key: bytes, *, made_at: int, expires_at: int) -> bytes:
    """A shard of xorbs whose chunk hashes are hidden."""
    listed = []
    for row in rows:
        pairs = zip(row.hashes(), row.sizes(), strict=True)
        chunks = [(keyed_hash(value, key=key), size) for value, size in pairs]
        listed.append(ShardXorb(from_text(row.hash), chunks, row.stored_bytes))
    return write_shard(listed, key=key, made_at=made_at, expires_at=expires_at)
