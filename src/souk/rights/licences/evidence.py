"""The signed file and the bundle of a licence, also for a later version that it covers."""

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.errors import NotFound
from souk.rights.licences.api import LicensedVersion
from souk.rights.licences.service import LicenceService
from souk.works.listings.api import Listings
from souk_client.proofs import LicensedFile


class EvidenceService:
    """What the holder of a licence keeps as proof.

    Args:
        licences: the licences.
        listings: say which files a later version has.
    """

    def __init__(self, *, licences: LicenceService, listings: Listings) -> None:
        self._licences = licences
        self._listings = listings

    async def signed_file(self, uow: UnitOfWork, licence_id: str, *, version: str | None) -> str:
        """The licence file for a version; for the one it was issued for when None.

        Raises:
            NotFound: `licence_unknown`, `version_unknown`.
            Conflict: `licence_not_good` when it was revoked.
        """
        later = await self._later(uow, licence_id, version=version)
        return await self._licences.signed_file(uow, licence_id, later=later)

    async def bundle(self, uow: UnitOfWork, licence_id: str, *, version: str | None) -> bytes:
        """The evidence bundle for a version.

        Raises:
            NotFound: `licence_unknown`, `version_unknown`.
            Conflict: `proof_pending`, `licence_not_good` when it was revoked.
        """
        later = await self._later(uow, licence_id, version=version)
        return await self._licences.bundle(uow, licence_id, later=later)

    async def _later(
        self, uow: UnitOfWork, licence_id: str, *, version: str | None
    ) -> LicensedVersion | None:
        """The version asked for, when it is another than the one the licence was issued for."""
        if version is None:
            return None
        licence = await self._licences.get(uow, licence_id)
        if licence.version == version:
            return None
        for known in (await self._listings.get(uow, licence.listing_id)).versions:
            if known.version == version and known.published_at is not None:
                files = (
                    LicensedFile(path=file.path, sha256=file.sha256, size_bytes=file.size_bytes)
                    for file in await self._listings.version_files(uow, known.id)
                )
                return LicensedVersion(version=version, files=tuple(files))
        raise NotFound(
            "version_unknown",
            f"There is no published version {version!r} of {licence.listing_address}.",
        )
