"""Batches as PostgreSQL array literals: thousands of numbers cross in one text, cheaply."""

from collections.abc import Iterable, Mapping, Sequence

from souk.treasury.ledger.api import AccountRef
from souk.treasury.ledger.model import Entry


def arguments_of(
    entries: Sequence[Entry], account_ids: Mapping[AccountRef, int]
) -> dict[str, object]:
    """The arguments of `ledger.record`, by name, but for the time.

    Raises:
        KeyError: an account has no id there.
    """
    positions: list[str] = []
    accounts: list[str] = []
    amounts: list[str] = []
    for position, entry in enumerate(entries, start=1):
        positions.extend([str(position)] * len(entry.accounts))
        accounts.extend([str(account_ids[account]) for account in entry.accounts])
        amounts.extend(map(str, entry.amounts))
    return {
        "ids": literal(entry.id for entry in entries),
        "kinds": literal(entry.transfer.kind for entry in entries),
        "keys": literal(quoted(entry.transfer.idempotency_key) for entry in entries),
        "hashes": literal(f'"\\\\x{entry.content_hash}"' for entry in entries),
        "references": literal(quoted(entry.transfer.reference) for entry in entries),
        "notes": literal(quoted(entry.transfer.note) for entry in entries),
        "reversals": literal(entry.reverses or "NULL" for entry in entries),
        "positions": literal(positions),
        "accounts": literal(accounts),
        "amounts": literal(amounts),
    }


def literal(elements: Iterable[str]) -> str:
    """An array of elements that are already safe: ids, numbers, quoted texts."""
    return f"{{{','.join(elements)}}}"


def quoted(text: str | None) -> str:
    """One text as an element of an array literal."""
    if text is None:
        return "NULL"
    if "\\" in text or '"' in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
