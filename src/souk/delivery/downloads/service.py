"""Use cases of downloads."""

from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import quote

import msgspec

from souk.delivery.downloads import store
from souk.delivery.downloads.api import WantedFile
from souk.delivery.downloads.events import VersionDownloaded
from souk.delivery.downloads.protected import sealed_range
from souk.delivery.downloads.settings import DownloadSettings
from souk.delivery.downloads.tickets import Ticket, Tickets
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.clock import Clock
from souk.kernel.errors import Forbidden, NotFound
from souk.rights.licences.api import Licence, Licences
from souk.rights.protection.api import ProtectedOnly, Protection
from souk.works.artifacts.api import Artifacts
from souk.works.listings.api import Listings
from souk_client.contracts.delivery import LicensedFile, LicensedFiles
from souk_client.contracts.works import FileEntry
from souk_client.proofs.protected_file import ProtectedFile


class DownloadRecords:
    """Implements commerce's `DownloadHistory`."""

    async def any_download(self, uow: UnitOfWork, licence_id: str) -> bool:
        """Whether anything was; no download of it can begin until this transaction ends."""
        await store.lock_licence(uow, licence_id)
        return await store.any_download(uow, licence_id)


class DownloadService:
    """Signed addresses of what a licence opens, and the bytes behind them."""

    def __init__(
        self,
        *,
        database: Database,
        listings: Listings,
        licences: Licences,
        artifacts: Artifacts,
        tickets: Tickets,
        clock: Clock,
        protection: Protection,
        settings: DownloadSettings,
        base_url: str,
    ) -> None:
        self._protection = protection
        self._database = database
        self._listings = listings
        self._licences = licences
        self._artifacts = artifacts
        self._tickets = tickets
        self._clock = clock
        self._settings = settings
        self._base_url = base_url

    async def files(
        self, uow: UnitOfWork, actor: Actor, licence_id: str, *, version: str | None
    ) -> LicensedFiles:
        """The files that a licence opens, each with an address that works for a short time.

        Args:
            version: a semantic version; the newest published one when None.

        Raises:
            NotFound: `licence_unknown`, `version_unknown`.
            Forbidden: `licensee_only`, `licence_not_good`, `seat_needed`, `protected_only`.
        """
        licence = await self._usable(uow, actor, licence_id)
        if await self._protection.only_devices(uow, licence.listing_id):
            raise ProtectedOnly()
        return await self._listed(uow, licence, version, protected=False)

    async def device_files(
        self, uow: UnitOfWork, actor: Actor, licence_id: str, device_id: str, *, version: str | None
    ) -> LicensedFiles:
        """As `files`, each in its protected form, for a device that has the licence's key.

        Raises:
            NotFound: `licence_unknown`, `version_unknown`, `device_unknown`, `device_without_key`.
            Forbidden: `licensee_only`, `licence_not_good`, `seat_needed`.
            Conflict: `device_revoked`.
        """
        licence = await self._usable(uow, actor, licence_id, protected=True)
        await self._protection.admit(uow, actor, licence_id, device_id)
        return await self._listed(uow, licence, version, protected=True)

    async def marked_file(
        self, uow: UnitOfWork, actor: Actor, licence_id: str, sha256: str
    ) -> LicensedFile:
        """A marked copy that was made for this licence, with an address for a short time.

        Raises:
            NotFound: `licence_unknown`, `file_unknown`.
            Forbidden: `licensee_only`, `licence_not_good`, `seat_needed`, `protected_only`.
        """
        licence = await self._usable(uow, actor, licence_id)
        if await self._protection.only_devices(uow, licence.listing_id):
            raise ProtectedOnly()
        copy = await self._protection.marked(uow, licence_id, sha256)
        if copy is None:
            raise NotFound("file_unknown", "There is no such marked copy of this licence.")
        async with uow.as_system():  # the seller holds it
            artifact = await self._artifacts.get(uow, sha256)
        expires_at = uow.now + timedelta(seconds=self._settings.url_seconds)
        ticket = Ticket(
            licence_id=licence_id,
            version_id=copy.version_id,
            sha256=sha256,
            size_bytes=artifact.size_bytes,
            filename=copy.path.rpartition("/")[2],
            media_type=artifact.media_type,
            expires_at=int(expires_at.timestamp()),
        )
        return LicensedFile(
            path=copy.path,
            sha256=sha256,
            size_bytes=artifact.size_bytes,
            cid=artifact.cid,
            media_type=artifact.media_type,
            url=await self._address(ticket),
            expires_at=expires_at,
        )

    async def _listed(
        self, uow: UnitOfWork, licence: Licence, version: str | None, *, protected: bool
    ) -> LicensedFiles:
        licence_id = licence.id
        version_id, name = await self._version(uow, licence, version)
        entries = await self._listings.version_files(uow, version_id)
        expires_at = uow.now + timedelta(seconds=self._settings.url_seconds)
        items = []
        for entry in entries:
            ticket = _ticket(licence_id, version_id, entry, expires_at=int(expires_at.timestamp()))
            if protected:
                ticket = msgspec.structs.replace(ticket, protected_path=entry.path)
            items.append(
                LicensedFile(
                    path=entry.path,
                    sha256=entry.sha256,
                    size_bytes=entry.size_bytes,
                    cid=entry.cid,
                    media_type=entry.media_type,
                    url=await self._address(ticket),
                    expires_at=expires_at,
                )
            )
        return LicensedFiles(
            licence_id=licence.id,
            listing_address=licence.listing_address,
            version=name,
            items=items,
        )

    async def address(self, uow: UnitOfWork, licence_id: str, file: WantedFile) -> str:
        """Where this file can be fetched for a short time, under a licence that is good."""
        expires_at = uow.now + timedelta(seconds=self._settings.url_seconds)
        ticket = Ticket(
            licence_id=licence_id,
            version_id=file.version_id,
            sha256=file.sha256,
            size_bytes=file.size_bytes,
            filename=file.path.rpartition("/")[2],
            media_type=file.media_type,
            expires_at=int(expires_at.timestamp()),
        )
        return await self._address(ticket)

    async def _address(self, ticket: Ticket) -> str:
        signed = await self._tickets.sign(ticket)
        return f"{self._base_url}/d/{signed}/{quote(ticket.filename)}"

    async def admit(self, text: str) -> Ticket:
        """The ticket of an address, when its licence is good at this moment.

        Raises:
            Forbidden: `address_invalid`, `licence_not_good`.
            Gone: `address_expired`.
        """
        ticket = await self._tickets.read(text, now=self._clock.now())
        async with self._database.transaction(SYSTEM, read_only=True) as uow:
            await self._check_good(uow, ticket.licence_id, protected=bool(ticket.protected_path))
        return ticket

    def protected(self, ticket: Ticket) -> ProtectedFile | None:
        """The form in which the file leaves for devices; None when it leaves as it is."""
        if not ticket.protected_path:
            return None
        return self._protection.file(
            ticket.licence_id,
            path=ticket.protected_path,
            sha256=ticket.sha256,
            size_bytes=ticket.size_bytes,
        )

    async def begin(self, ticket: Ticket) -> None:
        """Notes that bytes are about to leave; with a refund at the same time, one of them wins.

        Raises:
            Forbidden: `licence_not_good`.
        """
        await self._note(
            ticket.licence_id,
            version_id=ticket.version_id,
            sha256=ticket.sha256,
            protected=bool(ticket.protected_path),
        )

    async def note(self, licence_id: str, *, version_id: str, sha256: str) -> None:
        """As `begin`, of a file that leaves another way."""
        await self._note(licence_id, version_id=version_id, sha256=sha256, protected=False)

    async def _note(
        self, licence_id: str, *, version_id: str, sha256: str, protected: bool
    ) -> None:
        async with self._database.transaction(SYSTEM) as uow:
            await store.lock_licence(uow, licence_id)
            await self._check_good(uow, licence_id, protected=protected)
            grant = await self._licences.grant(uow, licence_id)
            first = await store.record(
                uow,
                licence_id=licence_id,
                version_id=version_id,
                sha256=sha256,
                licensee_id=grant.licensee_id,
                listing_id=grant.listing_id,
            )
            if first:
                await self._listings.count_download(uow, grant.listing_id)
                uow.publish(
                    VersionDownloaded(
                        licence_id=licence_id,
                        listing_id=grant.listing_id,
                        version_id=version_id,
                        licensee_organisation_id=grant.licensee_id,
                    )
                )

    def read(self, ticket: Ticket, *, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes themselves, or their protected form where the ticket is for a device."""
        file = self.protected(ticket)
        if file is None:
            return self._artifacts.open(ticket.sha256, start=start, end=end)

        def plain(first: int, last: int) -> AsyncIterator[bytes]:
            return self._artifacts.open(ticket.sha256, start=first, end=last)

        return sealed_range(file, plain, start=start, end=end)

    async def _usable(
        self, uow: UnitOfWork, actor: Actor, licence_id: str, *, protected: bool = False
    ) -> Licence:
        actor.require_user()
        licence = await self._licences.get(uow, licence_id)
        if not actor.belongs_to(licence.licensee.id):
            raise Forbidden("licensee_only", "Only the licence's holder may download under it.")
        await self._check_good(uow, licence_id, protected=protected)
        if licence.terms.kind == "seats":
            check = await self._licences.check(uow, licence_id, user_id=actor.user_id)
            if not check.good:
                raise Forbidden(
                    "seat_needed", "Ask a manager of your organisation for a seat of this licence."
                )
        return licence

    async def _check_good(
        self, uow: UnitOfWork, licence_id: str, *, protected: bool = False
    ) -> None:
        """Uses that were set aside for devices are taken, and yet not used up: a device counts."""
        check = await self._licences.check(uow, licence_id)
        if not check.good and not (protected and check.state == "used_up"):
            raise Forbidden(
                "licence_not_good",
                f"Licence {licence_id} is {check.state.replace('_', ' ')}"
                f"{': ' + check.reason if check.reason else ''}.",
                state=check.state,
            )

    async def _version(
        self, uow: UnitOfWork, licence: Licence, version: str | None
    ) -> tuple[str, str]:
        """The id and name of the version that is wanted."""
        grant = await self._licences.grant(uow, licence.id)
        if version is None:
            latest = await self._listings.latest_version(uow, licence.listing_id)
            if latest is not None:
                return latest.id, latest.version
            return grant.version_id, licence.version or ""
        if version == licence.version:
            return grant.version_id, version
        listing = await self._listings.get(uow, licence.listing_id)
        for known in listing.versions:
            if known.version == version:
                return known.id, known.version
        raise NotFound(
            "version_unknown",
            f"There is no published version {version!r} of {licence.listing_address}.",
        )


def _ticket(licence_id: str, version_id: str, entry: FileEntry, *, expires_at: int) -> Ticket:
    return Ticket(
        licence_id=licence_id,
        version_id=version_id,
        sha256=entry.sha256,
        size_bytes=entry.size_bytes,
        filename=entry.path.rpartition("/")[2],
        media_type=entry.media_type,
        expires_at=expires_at,
    )
