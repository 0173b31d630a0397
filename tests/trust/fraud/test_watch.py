"""The watch in a running marketplace: a ring comes before the moderators, and is not hidden."""

import time
from collections.abc import Iterator

import psycopg
import pytest

from souk_client.contracts.commerce import OrderRequest
from souk_client.contracts.moderation import CaseDetail
from souk_client.sdk import Souk
from tests.market import connect, publish, refused, sign_up
from tests.trust.moderation.test_moderation import case_of, moderator_client


@pytest.fixture(scope="module")
def moderator(base_url: str, session_owner_dsn: str) -> Iterator[Souk]:
    yield moderator_client(base_url, session_owner_dsn)


def await_flag(moderator: Souk, listing_id: str, rule: str) -> CaseDetail:
    """The open case of a listing with such a flag."""
    for _ in range(400):
        for case in moderator.each(moderator.moderation.cases, kind="listing", limit=100):
            if case.subject_id == listing_id:
                detail = moderator.moderation.case(case.id)
                if any(flag.rule == rule for flag in detail.flags):
                    return detail
        time.sleep(0.05)
    raise AssertionError(f"no flag {rule}")


def test_a_burst_comes_before_moderators_who_hide_its_reviews_together(
    base_url: str, moderator: Souk
) -> None:
    listing = publish(sign_up(base_url), price_minor=0)
    friends = []
    for number in range(6):
        friend = sign_up(base_url)
        friend.orders.create(OrderRequest(listing_id=listing.id))
        friend.reviews.write(listing.id, stars=5, text=f"{number}" * 5)
        friends.append(friend)
    detail = await_flag(moderator, listing.id, "burst")
    flag = next(one for one in detail.flags if one.rule == "burst")
    assert len(flag.review_ids) >= 5 and flag.reasons and 0.5 <= flag.score <= 1
    assert moderator.reviews.rating(listing.id).count == 6, "nothing is hidden by itself"
    moderator.moderation.decide(
        detail.case.id, action="hide_reviews", reason="One hand wrote them."
    )
    assert moderator.reviews.rating(listing.id).count == 6 - len(
        {one for flag in detail.flags for one in flag.review_ids}
    )
    author = next(
        friend
        for friend in friends
        if any(notice.can_appeal for notice in friend.moderation.about_mine().items)
    )
    own = author.moderation.about_mine().items[0]
    assert own.subject_kind == "review" and own.decisions[0].reason == "One hand wrote them."
    author.moderation.appeal(own.id, text="I wrote it myself.")
    moderator.moderation.decide(own.id, action="restore", reason="So it seems.")
    assert author.reviews.get(own.subject_id).hidden is False


def burst(base_url: str, listing_id: str, count: int) -> list[str]:
    """Reviews by new accounts; their ids."""
    written = []
    for _ in range(count):
        friend = sign_up(base_url)
        friend.orders.create(OrderRequest(listing_id=listing_id))
        written.append(friend.reviews.write(listing_id, stars=5).id)
    return written


def test_a_second_burst_of_the_same_size_is_flagged(base_url: str, moderator: Souk) -> None:
    listing = publish(sign_up(base_url), price_minor=0)
    first = set(burst(base_url, listing.id, 5))
    case = await_flag(moderator, listing.id, "burst").case
    moderator.moderation.decide(case.id, action="hide_reviews", reason="One hand wrote them.")
    assert moderator.reviews.rating(listing.id).count == 0
    second = set(burst(base_url, listing.id, 5))
    case = await_flag(moderator, listing.id, "burst").case
    flags = [flag for flag in moderator.moderation.case(case.id).flags if flag.rule == "burst"]
    assert [set(flag.review_ids) for flag in flags] == [second]
    assert not first & second


def test_restoring_shows_again_what_the_case_hid_and_nothing_else(
    base_url: str, moderator: Souk, session_owner_dsn: str
) -> None:
    seller = sign_up(base_url)
    listing = publish(seller, price_minor=0)
    reviews = burst(base_url, listing.id, 6)
    detail = await_flag(moderator, listing.id, "burst")
    flagged = {one for flag in detail.flags for one in flag.review_ids}
    insulting = min(flagged)
    seller.reports.create("review", insulting, reason="offensive")
    other = case_of(moderator, insulting)
    moderator.moderation.decide(other.id, action="hide", reason="Insults.")
    moderator.moderation.decide(detail.case.id, action="hide_reviews", reason="One hand.")
    assert moderator.reviews.rating(listing.id).count == len(reviews) - len(flagged)
    moderator.moderation.decide(detail.case.id, action="restore", reason="They are colleagues.")
    assert moderator.reviews.rating(listing.id).count == len(reviews) - 1
    with refused("review_unknown", 404):
        connect(base_url).reviews.get(insulting)
    with psycopg.connect(session_owner_dsn, autocommit=True) as connection:
        told = connection.execute(
            """
            SELECT c.subject_id, array_agg(d.action ORDER BY d.decided_at)
            FROM moderation.cases c JOIN moderation.decisions d ON d.case_id = c.id
            WHERE c.subject_id = ANY(%s) GROUP BY c.subject_id
            """,
            [list(flagged)],
        ).fetchall()
    expected = {one: ["hide", "restore"] for one in flagged} | {insulting: ["hide"]}
    assert dict(told) == expected, "each author's case tells it, and counts against nobody"


def test_a_flood_of_reviews_by_one_person_is_slowed_down(
    base_url: str, session_owner_dsn: str
) -> None:
    seller = sign_up(base_url)
    eager = sign_up(base_url)
    written = publish(seller, price_minor=0)
    eager.orders.create(OrderRequest(listing_id=written.id))
    review = eager.reviews.write(written.id, stars=1)
    with psycopg.connect(session_owner_dsn, autocommit=True) as connection:
        connection.execute(
            """
            INSERT INTO reviews.reviews (id, listing_id, seller_id, version_id, version,
                organisation_id, user_id, licence_id, stars, text, created_at, withdrawn_at)
            SELECT id || n, listing_id, seller_id, version_id || n, version, organisation_id,
                user_id, licence_id, stars, text, created_at, created_at
            FROM reviews.reviews, generate_series(1, 19) AS n WHERE id = %s
            """,
            [review.id],
        )
    another = publish(seller, price_minor=0)
    eager.orders.create(OrderRequest(listing_id=another.id))
    with refused("reviews_too_many", 429):
        eager.reviews.write(another.id, stars=1)
