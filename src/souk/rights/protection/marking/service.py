"""Marked copies: made for a licence, and traced back to it."""

import asyncio
import tempfile
from pathlib import Path
from typing import Final

from souk.infra.keyring import LICENCE, Keyring
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Conflict, Forbidden, Invalid, NotFound, TooLarge
from souk.rights.licences.api import Licence, Licences
from souk.rights.protection.marking import store
from souk.rights.protection.marking.files import Marked, NotMarkable, mark_file, weights_of
from souk.rights.protection.marking.fingerprint import Match, trace
from souk.rights.protection.settings import ProtectionSettings
from souk.rights.provenance.api import Provenance
from souk.works.artifacts.api import Artifact, Artifacts
from souk.works.listings.api import Listings
from souk_client.contracts.protection import MarkedCopy, Trace, TraceMatch
from souk_client.contracts.works import FileEntry
from souk_client.proofs.marked_copy import MarkedCopyFacts, sign_marked_copy

SURE: Final = 1e-6
"""Chance below which a licence is named."""
SHOWN: Final = 10
_PURPOSE: Final = "fingerprints"


class MarkingService:
    """Makes marked copies, and finds out whose a file was.

    Args:
        folder: where a copy lies for the moment until it is an artifact.
    """

    def __init__(
        self,
        *,
        licences: Licences,
        listings: Listings,
        artifacts: Artifacts,
        provenance: Provenance,
        keyring: Keyring,
        settings: ProtectionSettings,
        folder: Path,
    ) -> None:
        self._licences = licences
        self._listings = listings
        self._artifacts = artifacts
        self._provenance = provenance
        self._keyring = keyring
        self._settings = settings
        self._folder = folder
        self._turns = asyncio.Semaphore(1)

    async def make(
        self, uow: UnitOfWork, actor: Actor, licence_id: str, *, path: str
    ) -> MarkedCopy:
        """The licence's marked copy of a file of its version, made when there is none yet.

        Raises:
            NotFound: `licence_unknown`, `file_unknown`.
            Forbidden: `licensee_only`. Conflict: `licence_not_good`.
            Invalid: `file_not_markable`. TooLarge: `file_too_large_to_mark`.
        """
        licence = await self._usable(uow, actor, licence_id)
        version_id = (await self._licences.grant(uow, licence_id)).version_id
        file = await self._file(uow, version_id, path)
        known = await store.of_licence(uow, licence_id)
        for row in known:
            if (row.source_sha256, row.path) == (file.sha256, path):
                return row.to_copy()
        origin = await self._provenance.origin(uow)
        content = await self._content(file.sha256, file.size_bytes)
        marked = await self._marked(content, path=path, licence_id=licence_id, origin=origin)
        artifact = await self._kept(uow, marked.content, path=path, licence=licence, file=file)
        facts = MarkedCopyFacts(
            issuer=origin,
            licence_id=licence_id,
            path=path,
            source_sha256=file.sha256,
            sha256=artifact.sha256,
            issued_at=uow.now,
        )
        row = store.CopyRow(
            licence_id=licence_id,
            source_sha256=file.sha256,
            path=path,
            listing_id=licence.listing_id,
            version_id=version_id,
            organisation_id=licence.licensee.id,
            licensor_id=licence.licensor.id,
            sha256=artifact.sha256,
            size_bytes=artifact.size_bytes,
            weights=marked.weights,
            statement=sign_marked_copy(facts, await self._keyring.current(LICENCE)),
            created_at=uow.now,
        )
        await store.add(uow, row)
        return row.to_copy()

    async def of_licence(self, uow: UnitOfWork, actor: Actor, licence_id: str) -> list[MarkedCopy]:
        """A licence's marked copies, newest first. Raises NotFound `licence_unknown`."""
        actor.require_user()
        await self._licences.get(uow, licence_id)
        return [row.to_copy() for row in await store.of_licence(uow, licence_id)]

    async def trace(
        self, uow: UnitOfWork, actor: Actor, listing_id: str, *, sha256: str, source_sha256: str
    ) -> Trace:
        """Whose marked copy a file was that the seller has uploaded.

        Raises:
            NotFound: `listing_unknown`, `artifact_unknown`, `file_unknown`.
            Forbidden: `not_listing_manager`. Invalid: `file_not_markable`.
            TooLarge: `file_too_large_to_mark`.
        """
        listing = await self._listings.managed(uow, actor, listing_id)
        held = await self._artifacts.held(uow, listing.organisation_id, [sha256, source_sha256])
        suspect, source = held.get(sha256), held.get(source_sha256)
        if suspect is None or source is None:
            raise NotFound(
                "artifact_unknown", "Upload the file first, for the organisation that sells."
            )
        licence_ids = await store.licences_of(uow, listing_id, source_sha256)
        path = _path_of(source)
        original = await self._content(source.sha256, source.size_bytes)
        other = await self._content(suspect.sha256, suspect.size_bytes)
        async with self._turns:
            matches = await asyncio.to_thread(
                _compared, original, other, path=path, secret=self._secret(), ids=licence_ids
            )
        best = matches[0] if matches else None
        return Trace(
            licences=len(licence_ids),
            weights=best.weights if best is not None else 0,
            found=best.licence_id if best is not None and best.chance < SURE else None,
            matches=[
                TraceMatch(licence_id=m.licence_id, score=m.score, chance=m.chance)
                for m in matches[:SHOWN]
            ],
        )

    async def _usable(self, uow: UnitOfWork, actor: Actor, licence_id: str) -> Licence:
        user_id = actor.require_user()
        licence = await self._licences.get(uow, licence_id)
        if not actor.belongs_to(licence.licensee.id):
            raise Forbidden("licensee_only", "Only the licence's holder gets a marked copy.")
        check = await self._licences.check(uow, licence_id, user_id=user_id)
        if not check.good:
            raise Conflict("licence_not_good", check.reason or "", state=check.state)
        return licence

    async def _file(self, uow: UnitOfWork, version_id: str, path: str) -> FileEntry:
        for entry in await self._listings.version_files(uow, version_id):
            if entry.path == path:
                return entry
        raise NotFound("file_unknown", f"The licensed version has no file {path!r}.")

    async def _content(self, sha256: str, size_bytes: int) -> bytes:
        if size_bytes > self._settings.marked_bytes:
            raise TooLarge(
                "file_too_large_to_mark",
                f"Files of at most {self._settings.marked_bytes} bytes can be marked or traced.",
            )
        return b"".join([chunk async for chunk in self._artifacts.open(sha256)])

    async def _marked(self, content: bytes, *, path: str, licence_id: str, origin: str) -> Marked:
        async with self._turns:
            try:
                return await asyncio.to_thread(
                    mark_file,
                    content,
                    path=path,
                    secret=self._secret(),
                    licence_id=licence_id,
                    origin=origin,
                )
            except NotMarkable as error:
                raise Invalid("file_not_markable", f"{error}.") from error

    async def _kept(
        self, uow: UnitOfWork, content: bytes, *, path: str, licence: Licence, file: FileEntry
    ) -> Artifact:
        """The copy as an artifact of the seller's: the buyer did not make it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            place = Path(folder) / path.rpartition("/")[2]
            await asyncio.to_thread(place.write_bytes, content)
            async with uow.as_system():  # in the name of the seller
                return await self._artifacts.keep_made(
                    uow, place, organisation_id=licence.licensor.id, media_type=file.media_type
                )

    def _secret(self) -> bytes:
        return self._keyring.derive(_PURPOSE)


def _compared(
    original: bytes, suspect: bytes, *, path: str, secret: bytes, ids: list[str]
) -> list[Match]:
    try:
        first, second = weights_of(original, path=path), weights_of(suspect, path=path)
    except NotMarkable as error:
        raise Invalid("file_not_markable", f"{error}.") from error
    return trace(first, second, secret=secret, licence_ids=ids)


def _path_of(artifact: Artifact) -> str:
    """A name by which the format is known: what the scan found."""
    return f"file.{artifact.scan.format}"
