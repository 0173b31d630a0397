"""Errors of orders that more than one place raises."""

from souk.kernel.errors import Conflict


def already_owned(licence_id: str | None) -> Conflict:
    """The buyer holds this for ever; `licence_id` is None when a purchase at the same time won."""
    if licence_id is None:
        return Conflict("already_owned", "This was bought at the same moment; see your library.")
    return Conflict(
        "already_owned",
        f"You own this for ever already: licence {licence_id}.",
        licence_id=licence_id,
    )


def paid_on_chain() -> Conflict:
    """The money is where this marketplace's books do not reach."""
    return Conflict(
        "order_paid_on_chain",
        "This was paid on a chain, so the money can only go back there: while the sale's refund "
        "window is open the buyer's wallet can ask for it, on the page of the purchase.",
    )
