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
