"""What undoes a transfer, and who bears it where the money is no longer there. No I/O."""

from collections.abc import Sequence
from datetime import datetime

from souk.kernel.ids import TransferId, new_id
from souk.treasury.ledger.api import AccountRef, Transfer, owed
from souk.treasury.ledger.model import Entry, check_texts, hash_of
from souk.treasury.ledger.store import RecordedPosting


def reversal_of(
    transfer_id: TransferId,
    recorded: Sequence[RecordedPosting],
    *,
    request: Transfer,
    at: datetime,
) -> Entry:
    """The entry that reverses a transfer.

    What a wallet cannot give back is advanced by the platform: it goes to the organisation's `owed`
    account. The content is the request itself, so that a repeat is one even when the wallets
    have changed.

    Args:
        transfer_id: what is reversed.
        recorded: its postings, with balances that are locked.
        request: kind, key, reference and note of the reversal; without postings.
        at: the transaction's moment.
    """
    check_texts(request)
    amounts: dict[AccountRef, int] = {}
    for posting in recorded:
        account = AccountRef(posting.kind, posting.name, posting.currency)
        wanted_minor = -posting.amount_minor
        given_minor = wanted_minor
        if posting.kind == "wallet" and posting.balance_minor is not None:
            given_minor = max(wanted_minor, -posting.balance_minor)
        amounts[account] = amounts.get(account, 0) + given_minor
        if given_minor != wanted_minor:
            debt = owed(posting.name, posting.currency)
            amounts[debt] = amounts.get(debt, 0) + wanted_minor - given_minor
    moved = {account: amount_minor for account, amount_minor in amounts.items() if amount_minor}
    return Entry(
        id=TransferId(new_id("trf", at)),
        transfer=request,
        content_hash=hash_of((request.kind, request.reference, request.note, transfer_id)),
        accounts=tuple(moved),
        amounts=tuple(moved.values()),
        reverses=transfer_id,
    )
