"""The rules of a transfer, and who may go when not all of a batch can. No I/O."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Final

import msgspec

from souk.kernel.errors import Invalid, SoukError
from souk.kernel.ids import TransferId, new_id
from souk.kernel.money import CURRENCIES, MAX_AMOUNT_MINOR, check_amount
from souk.treasury.ledger import errors
from souk.treasury.ledger.api import AccountRef, Transfer

MAX_POSTINGS: Final = 64
MAX_KEY_LENGTH: Final = 200
MAX_REFERENCE_LENGTH: Final = 200
MAX_NOTE_LENGTH: Final = 500
MAX_BALANCE_MINOR: Final = 2**63 - 1

_KIND: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_encoder: Final = msgspec.msgpack.Encoder()

Outcome = TransferId | SoukError
"""What became of one transfer: its id, or why it was refused."""


class Entry(msgspec.Struct, frozen=True):
    """A transfer that is well formed, ready to be recorded."""

    id: TransferId
    transfer: Transfer
    content_hash: str
    """Hex; equal for equal content, whatever the order of the postings."""
    accounts: tuple[AccountRef, ...]
    amounts: tuple[int, ...]
    """In minor units, one for each of `accounts`; none is zero, no account is twice."""
    reverses: TransferId | None = None


class Verdict(msgspec.Struct, frozen=True):
    """Why the database recorded none of a batch."""

    balances: dict[int, int]
    """Account id → balance, of the locked accounts; their floor is zero."""
    known: dict[str, tuple[TransferId, str]]
    """Idempotency key → id and content hash of the transfer that has it."""
    reversed: list[TransferId]
    """Those of the batch's reversed transfers that already were."""


def entry_of(transfer: Transfer, at: datetime, *, transfer_id: TransferId | None = None) -> Entry:
    """Checks a transfer and gives it an id, unless it has one already.

    Raises:
        Invalid: `transfer_invalid`, `amount_invalid`, `currency_unknown`, `transfer_unbalanced`,
            `transfer_empty`.
    """
    check_texts(transfer)
    if not 2 <= len(transfer.postings) <= MAX_POSTINGS:
        raise errors.invalid(f"A transfer has from 2 to {MAX_POSTINGS} postings.")
    totals: dict[AccountRef, int] = {}
    sums: dict[str, int] = {}
    for posting in transfer.postings:
        account, amount_minor = posting.account, posting.amount_minor
        if not -MAX_AMOUNT_MINOR <= amount_minor <= MAX_AMOUNT_MINOR or amount_minor == 0:
            check_amount(abs(amount_minor))
        if account.currency not in CURRENCIES:
            raise Invalid("currency_unknown", f"{account.currency!r} is not a currency here.")
        totals[account] = totals.get(account, 0) + amount_minor
        sums[account.currency] = sums.get(account.currency, 0) + amount_minor
    if any(sums.values()):
        raise Invalid(
            "transfer_unbalanced", f"The postings must sum to zero in each currency: {sums}."
        )
    moved = sorted(
        (account.kind, account.name, account.currency, amount_minor, account)
        for account, amount_minor in totals.items()
        if amount_minor
    )
    if not moved:
        raise Invalid("transfer_empty", "The postings cancel out: this would move nothing.")
    content = (transfer.kind, transfer.reference, transfer.note, [part[:4] for part in moved])
    return Entry(
        id=transfer_id or TransferId(new_id("trf", at)),
        transfer=transfer,
        content_hash=hash_of(content),
        accounts=tuple([part[4] for part in moved]),
        amounts=tuple([part[3] for part in moved]),
    )


def check_texts(transfer: Transfer) -> None:
    """Checks the words of a transfer.

    Raises:
        Invalid: `transfer_invalid`.
    """
    key, reference, note = transfer.idempotency_key, transfer.reference or "", transfer.note
    if _KIND.fullmatch(transfer.kind) is None:
        raise errors.invalid(f"The kind {transfer.kind!r} must be a lower-case word.")
    if not 1 <= len(key) <= MAX_KEY_LENGTH:
        raise errors.invalid(f"The idempotency key must have 1 to {MAX_KEY_LENGTH} characters.")
    if len(reference) > MAX_REFERENCE_LENGTH or len(note) > MAX_NOTE_LENGTH:
        raise errors.invalid(
            f"A reference has at most {MAX_REFERENCE_LENGTH} characters, a note {MAX_NOTE_LENGTH}."
        )
    for text in (key, reference, note):
        if "\0" in text or (not text.isascii() and not _is_unicode(text)):
            raise errors.invalid("Texts must be Unicode without NUL characters.")


def hash_of(content: object) -> str:
    """128 bits that stand for a content (BLAKE2b over MessagePack), as hex."""
    return blake2b(_encoder.encode(content), digest_size=16).hexdigest()


def decide(
    entries: Sequence[Entry], verdict: Verdict, account_ids: Mapping[AccountRef, int]
) -> list[Outcome | None]:
    """Which entries of a refused batch may go, in order, each seeing those before it.

    Answers one outcome an entry: None where it may go. A repeat inside the batch has the outcome
    of the first one.
    """
    balances = dict(verdict.balances)
    known = dict(verdict.known)
    reversed_ids = set(verdict.reversed)
    outcomes: list[Outcome | None] = []
    for entry in entries:
        key = entry.transfer.idempotency_key
        before = known.get(key)
        outcome: Outcome | None
        if before is not None:
            outcome = before[0] if before[1] == entry.content_hash else errors.key_reused(key)
        elif entry.reverses in reversed_ids:
            assert entry.reverses is not None
            outcome = errors.transfer_reversed(entry.reverses)
        else:
            outcome = _apply(entry, balances, account_ids)
        if outcome is None:
            known[key] = (entry.id, entry.content_hash)
            if entry.reverses is not None:
                reversed_ids.add(entry.reverses)
        outcomes.append(outcome)
    return outcomes


def _apply(
    entry: Entry, balances: dict[int, int], account_ids: Mapping[AccountRef, int]
) -> SoukError | None:
    """Moves an entry's money in `balances`; or leaves them and says why it cannot."""
    after: dict[int, int] = {}
    for account, amount_minor in zip(entry.accounts, entry.amounts, strict=True):
        account_id = account_ids[account]
        balance = balances.get(account_id)
        if balance is None:
            continue
        if balance + amount_minor < 0:
            return errors.insufficient_funds(
                account.currency, available_minor=balance, needed_minor=-amount_minor
            )
        if balance + amount_minor > MAX_BALANCE_MINOR:
            return errors.overflow()
        after[account_id] = balance + amount_minor
    balances.update(after)
    return None


def _is_unicode(text: str) -> bool:
    """Whether the text has no lone surrogates, which no database takes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
