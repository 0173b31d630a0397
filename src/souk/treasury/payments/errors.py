"""The refusals of payments, each with a stable code."""

from collections.abc import Iterable

from souk.kernel.errors import Conflict, Forbidden, Invalid, NotFound


def provider_unknown(name: str, known: Iterable[str]) -> Invalid:
    """No such provider here."""
    return Invalid(
        "provider_unknown",
        f"There is no payment provider {name!r}; use one of: {', '.join(sorted(known)) or 'none'}.",
    )


def provider_refused(name: str) -> Forbidden:
    """The provider makes money out of nothing, which only a development marketplace may."""
    return Forbidden(
        "provider_refused",
        f"The provider {name!r} takes no real payment and is refused in production.",
    )


def deposit_unknown() -> NotFound:
    """No such deposit, or not of the caller's organisations."""
    return NotFound("deposit_unknown", "There is no such deposit of yours.")


def deposit_mismatch() -> Conflict:
    """The provider speaks of other money than was asked for."""
    return Conflict(
        "deposit_mismatch", "The provider's notice is of another amount or currency; nothing moved."
    )


def deposit_final(state: str) -> Conflict:
    """The deposit ended otherwise before."""
    return Conflict("deposit_final", f"The deposit is {state} already, and stays so.")


def not_manager() -> Forbidden:
    """Only managers send an organisation's money away."""
    return Forbidden("not_manager", "Only managers of an organisation may send its money.")


def transfer_to_self() -> Invalid:
    """Both sides are the same wallet."""
    return Invalid("transfer_to_self", "The money is in this wallet already; name another one.")
