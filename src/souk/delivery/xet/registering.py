"""Shards: files that count once every byte of them has been read and hashed.

Nothing of a shard is recorded unless all of it is right, and then all of it in one transaction;
sending it again changes nothing. What may be built on is only what an organisation of the sender
holds, and a stranger's xorb is refused in the same words as one that is not there.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass

import msgspec

from souk.delivery.xet import store
from souk.delivery.xet.checking import (
    CheckedFile,
    Digests,
    check_file,
    check_limits,
    check_listed,
    known,
    writings,
)
from souk.delivery.xet.content import BytesMissing, XetContent
from souk.delivery.xet.errors import ShardInvalid, XorbUnknown
from souk.delivery.xet.hashes import to_text
from souk.delivery.xet.model import FileRow, XorbRow
from souk.delivery.xet.settings import XetSettings
from souk.delivery.xet.shards import Shard, read_shard
from souk.delivery.xet.tokens import Grant
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.postgres.uow import UnitOfWork
from souk.works.artifacts.api import Artifacts, SentContent


class Prepared(msgspec.Struct, frozen=True):
    """A shard that is consistent in itself and with the xorbs it builds on."""

    files: list[CheckedFile]
    xorbs: Mapping[str, XorbRow]
    known: Mapping[str, str]
    """The sha256 of the files that are registered already, by hash: those are not read again."""

    @property
    def is_known(self) -> bool:
        """Whether all of it is registered."""
        return all(file.hash in self.known for file in self.files)

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files if file.hash not in self.known)


@dataclass(slots=True)
class Progress:
    """How far a registration is."""

    read_bytes: int = 0


class Registrar:
    """Registers what shards describe."""

    def __init__(
        self,
        database: Database,
        content: XetContent,
        artifacts: Artifacts,
        *,
        settings: XetSettings,
    ) -> None:
        self._database = database
        self._content = content
        self._artifacts = artifacts
        self._settings = settings
        self._turns = asyncio.Semaphore(settings.shard_workers)
        self._turns_to_prepare = asyncio.Semaphore(settings.shard_workers)

    async def prepare(self, grant: Grant, body: bytes) -> Prepared:
        """Reads a shard and checks everything but the files' content.

        Raises:
            Malformed: `shard_invalid`, `xorb_unknown`.
        """
        async with self._turns_to_prepare:  # a shard's records take several times its bytes
            prepared = await self._prepare(grant, body)
        limit = self._settings.max_shard_content_bytes
        if prepared.size_bytes > limit:
            raise ShardInvalid(f"its new files have more than {limit} bytes together")
        return prepared

    async def register(self, grant: Grant, prepared: Prepared, progress: Progress) -> None:
        """Reads the files and records them all at once.

        Raises:
            Malformed: `shard_invalid`, `xorb_unknown`; nothing is recorded then.
        """
        sent: list[SentContent] = []
        async with self._turns:
            for file in prepared.files:
                content = await self._content_of(file, prepared, progress)
                _compare(file, content.sha256)
                sent.append(content)
        async with self._database.transaction(SYSTEM) as uow:
            await self._record(uow, grant, prepared, sent)

    async def _prepare(self, grant: Grant, body: bytes) -> Prepared:
        shard = await asyncio.to_thread(self._read, body)
        named = {to_text(term.xorb) for file in shard.files for term in file.terms}
        named |= {to_text(xorb.hash) for xorb in shard.xorbs}
        file_hashes = [to_text(file.hash) for file in shard.files]
        async with self._database.transaction(SYSTEM) as uow:
            rows = await self._usable(uow, grant, named)
            await store.touch(uow, named)
            there = await store.files(uow, file_hashes)
        files = await asyncio.to_thread(self._check, shard, rows)
        return Prepared(files, rows, {file.hash: file.sha256 for file in there})

    async def _content_of(
        self, file: CheckedFile, prepared: Prepared, progress: Progress
    ) -> SentContent:
        """What a file's bytes hash to; a file that is registered already is not read again."""
        if file.hash in prepared.known:
            sha256 = prepared.known[file.hash]
            return SentContent(sha256=sha256, size_bytes=file.size_bytes, mib_digests=[])
        digests = Digests()
        blocks = self._content.read_terms(file.terms, prepared.xorbs, start=0, end=file.size_bytes)
        try:
            async with aclosing(blocks):
                async for pieces in blocks:
                    await asyncio.gather(
                        asyncio.to_thread(digests.take_whole, pieces),
                        asyncio.to_thread(digests.take_mibs, pieces),
                    )
                    progress.read_bytes += sum(map(len, pieces))
        except BytesMissing as error:
            raise XorbUnknown(error.xorb) from error
        return SentContent(
            sha256=digests.sha256(), size_bytes=file.size_bytes, mib_digests=digests.mib_digests()
        )

    def _read(self, body: bytes) -> Shard:
        shard = read_shard(body)
        check_limits(shard, max_terms=self._settings.max_terms)
        return shard

    def _check(self, shard: Shard, rows: Mapping[str, XorbRow]) -> list[CheckedFile]:
        xorbs = known(rows)
        check_listed(shard.xorbs, xorbs)
        limit = self._settings.max_file_bytes
        files = [check_file(file, xorbs, max_file_bytes=limit) for file in shard.files]
        return list({file.hash: file for file in files}.values())

    async def _usable(
        self, uow: UnitOfWork, grant: Grant, named: set[str]
    ) -> Mapping[str, XorbRow]:
        """The xorbs, all of which the sender may build on.

        Raises:
            Malformed: `xorb_unknown`.
        """
        rows = await store.held_xorbs(uow, named, grant.own)
        missing = named - set(rows)
        if missing:
            rows |= await self._views(uow, grant, missing)
        for xorb in sorted(named - set(rows)):
            raise XorbUnknown(xorb)
        return rows

    async def _views(self, uow: UnitOfWork, grant: Grant, missing: set[str]) -> dict[str, XorbRow]:
        """Xorbs that are views of plain artifacts which an organisation of the sender holds."""
        found = await store.xorbs(uow, missing)
        views = {name: row for name, row in found.items() if row.source_sha256 is not None}
        sources = {row.source_sha256 for row in views.values() if row.source_sha256 is not None}
        held: set[str] = set()
        for organisation_id in grant.own if sources else ():
            held |= set(await self._artifacts.held(uow, organisation_id, sources))
        return {name: row for name, row in views.items() if row.source_sha256 in held}

    async def _record(
        self, uow: UnitOfWork, grant: Grant, prepared: Prepared, sent: Sequence[SentContent]
    ) -> None:
        organisation_id = grant.organisation_id
        pairs = zip(prepared.files, sent, strict=True)
        for file, content in sorted(pairs, key=lambda pair: (pair[1].sha256, pair[0].hash)):
            await self._artifacts.keep_sent(uow, content, organisation_id=organisation_id)
            row = FileRow(hash=file.hash, sha256=content.sha256, size_bytes=file.size_bytes)
            await store.add_file(uow, row, file.terms)
        firsts = [(file.first_chunk, file.terms[0].xorb) for file in prepared.files if file.terms]
        chunks = [to_text(chunk) for chunk, _ in firsts if chunk is not None]
        await store.add_places(uow, chunks, [xorb for _, xorb in firsts])
        await store.add_holder(uow, prepared.xorbs, organisation_id=organisation_id)


def _compare(file: CheckedFile, sha256: str) -> None:
    if file.said_sha256 is not None and file.said_sha256 not in writings(sha256):
        raise ShardInvalid(f"file {file.hash} has sha256 {sha256}, and its metadata says otherwise")
