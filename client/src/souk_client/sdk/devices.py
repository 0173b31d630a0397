"""Devices, the keys that licences release to them, receipts."""

from collections.abc import Sequence
from types import NoneType
from typing import Literal

from souk_client.contracts.base import PageAnswer
from souk_client.contracts.delivery import LicensedFile, LicensedFiles
from souk_client.contracts.protection import (
    Device,
    DeviceKey,
    DeviceKeyRequest,
    DeviceRequest,
    LicenceDevices,
    ListingProtection,
    ListingProtectionRequest,
    MarkedCopy,
    MarkedCopyRequest,
    ReceiptsRequest,
    ReceiptsTaken,
    Trace,
    TraceRequest,
)
from souk_client.sdk.call import Call, Endpoint, Namespace, S, api


def register_device(request: DeviceRequest) -> Call[Device]:
    """Registers a device by its two public keys; the same keys again give the same device."""
    return Call(method="POST", path=api("devices"), answer=Device, body=request)


def list_devices() -> Call[PageAnswer[Device]]:
    """The caller's devices, revoked ones last."""
    return Call(method="GET", path=api("devices"), answer=PageAnswer[Device])


def get_device(device_id: str) -> Call[Device]:
    """A device of the caller."""
    return Call(method="GET", path=api("devices", device_id), answer=Device)


def contact(device_id: str) -> Call[Device]:
    """What a device has to know now: which of its keys it has to drop."""
    return Call(method="POST", path=api("devices", device_id, "contact"), answer=Device)


def revoke_device(device_id: str) -> Call[None]:
    """No more keys for this device."""
    return Call(method="DELETE", path=api("devices", device_id), answer=NoneType)


def list_licence_devices(licence_id: str) -> Call[LicenceDevices]:
    """Which devices have a licence's key, and how many may."""
    return Call(method="GET", path=api("licences", licence_id, "devices"), answer=LicenceDevices)


def release_key(licence_id: str, device_id: str, *, uses: int | None = None) -> Call[DeviceKey]:
    """The licence's content key, wrapped for a device."""
    return Call(
        method="POST",
        path=api("licences", licence_id, "devices", device_id, "key"),
        answer=DeviceKey,
        body=DeviceKeyRequest(uses=uses),
    )


def take_key_back(licence_id: str, device_id: str) -> Call[None]:
    """Frees a device's place in a licence."""
    return Call(
        method="DELETE", path=api("licences", licence_id, "devices", device_id), answer=NoneType
    )


def send_receipts(licence_id: str, device_id: str, receipts: Sequence[str]) -> Call[ReceiptsTaken]:
    """Receipts of a counted licence's uses, in the order of their numbers; safe to send again."""
    return Call(
        method="POST",
        path=api("licences", licence_id, "devices", device_id, "receipts"),
        answer=ReceiptsTaken,
        body=ReceiptsRequest(receipts=list(receipts)),
    )


def list_protected_files(
    licence_id: str, device_id: str, *, version: str | None = None
) -> Call[LicensedFiles]:
    """The files a licence opens, each in its protected form, with addresses for a few minutes."""
    return Call(
        method="GET",
        path=api("licences", licence_id, "devices", device_id, "files"),
        answer=LicensedFiles,
        query={"version": version},
    )


def get_protection(listing_id: str) -> Call[ListingProtection]:
    """How a listing's files leave."""
    return Call(
        method="GET", path=api("listings", listing_id, "protection"), answer=ListingProtection
    )


def choose_protection(
    listing_id: str, delivery: Literal["open", "devices"]
) -> Call[ListingProtection]:
    """Chooses how a listing's files leave: openly to licence holders, or only for devices."""
    return Call(
        method="PUT",
        path=api("listings", listing_id, "protection"),
        answer=ListingProtection,
        body=ListingProtectionRequest(delivery=delivery),
    )


def make_marked_copy(licence_id: str, *, path: str) -> Call[MarkedCopy]:
    """A copy of a file that carries the licence's mark; made once, then the same again."""
    return Call(
        method="POST",
        path=api("licences", licence_id, "marked-copies"),
        answer=MarkedCopy,
        body=MarkedCopyRequest(path=path),
    )


def list_marked_copies(licence_id: str) -> Call[PageAnswer[MarkedCopy]]:
    """A licence's marked copies."""
    return Call(
        method="GET",
        path=api("licences", licence_id, "marked-copies"),
        answer=PageAnswer[MarkedCopy],
    )


def get_marked_file(licence_id: str, sha256: str) -> Call[LicensedFile]:
    """Where a marked copy can be fetched for a few minutes."""
    return Call(
        method="GET",
        path=api("licences", licence_id, "marked-copies", sha256, "file"),
        answer=LicensedFile,
    )


def trace_file(listing_id: str, *, sha256: str, source_sha256: str) -> Call[Trace]:
    """Which licence's marked copy an uploaded file was made from; for the seller."""
    return Call(
        method="POST",
        path=api("listings", listing_id, "traces"),
        answer=Trace,
        body=TraceRequest(sha256=sha256, source_sha256=source_sha256),
    )


class Devices(Namespace[S]):
    """Protected files and the devices that open them."""

    register = Endpoint(register_device)
    list = Endpoint(list_devices)
    get = Endpoint(get_device)
    contact = Endpoint(contact)
    revoke = Endpoint(revoke_device)
    of_licence = Endpoint(list_licence_devices)
    key = Endpoint(release_key)
    take_back = Endpoint(take_key_back)
    send_receipts = Endpoint(send_receipts)
    files = Endpoint(list_protected_files)
    protection = Endpoint(get_protection)
    choose = Endpoint(choose_protection)
    make_marked = Endpoint(make_marked_copy)
    marked = Endpoint(list_marked_copies)
    marked_file = Endpoint(get_marked_file)
    trace = Endpoint(trace_file)
