"""The ledger's refusals, each with a stable code."""

import psycopg

from souk.kernel.errors import (
    Conflict,
    Gone,
    Invalid,
    NotFound,
    PaymentNeeded,
    SoukError,
    Unavailable,
)
from souk.kernel.money import Money, format_money


def insufficient_funds(currency: str, *, available_minor: int, needed_minor: int) -> PaymentNeeded:
    """The wallet or hold does not have the money; nothing was moved."""
    available = format_money(Money(amount_minor=available_minor, currency=currency))
    needed = format_money(Money(amount_minor=needed_minor, currency=currency))
    return PaymentNeeded(
        "insufficient_funds",
        f"This needs {needed}, and {available} is there. Add money to the wallet first.",
        currency=currency,
        available_minor=available_minor,
        needed_minor=needed_minor,
    )


def key_reused(key: str) -> Conflict:
    """The key names another transfer."""
    return Conflict(
        "idempotency_key_reused",
        f"The key {key!r} was used for a transfer with other content. Use a new key.",
    )


def overflow() -> Invalid:
    """A balance would not fit 64 bits."""
    return Invalid("balance_overflow", "This would make a balance larger than the books can hold.")


def invalid(detail: str) -> Invalid:
    """A transfer that is not well formed."""
    return Invalid("transfer_invalid", f"The transfer is not well formed: {detail}")


def busy() -> Unavailable:
    """Two transactions waited for each other's accounts, and this one gave way."""
    return Unavailable("ledger_busy", "Others moved the same money just now. Try again.")


def closed() -> Unavailable:
    """The group writer does not run."""
    return Unavailable("ledger_closed", "The ledger takes no transfers now. Try again in a moment.")


def not_written() -> Unavailable:
    """The database did not take a batch, whatever was tried; a repeat with the same key is safe."""
    return Unavailable(
        "ledger_unavailable", "The transfer was not recorded. Try again with the same key."
    )


def from_database(error: psycopg.Error) -> SoukError:
    """What a failure inside the database means to a caller."""
    if isinstance(error, psycopg.errors.NumericValueOutOfRange):
        return overflow()
    if isinstance(error, psycopg.errors.DeadlockDetected | psycopg.errors.SerializationFailure):
        return busy()
    return not_written()


def transfer_unknown(transfer_id: str) -> NotFound:
    """No such transfer."""
    return NotFound("transfer_unknown", f"There is no transfer {transfer_id}.")


def transfer_reversed(transfer_id: str) -> Conflict:
    """A transfer is reversed once only."""
    return Conflict("transfer_reversed", f"The transfer {transfer_id} was reversed already.")


def reversal_final(transfer_id: str) -> Conflict:
    """A reversal is not itself reversed."""
    return Conflict(
        "reversal_final",
        f"The transfer {transfer_id} is a reversal and stays; record a new transfer instead.",
    )


def hold_unknown(hold_id: str) -> NotFound:
    """No such hold, or not in this scope."""
    return NotFound("hold_unknown", f"There is no hold {hold_id}.")


def hold_ended(hold_id: str) -> Conflict:
    """The hold was captured or released."""
    return Conflict("hold_ended", f"The hold {hold_id} has ended; place a new one.")


def hold_expired(hold_id: str) -> Gone:
    """The hold's time is over."""
    return Gone("hold_expired", f"The hold {hold_id} has expired; place a new one.")


def hold_exceeded(*, held_minor: int, asked_minor: int) -> Conflict:
    """More is asked than is on hold."""
    return Conflict(
        "hold_exceeded",
        f"{asked_minor} minor units are asked, and {held_minor} are on hold.",
        held_minor=held_minor,
        asked_minor=asked_minor,
    )
