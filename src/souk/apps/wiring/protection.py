"""Protection."""

from collections.abc import Collection
from dataclasses import dataclass

from souk.apps.wiring.parts import Core, Parts
from souk.infra.keyring import Keyring
from souk.infra.postgres.uow import UnitOfWork
from souk.rights.licences.api import Grant
from souk.rights.licences.service import LicenceService
from souk.rights.protection import routes
from souk.rights.protection.api import ProtectedOnly, Protection
from souk.rights.protection.choices import ChoiceService
from souk.rights.protection.devices import DeviceService
from souk.rights.protection.jobs import ending_handler
from souk.rights.protection.marking import routes as marking_routes
from souk.rights.protection.marking.service import MarkingService
from souk.rights.protection.receiving import ReceiptService
from souk.rights.protection.service import ProtectionService
from souk.rights.protection.settings import ProtectionSettings
from souk.rights.provenance.api import Provenance
from souk.works.artifacts.api import Artifacts
from souk.works.listings.api import Listings


class OpenLicences(LicenceService):
    """Licences as the ways see them by which files leave as they are: the hub, Xet, IPFS."""

    def __init__(self, *, provenance: Provenance, keyring: Keyring, protection: Protection) -> None:
        super().__init__(provenance=provenance, keyring=keyring)
        self._protection = protection

    async def find_good(
        self,
        uow: UnitOfWork,
        organisation_ids: Collection[str],
        listing_id: str,
        *,
        user_id: str | None = None,
    ) -> Grant | None:
        """As ever, where the seller lets files out openly. Raises Forbidden `protected_only`."""
        if await self._protection.only_devices(uow, listing_id):
            raise ProtectedOnly()
        return await super().find_good(uow, organisation_ids, listing_id, user_id=user_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectionParts:
    protection: ProtectionService
    devices: DeviceService
    choices: ChoiceService
    open_licences: OpenLicences
    parts: Parts


def wire_protection(
    core: Core,
    *,
    licences: LicenceService,
    provenance: Provenance,
    listings: Listings,
    artifacts: Artifacts,
) -> ProtectionParts:
    settings = core.load(ProtectionSettings, "protection")
    protection = ProtectionService(
        licences=licences, provenance=provenance, keyring=core.keyring, settings=settings
    )
    devices = DeviceService(licences=licences, settings=settings)
    choices = ChoiceService(listings)
    marking = MarkingService(
        licences=licences,
        listings=listings,
        artifacts=artifacts,
        provenance=provenance,
        keyring=core.keyring,
        settings=settings,
        folder=core.settings.data_path / "marked",
    )
    return ProtectionParts(
        protection=protection,
        devices=devices,
        choices=choices,
        open_licences=OpenLicences(
            provenance=provenance, keyring=core.keyring, protection=protection
        ),
        parts=Parts(
            services={
                "protection": protection,
                "devices": devices,
                "receipts": ReceiptService(core.database),
                "protection_choices": choices,
                "marking": marking,
            },
            routes=[*routes.ROUTES, *marking_routes.ROUTES],
            handlers=[ending_handler()],
        ),
    )
