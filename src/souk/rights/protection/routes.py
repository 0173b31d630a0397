"""HTTP: devices, the keys they get, their receipts, and what sellers choose."""

from litestar import delete, get, post, put

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.rights.protection.choices import ChoiceService
from souk.rights.protection.devices import DeviceService
from souk.rights.protection.receiving import ReceiptService
from souk.rights.protection.service import ProtectionService
from souk_client.contracts.base import PageAnswer
from souk_client.contracts.protection import (
    Device,
    DeviceKey,
    DeviceKeyRequest,
    DeviceRequest,
    LicenceDevices,
    ListingProtection,
    ListingProtectionRequest,
    ReceiptsRequest,
    ReceiptsTaken,
)


@post("/devices", tags=["protection"])
async def register_device(
    uow: UnitOfWork, actor: Actor, devices: DeviceService, data: DeviceRequest
) -> Device:
    """Registers a device by its two public keys; the same keys again give the same device."""
    return await devices.register(uow, actor, data)


@get("/devices", tags=["protection"])
async def list_devices(uow: UnitOfWork, actor: Actor, devices: DeviceService) -> PageAnswer[Device]:
    """The caller's devices, revoked ones last, with the licences that they have keys of."""
    return PageAnswer(items=await devices.mine(uow, actor))


@get("/devices/{device_id:str}", tags=["protection"])
async def get_device(
    device_id: str, uow: UnitOfWork, actor: Actor, devices: DeviceService
) -> Device:
    """A device of the caller."""
    return await devices.get(uow, actor, device_id)


@post("/devices/{device_id:str}/contact", tags=["protection"], status_code=200)
async def contact_device(
    device_id: str, uow: UnitOfWork, actor: Actor, devices: DeviceService
) -> Device:
    """What a device asks when it has a connection: which of its keys it has to drop."""
    return await devices.contact(uow, actor, device_id)


@delete("/devices/{device_id:str}", tags=["protection"])
async def revoke_device(
    device_id: str, uow: UnitOfWork, actor: Actor, devices: DeviceService
) -> None:
    """Revokes a device: no more keys for it, and it drops those it has at its next contact."""
    await devices.revoke(uow, actor, device_id)


@get("/licences/{licence_id:str}/devices", tags=["protection"])
async def list_licence_devices(
    licence_id: str, uow: UnitOfWork, actor: Actor, protection: ProtectionService
) -> LicenceDevices:
    """Which devices have a licence's key, and how many may."""
    return await protection.devices(uow, actor, licence_id)


@post(
    "/licences/{licence_id:str}/devices/{device_id:str}/key", tags=["protection"], status_code=200
)
async def release_key(
    licence_id: str,
    device_id: str,
    uow: UnitOfWork,
    actor: Actor,
    protection: ProtectionService,
    data: DeviceKeyRequest,
) -> DeviceKey:
    """The licence's content key, wrapped for the device, for as long as it may be without contact.

    Of a counted licence uses are set aside for the device, which it accounts for by receipts.
    """
    return await protection.release(uow, actor, licence_id, device_id, uses=data.uses)


@delete("/licences/{licence_id:str}/devices/{device_id:str}", tags=["protection"])
async def take_key_back(
    licence_id: str, device_id: str, uow: UnitOfWork, actor: Actor, protection: ProtectionService
) -> None:
    """Frees a device's place; it drops the licence's key at its next contact."""
    await protection.take_back(uow, actor, licence_id, device_id)


@post(
    "/licences/{licence_id:str}/devices/{device_id:str}/receipts",
    tags=["protection"],
    status_code=200,
    opt={"transaction": "own"},
)
async def take_receipts(
    licence_id: str,
    device_id: str,
    actor: Actor,
    receipts: ReceiptService,
    data: ReceiptsRequest,
) -> ReceiptsTaken:
    """Receipts of uses of a counted licence, in the order of their numbers; safe to send again."""
    return await receipts.take(actor, licence_id, device_id, data.receipts)


@get("/listings/{listing_id:str}/protection", tags=["protection"])
async def get_protection(
    listing_id: str, uow: UnitOfWork, protection_choices: ChoiceService
) -> ListingProtection:
    """How a listing's files leave."""
    return await protection_choices.get(uow, listing_id)


@put("/listings/{listing_id:str}/protection", tags=["protection"])
async def choose_protection(
    listing_id: str,
    uow: UnitOfWork,
    actor: Actor,
    protection_choices: ChoiceService,
    data: ListingProtectionRequest,
) -> ListingProtection:
    """Chooses how a listing's files leave: openly to licence holders, or only for devices."""
    return await protection_choices.choose(uow, actor, listing_id, data.delivery)


ROUTES = [
    register_device,
    list_devices,
    get_device,
    contact_device,
    revoke_device,
    list_licence_devices,
    release_key,
    take_key_back,
    take_receipts,
    get_protection,
    choose_protection,
]
