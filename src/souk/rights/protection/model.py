"""How receipts fit into a device's chain, and how many uses are set aside: pure rules."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from souk.rights.protection.errors import (
    ReceiptsForked,
    ReceiptsMissing,
    ReceiptsTooMany,
    ReceiptWrong,
)
from souk_client.proofs.errors import ProofError
from souk_client.proofs.receipts import Place, Receipt, place_after, read_receipt, receipt_hash


class NewReceipt(msgspec.Struct, frozen=True):
    """A receipt that goes on with the chain."""

    receipt: Receipt
    text: str
    hash: str


def read_batch(
    texts: Sequence[str], *, licence_id: str, device_id: str, device_key: bytes
) -> list[NewReceipt]:
    """Receipts as the device signed them.

    Raises:
        Invalid: `receipt_wrong`.
    """
    found = []
    for text in texts:
        try:
            receipt = read_receipt(text, device_key=device_key)
        except ProofError as error:
            raise ReceiptWrong(str(error)) from error
        if (receipt.licence_id, receipt.device_id) != (licence_id, device_id):
            raise ReceiptWrong("The receipt is of another licence or device.")
        found.append(NewReceipt(receipt, text, receipt_hash(text)))
    return found


def chain_on(
    place: Place, batch: Sequence[NewReceipt], *, known: dict[int, str], granted: int
) -> list[NewReceipt]:
    """Those receipts of a batch that are new, in order, when they go on where the chain ends.

    Args:
        place: how far the chain goes.
        known: hashes of receipts that arrived before, by number.
        granted: how many uses were set aside in all.

    Raises:
        Invalid: `receipt_wrong`.
        Conflict: `receipts_missing`, `receipts_forked`, `uses_too_few`.
    """
    fresh: list[NewReceipt] = []
    hashes = dict(known)
    for item in batch:
        receipt = item.receipt
        if receipt.sequence <= place.sequence:
            if hashes.get(receipt.sequence) != item.hash:
                raise ReceiptsForked(receipt.sequence)
            continue
        if receipt.sequence > place.sequence + 1:
            raise ReceiptsMissing(place.sequence + 1)
        if receipt.previous != place.last_hash:
            raise ReceiptsForked(place.sequence)
        if receipt.total != place.total + receipt.uses:
            raise ReceiptWrong(f"Receipt {receipt.sequence} does not add up.")
        if receipt.total > granted:
            raise ReceiptsTooMany(granted)
        place = place_after(receipt, item.text)
        hashes[receipt.sequence] = item.hash
        fresh.append(item)
    return fresh


def uses_to_take(*, wanted: int, granted: int, receipted: int, left: int) -> int:
    """How many uses to set aside more, so that a device has `wanted` unspent, if there are."""
    return max(0, min(wanted - (granted - receipted), left))


def offline_until(now: datetime, *, days: int, valid_until: datetime | None) -> datetime:
    """Until when a device need not ask again."""
    until = now + timedelta(days=days)
    return until if valid_until is None else min(until, valid_until)
