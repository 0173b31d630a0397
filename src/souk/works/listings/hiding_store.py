"""Hiding in SQL: listings on their own, and with their seller."""

from souk.infra.postgres.uow import UnitOfWork


async def hide(uow: UnitOfWork, listing_id: str, *, reason: str, with_seller: bool) -> None:
    """Takes a listing off the market by the moderators' word, and remembers its state."""
    await uow.execute(
        """
        UPDATE works.listings
        SET hidden_at = %(now)s, hidden_reason = %(reason)s, hidden_state = state,
            state = CASE WHEN state = 'published' THEN 'retired' ELSE state END,
            retired_at = CASE WHEN state = 'published' THEN %(now)s ELSE retired_at END,
            hidden_with_seller = %(with_seller)s, updated_at = %(now)s
        WHERE id = %(id)s AND hidden_at IS NULL
        """,
        id=listing_id,
        reason=reason,
        with_seller=with_seller,
        now=uow.now,
    )


async def unhide(uow: UnitOfWork, listing_id: str) -> str:
    """Undoes `hide`; answers the state that the listing is in again."""
    state: str = await uow.value(
        """
        UPDATE works.listings
        SET hidden_at = NULL, hidden_reason = NULL, hidden_state = NULL, state = hidden_state,
            hidden_with_seller = false,
            retired_at = CASE WHEN hidden_state = 'published' THEN NULL ELSE retired_at END,
            updated_at = %(now)s
        WHERE id = %(id)s AND hidden_at IS NOT NULL RETURNING state
        """,
        id=listing_id,
        now=uow.now,
    )
    return state


async def hide_alone(uow: UnitOfWork, listing_id: str, *, reason: str) -> None:
    """A listing that went with its seller stays hidden for a reason of its own."""
    await uow.execute(
        """
        UPDATE works.listings SET hidden_with_seller = false, hidden_reason = %(reason)s
        WHERE id = %(id)s AND hidden_with_seller
        """,
        id=listing_id,
        reason=reason,
    )


async def hide_with_seller(uow: UnitOfWork, listing_id: str) -> None:
    """A listing that has no reason of its own any more stays hidden while its seller is."""
    await uow.execute(
        "UPDATE works.listings SET hidden_with_seller = true WHERE id = %(id)s AND "
        "hidden_at IS NOT NULL",
        id=listing_id,
    )


async def published_of(uow: UnitOfWork, organisation_id: str) -> list[str]:
    """The ids of an organisation's published listings."""
    return await uow.values(
        """
        SELECT id FROM works.listings
        WHERE organisation_id = %(id)s AND state = 'published' ORDER BY id
        """,
        id=organisation_id,
    )


async def hidden_with(uow: UnitOfWork, organisation_id: str) -> list[str]:
    """The ids of listings that are hidden because their seller is."""
    return await uow.values(
        """
        SELECT id FROM works.listings
        WHERE organisation_id = %(id)s AND hidden_with_seller ORDER BY id
        """,
        id=organisation_id,
    )
