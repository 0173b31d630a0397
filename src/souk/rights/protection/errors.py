"""What can be wrong with devices and receipts."""

from souk.kernel.errors import Conflict, Forbidden, Invalid, NotFound


class DeviceUnknown(NotFound):
    """There is no such device for this caller."""

    def __init__(self) -> None:
        super().__init__("device_unknown", "There is no such device, or it is not yours.")


class DeviceRevoked(Conflict):
    """The device gets no more keys."""

    def __init__(self) -> None:
        super().__init__(
            "device_revoked", "This device was revoked; register it again with new keys."
        )


class DeviceKeysTaken(Conflict):
    """A device with one of these keys is registered already."""

    def __init__(self) -> None:
        super().__init__(
            "device_keys_taken", "A device with one of these keys exists; make new keys."
        )


class DeviceKeysWrong(Invalid):
    """The keys or the proof are not what they should be."""

    def __init__(self, problem: str) -> None:
        super().__init__("device_keys_wrong", problem)


class DevicesFull(Conflict):
    """As many devices have the licence's key as may."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            "devices_full",
            f"{limit} devices have this licence's key, as many as may; take it from one first.",
            limit=limit,
        )


class DeviceWithoutKey(NotFound):
    """The licence has not released its key to this device."""

    def __init__(self) -> None:
        super().__init__(
            "device_without_key",
            "This device has no key of the licence; ask for it with POST …/devices/{id}/key.",
        )


class ReceiptWrong(Invalid):
    """A receipt that this device did not write for this licence, or that does not add up."""

    def __init__(self, problem: str) -> None:
        super().__init__("receipt_wrong", problem)


class ReceiptsMissing(Conflict):
    """Receipts between the last known one and these have not arrived."""

    def __init__(self, expected: int) -> None:
        super().__init__(
            "receipts_missing",
            f"The next receipt must be number {expected}: send those in between first.",
            expected=expected,
        )


class ReceiptsForked(Conflict):
    """Two receipts claim one place in the chain: the device's notes were copied or rewritten."""

    def __init__(self, sequence: int) -> None:
        super().__init__(
            "receipts_forked",
            f"Another receipt {sequence} is known: this device's notes were copied or put back. "
            "It gets no more uses of this licence.",
            sequence=sequence,
        )


class ReceiptsTooMany(Conflict):
    """More uses than were set aside."""

    def __init__(self, granted: int) -> None:
        super().__init__(
            "uses_too_few",
            f"The receipts are of more uses than the {granted} set aside for this device.",
            uses_granted=granted,
        )


class ProtectedOnly(Forbidden):
    """The seller lets files out only encrypted for devices."""

    def __init__(self) -> None:
        super().__init__(
            "protected_only",
            "This work's files leave only encrypted for a licence's registered devices: use "
            "`mp download --protected`.",
        )
