"""A licence's content key: made, released to devices, taken from them."""

import hashlib
import hmac

from souk.infra.keyring import LICENCE, Keyring
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Conflict, Forbidden
from souk.rights.licences.api import Licences
from souk.rights.protection import store
from souk.rights.protection.api import MarkedFile
from souk.rights.protection.devices import own_device
from souk.rights.protection.errors import (
    DeviceRevoked,
    DevicesFull,
    DeviceWithoutKey,
    ReceiptsForked,
)
from souk.rights.protection.marking import store as marked_copies
from souk.rights.protection.model import offline_until, uses_to_take
from souk.rights.protection.settings import ProtectionSettings
from souk.rights.protection.store import DeviceRow, ReleaseRow
from souk.rights.provenance.api import Provenance
from souk_client.contracts.protection import DeviceKey, LicenceDevice, LicenceDevices
from souk_client.contracts.rights import Licence
from souk_client.proofs.canonical import encode_base64url
from souk_client.proofs.device_key import DeviceKeyFacts, sign_device_key, wrap_key
from souk_client.proofs.protected_file import ProtectedFile, ProtectedHeader

_PURPOSE = "protected-content"


class ProtectionService:
    """Implements `souk.rights.protection.api.Protection`, and releases keys to devices.

    Args:
        licences: say who may have a key.
        provenance: knows the marketplace's name in what it signs.
        keyring: signs, and has the secret that content keys follow from.
    """

    def __init__(
        self,
        *,
        licences: Licences,
        provenance: Provenance,
        keyring: Keyring,
        settings: ProtectionSettings,
    ) -> None:
        self._licences = licences
        self._provenance = provenance
        self._keyring = keyring
        self._settings = settings

    async def release(
        self, uow: UnitOfWork, actor: Actor, licence_id: str, device_id: str, *, uses: int | None
    ) -> DeviceKey:
        """The licence's content key for a device of the caller, with fresh time and uses.

        Raises:
            NotFound: `licence_unknown`, `device_unknown`.
            Forbidden: `licensee_only`.
            Conflict: `device_revoked`, `licence_not_good`, `devices_full`, `receipts_forked`.
        """
        device = await own_device(uow, actor, device_id)
        if device.revoked_at is not None:
            raise DeviceRevoked()
        licence = await self._licences.get(uow, licence_id)
        if not actor.belongs_to(licence.licensee.id):
            raise Forbidden("licensee_only", "Only the licence's holder gets its key.")
        await store.lock_licence(uow, licence_id)
        known = await store.release(uow, licence_id, device_id)
        if known is not None and known.forked_at is not None:
            raise ReceiptsForked(known.sequence)
        row = await self._granted(uow, licence, device, known, wanted=uses)
        limit = self._limit(licence)
        if row.slot > limit:
            raise DevicesFull(limit)
        await store.put_release(uow, row, slot_limit=limit)
        await store.saw_device(uow, device_id)
        return DeviceKey(
            document=await self._document(uow, licence, device, row),
            expires_at=row.offline_until,
            uses_granted=row.uses_granted,
        )

    async def devices(self, uow: UnitOfWork, actor: Actor, licence_id: str) -> LicenceDevices:
        """Which devices have a licence's key; for members of its holder. Raises NotFound,
        Forbidden."""
        licence = await self._licences.get(uow, licence_id)
        if not actor.belongs_to(licence.licensee.id):
            raise Forbidden("licensee_only", "Only the licence's holder sees its devices.")
        rows = await store.releases_of_licence(uow, licence_id)
        items = [
            LicenceDevice(
                device_id=row.device_id,
                name=row.device_name,
                user_id=row.user_id,
                released_at=row.released_at,
                offline_until=row.offline_until,
                uses_granted=row.uses_granted,
                uses_receipted=row.uses_receipted,
            )
            for row in rows
        ]
        return LicenceDevices(items=items, limit=self._limit(licence))

    async def take_back(
        self, uow: UnitOfWork, actor: Actor, licence_id: str, device_id: str
    ) -> None:
        """Frees a device's slot: for its own user, and for managers of the licence's holder.

        Raises:
            NotFound: `licence_unknown`, `device_without_key`. Forbidden: `licensee_only`.
        """
        licence = await self._licences.get(uow, licence_id)
        row = await store.release(uow, licence_id, device_id)
        user_id = actor.require_user()
        if not (actor.manages(licence.licensee.id) or (row is not None and row.user_id == user_id)):
            raise Forbidden("licensee_only", "Only managers of the licence's holder do this.")
        if not await store.end_release(uow, licence_id, device_id):
            raise DeviceWithoutKey()

    async def admit(self, uow: UnitOfWork, actor: Actor, licence_id: str, device_id: str) -> None:
        device = await own_device(uow, actor, device_id)
        if device.revoked_at is not None:
            raise DeviceRevoked()
        row = await store.release(uow, licence_id, device_id)
        if row is None or row.ended_at is not None:
            raise DeviceWithoutKey()

    def file(self, licence_id: str, *, path: str, sha256: str, size_bytes: int) -> ProtectedFile:
        header = ProtectedHeader(
            licence_id=licence_id, path=path, sha256=sha256, size_bytes=size_bytes
        )
        return ProtectedFile(header, self._content_key(licence_id))

    async def marked(self, uow: UnitOfWork, licence_id: str, sha256: str) -> MarkedFile | None:
        for row in await marked_copies.of_licence(uow, licence_id):
            if row.sha256 == sha256:
                return MarkedFile(path=row.path, version_id=row.version_id)
        return None

    async def only_devices(self, uow: UnitOfWork, listing_id: str) -> bool:
        return await store.choice(uow, listing_id) == "devices"

    async def _granted(
        self,
        uow: UnitOfWork,
        licence: Licence,
        device: DeviceRow,
        known: ReleaseRow | None,
        *,
        wanted: int | None,
    ) -> ReleaseRow:
        """What the device has from now on; takes uses of a counted licence for it."""
        check = await self._licences.check(uow, licence.id, user_id=device.user_id)
        granted = receipted = None
        if licence.terms.kind == "counted":
            granted = (known.uses_granted if known is not None else None) or 0
            receipted = (known.uses_receipted if known is not None else None) or 0
        unspent = granted is not None and receipted is not None and granted > receipted
        if not check.good and not (check.state == "used_up" and unspent):
            raise Conflict("licence_not_good", check.reason or "", state=check.state)
        if granted is not None and receipted is not None:
            more = uses_to_take(
                wanted=self._settings.uses_ahead if wanted is None else wanted,
                granted=granted,
                receipted=receipted,
                left=check.uses_left or 0,
            )
            if more:
                await self._licences.use(uow, licence.id, uses=more)
                granted += more
        has_slot = known is not None and known.ended_at is None
        return ReleaseRow(
            licence_id=licence.id,
            device_id=device.id,
            organisation_id=licence.licensee.id,
            user_id=device.user_id,
            device_name=device.name,
            slot=known.slot
            if known is not None and has_slot
            else await store.free_slot(uow, licence.id),
            released_at=uow.now,
            offline_until=offline_until(
                uow.now, days=self._settings.offline_days, valid_until=licence.valid_until
            ),
            uses_granted=granted,
            uses_receipted=receipted,
            sequence=0,
            last_hash="",
            forked_at=None,
            ended_at=None,
        )

    async def _document(
        self, uow: UnitOfWork, licence: Licence, device: DeviceRow, row: ReleaseRow
    ) -> str:
        once, wrapped = wrap_key(
            self._content_key(licence.id),
            licence_id=licence.id,
            device_id=device.id,
            device_key=device.exchange_key,
        )
        facts = DeviceKeyFacts(
            issuer=await self._provenance.origin(uow),
            licence_id=licence.id,
            device_id=device.id,
            device_key=encode_base64url(device.exchange_key),
            issued_at=uow.now,
            expires_at=row.offline_until,
            kind=licence.terms.kind,
            uses_granted=row.uses_granted,
            once_key=once,
            wrapped_key=wrapped,
        )
        return sign_device_key(facts, await self._keyring.current(LICENCE))

    def _content_key(self, licence_id: str) -> bytes:
        """Follows from the marketplace's secret, so that nothing has to be stored."""
        secret = self._keyring.derive(_PURPOSE)
        return hmac.new(secret, licence_id.encode(), hashlib.sha256).digest()

    def _limit(self, licence: Licence) -> int:
        return self._settings.devices_per_licence * (licence.terms.seats or 1)
