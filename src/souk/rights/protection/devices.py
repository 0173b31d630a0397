"""Devices: registered with two public keys, shown, revoked."""

from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import NotFound, TooMany
from souk.kernel.ids import new_id
from souk.rights.licences.api import Licences
from souk.rights.protection import store
from souk.rights.protection.errors import DeviceKeysTaken, DeviceKeysWrong, DeviceUnknown
from souk.rights.protection.settings import ProtectionSettings
from souk.rights.protection.store import DeviceRow, ReleaseRow
from souk_client.contracts.protection import Device, DeviceLicence, DeviceRequest
from souk_client.proofs.canonical import decode_base64url
from souk_client.proofs.errors import ProofError
from souk_client.proofs.receipts import check_device


class DeviceService:
    """A user's devices."""

    def __init__(self, *, licences: Licences, settings: ProtectionSettings) -> None:
        self._licences = licences
        self._settings = settings

    async def register(self, uow: UnitOfWork, actor: Actor, request: DeviceRequest) -> Device:
        """A new device, or the caller's own of the same keys.

        Raises:
            Invalid: `device_keys_wrong`. Conflict: `device_keys_taken`. TooMany: `devices_many`.
        """
        user_id = actor.require_user()
        exchange_key, signing_key = _keys_of(request)
        known = await store.device_of_keys(
            uow, user_id, exchange_key=exchange_key, signing_key=signing_key
        )
        if known is not None:
            if known.revoked_at is not None:
                raise DeviceKeysTaken()
            return (await self._shown(uow, [known]))[0]
        if await store.count_devices(uow, user_id) >= self._settings.devices_per_user:
            raise TooMany(
                "devices_many",
                f"You have {self._settings.devices_per_user} devices, as many as may be; "
                "revoke one first.",
            )
        row = DeviceRow(
            id=new_id("dev", uow.now),
            user_id=user_id,
            name=request.name,
            exchange_key=exchange_key,
            signing_key=signing_key,
            created_at=uow.now,
            last_seen_at=uow.now,
            revoked_at=None,
        )
        if not await store.add_device(uow, row):
            raise DeviceKeysTaken()
        return (await self._shown(uow, [row]))[0]

    async def mine(self, uow: UnitOfWork, actor: Actor) -> list[Device]:
        """The caller's devices, revoked ones last, with the licences that they have keys of."""
        return await self._shown(uow, await store.devices(uow, actor.require_user()))

    async def get(self, uow: UnitOfWork, actor: Actor, device_id: str) -> Device:
        """A device of the caller. Raises NotFound `device_unknown`."""
        return (await self._shown(uow, [await own_device(uow, actor, device_id)]))[0]

    async def contact(self, uow: UnitOfWork, actor: Actor, device_id: str) -> Device:
        """What a device has to know now: which keys it may keep. Raises NotFound."""
        await own_device(uow, actor, device_id)
        await store.saw_device(uow, device_id)
        return await self.get(uow, actor, device_id)

    async def revoke(self, uow: UnitOfWork, actor: Actor, device_id: str) -> None:
        """Ends a device for good; it drops its keys at its next contact. Raises NotFound."""
        await own_device(uow, actor, device_id)
        async with uow.as_system():
            await store.revoke_device(uow, device_id)

    async def _shown(self, uow: UnitOfWork, rows: Sequence[DeviceRow]) -> list[Device]:
        releases = await store.releases_of_devices(uow, [row.id for row in rows])
        licences = {}
        for release in releases:
            found = await self._licence(uow, release)
            if found is not None:
                licences[release.licence_id, release.device_id] = found
        return [
            Device(
                id=row.id,
                name=row.name,
                created_at=row.created_at,
                last_seen_at=row.last_seen_at,
                revoked_at=row.revoked_at,
                licences=[found for (_, device), found in licences.items() if device == row.id],
            )
            for row in rows
        ]

    async def _licence(self, uow: UnitOfWork, release: ReleaseRow) -> DeviceLicence | None:
        try:
            licence = await self._licences.get(uow, release.licence_id)
        except NotFound:
            return None  # of an organisation that the user has left
        granted, receipted = release.uses_granted or 0, release.uses_receipted or 0
        state = licence.state
        if state == "used_up" and receipted < granted:
            state = "active"  # what was set aside for this device is not used up
        return DeviceLicence(
            licence_id=licence.id,
            listing_address=licence.listing_address,
            listing_title=licence.listing_title,
            state=state if release.ended_at is None else "revoked",
            released_at=release.released_at,
            offline_until=release.offline_until,
            uses_granted=release.uses_granted,
            uses_receipted=release.uses_receipted,
        )


async def own_device(uow: UnitOfWork, actor: Actor, device_id: str) -> DeviceRow:
    """A device of the caller. Raises NotFound `device_unknown`."""
    device = await store.device(uow, device_id, actor.require_user())
    if device is None:
        raise DeviceUnknown()
    return device


def _keys_of(request: DeviceRequest) -> tuple[bytes, bytes]:
    try:
        exchange_key = decode_base64url(request.exchange_key, what="The exchange key")
        signing_key = decode_base64url(request.signing_key, what="The signing key")
        proof = decode_base64url(request.proof, what="The proof")
        check_device(signing_key, exchange_key, proof)
        X25519PrivateKey.generate().exchange(X25519PublicKey.from_public_bytes(exchange_key))
    except (ProofError, ValueError) as error:
        raise DeviceKeysWrong(f"The device's keys cannot be used: {error}") from error
    return exchange_key, signing_key
