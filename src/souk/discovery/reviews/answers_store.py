"""The SQL of what others make of a review: the seller's reply, and votes."""

from datetime import datetime

import msgspec

from souk.infra.postgres.uow import UnitOfWork


class Tally(msgspec.Struct, frozen=True):
    """How many found a review helpful."""

    helpful: int


async def reply(
    uow: UnitOfWork, review_id: str, *, seller_id: str, user_id: str, text: str
) -> datetime | None:
    """Writes or replaces the seller's reply; answers when there was one before, else None."""
    before: datetime | None = await uow.value(
        "SELECT created_at FROM reviews.replies WHERE review_id = %(id)s", id=review_id
    )
    await uow.execute(
        """
        INSERT INTO reviews.replies AS p (review_id, seller_id, user_id, text, created_at)
        VALUES (%(id)s, %(seller_id)s, %(user_id)s, %(text)s, %(now)s)
        ON CONFLICT (review_id) DO UPDATE
        SET text = excluded.text, user_id = excluded.user_id, edited_at = %(now)s
        WHERE p.text <> excluded.text
        """,
        id=review_id,
        seller_id=seller_id,
        user_id=user_id,
        text=text,
        now=uow.now,
    )
    return before


async def remove_reply(uow: UnitOfWork, review_id: str) -> None:
    """Takes the seller's reply back."""
    await uow.execute("DELETE FROM reviews.replies WHERE review_id = %(id)s", id=review_id)


async def vote(uow: UnitOfWork, review_id: str, *, user_id: str, helpful: bool) -> int:
    """Adds or takes back a user's vote, if it is not so already; answers the votes there are."""
    if helpful:
        await uow.execute(
            """
            INSERT INTO reviews.votes (review_id, user_id, created_at)
            VALUES (%(id)s, %(user_id)s, %(now)s) ON CONFLICT DO NOTHING
            """,
            id=review_id,
            user_id=user_id,
            now=uow.now,
        )
    else:
        await uow.execute(
            "DELETE FROM reviews.votes WHERE review_id = %(id)s AND user_id = %(user_id)s",
            id=review_id,
            user_id=user_id,
        )
    tally = await uow.one(
        Tally, "SELECT helpful FROM reviews.reviews WHERE id = %(id)s", id=review_id
    )
    return tally.helpful
