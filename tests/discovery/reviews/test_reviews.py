"""Reviews over the public API: by holders of a licence only, one a buyer and version."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg
import pytest

from souk.discovery.reviews import oversight_store
from souk.infra.outbox.store import write_events
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.kernel.clock import SystemClock
from souk_client.contracts.commerce import Order, OrderRequest
from souk_client.contracts.reviews import Review
from souk_client.contracts.works import LicenceTerms, Listing, OfferRequest, VersionFile
from souk_client.sdk import Souk, SoukApiError
from tests.market import connect, funded, organisation_of, publish, refused, sign_up


@pytest.fixture(scope="module")
def seller(base_url: str) -> Souk:
    return sign_up(base_url)


@pytest.fixture
def listing(seller: Souk) -> Listing:
    return publish(seller, price_minor=0)


def buyer_of(base_url: str, listing: Listing) -> tuple[Souk, Order]:
    buyer = sign_up(base_url, "Grace Hopper")
    return buyer, buyer.orders.create(OrderRequest(listing_id=listing.id))


def review_of(base_url: str, listing: Listing, stars: int, text: str = "") -> tuple[Souk, Review]:
    buyer, _ = buyer_of(base_url, listing)
    return buyer, buyer.reviews.write(listing.id, stars=stars, text=text)


def wrong_ratings(dsn: str) -> list[str]:
    """Listings whose kept rating differs from a recomputation."""

    async def look() -> list[str]:
        database = Database(dsn, pool_size=1, clock=SystemClock(), write_events=write_events)
        await database.open()
        try:
            async with database.transaction(SYSTEM, read_only=True) as uow:
                return await oversight_store.wrong_ratings(uow)
        finally:
            await database.close()

    return asyncio.run(look())


def await_standing(client: Souk, review_id: str, standing: str) -> Review:
    for _ in range(100):
        review = client.reviews.get(review_id)
        if review.licence == standing:
            return review
        time.sleep(0.05)
    raise AssertionError(f"the review was not marked {standing}")


def test_a_buyer_reviews_once_a_version_and_the_rating_follows(
    base_url: str, seller: Souk, listing: Listing
) -> None:
    assert seller.reviews.rating(listing.id).mean is None
    buyer, review = review_of(base_url, listing, 4, "Worked **first** time.")
    assert (review.stars, review.version, review.mine, review.licence) == (4, "1.0.0", True, "held")
    assert review.author.id == organisation_of(buyer)
    page = connect(base_url).reviews.list(listing.id)
    assert [one.id for one in page.items] == [review.id]
    assert not page.items[0].mine
    assert (page.rating.mean, page.rating.count, page.rating.histogram) == (4, 1, [0, 0, 0, 1, 0])
    assert 3.5 < page.rating.bayesian < 4
    with refused("review_exists", 409):
        buyer.reviews.write(listing.id, stars=5)
    _publish_version(seller, listing, "1.1.0")
    assert buyer.reviews.write(listing.id, stars=5).version == "1.1.0"
    assert [
        one.version for one in connect(base_url).reviews.list(listing.id, version="1.0.0").items
    ] == ["1.0.0"]
    with refused("version_unknown", 404):
        buyer.reviews.write(listing.id, stars=5, version="9.9.9")


def _publish_version(seller: Souk, listing: Listing, version: str) -> None:
    file = listing.versions[0].files[0]
    seller.listings.create_version(
        listing.id, version=version, files=[VersionFile(path="again.txt", sha256=file.sha256)]
    )
    seller.listings.publish(listing.id)


def test_only_holders_of_a_licence_review_and_never_the_seller(
    base_url: str, seller: Souk, listing: Listing
) -> None:
    with refused("sign_in_needed", 401):
        connect(base_url).reviews.write(listing.id, stars=1)
    with refused("review_needs_licence", 403):
        sign_up(base_url).reviews.write(listing.id, stars=1)
    with refused("review_own_work", 403):
        seller.reviews.write(listing.id, stars=5)
    stranger = sign_up(base_url)
    buyer, _ = buyer_of(base_url, listing)
    with refused("organisation_unknown", 404):
        stranger.reviews.write(listing.id, stars=1, organisation_id=organisation_of(buyer))
    with refused("listing_unknown", 404):
        stranger.reviews.write("lst_" + "0" * 26, stars=1)


def test_who_made_the_work_cannot_review_it_either(base_url: str, seller: Souk) -> None:
    creator = sign_up(base_url)
    offer = OfferRequest(price_minor=0, creator_organisation_id=organisation_of(creator))
    made = publish(seller, offers=[offer])
    creator.orders.create(OrderRequest(listing_id=made.id))
    with refused("review_own_work"):
        creator.reviews.write(made.id, stars=5)


def test_a_seat_is_needed_where_the_licence_has_seats(base_url: str, seller: Souk) -> None:
    terms = LicenceTerms(kind="seats", seats=1)
    listing = publish(seller, offers=[OfferRequest(price_minor=0, terms=terms)])
    buyer, order = buyer_of(base_url, listing)
    with refused("review_needs_licence"):
        buyer.reviews.write(listing.id, stars=3)
    assert order.licence_id is not None
    buyer.licences.give_seat(order.licence_id, user_id=buyer.account.get().user.id)
    assert buyer.reviews.write(listing.id, stars=3).stars == 3


def test_a_refund_keeps_the_review_marks_it_and_allows_no_new_one(
    base_url: str, seller: Souk
) -> None:
    listing = publish(seller, price_minor=500)
    buyer = funded(base_url)
    order = buyer.orders.create(OrderRequest(listing_id=listing.id))
    review = buyer.reviews.write(listing.id, stars=1, text="Not for me.")
    buyer.orders.refund(order.id)
    marked = await_standing(buyer, review.id, "refunded")
    assert marked.stars == 1
    assert buyer.reviews.rating(listing.id).count == 1
    with refused("review_closed", 409):
        buyer.reviews.edit(review.id, stars=5)
    _publish_version(seller, listing, "2.0.0")
    with refused("review_needs_licence"):
        buyer.reviews.write(listing.id, stars=5)
    buyer.reviews.delete(review.id)
    assert buyer.reviews.rating(listing.id).count == 0


def test_a_seller_cannot_erase_a_review_by_revoking_the_licence(
    base_url: str, seller: Souk, listing: Listing
) -> None:
    buyer, order = buyer_of(base_url, listing)
    review = buyer.reviews.write(listing.id, stars=1)
    assert order.licence_id is not None
    seller.licences.revoke(order.licence_id, reason="a bad review")
    await_standing(buyer, review.id, "revoked")
    assert connect(base_url).reviews.rating(listing.id).count == 1


def test_an_edit_keeps_what_stood_before_for_everybody(base_url: str, listing: Listing) -> None:
    buyer, review = review_of(base_url, listing, 2, "Slow.")
    edited = buyer.reviews.edit(review.id, stars=4, text="Fast since 1.0.0.")
    assert (edited.stars, edited.edits, edited.edited_at is not None) == (4, 1, True)
    assert buyer.reviews.edit(review.id, stars=4).edits == 1, "nothing changed, so nothing is kept"
    buyer.reviews.edit(review.id, text="Fast.")
    forms = connect(base_url).reviews.history(review.id).items
    assert [(form.number, form.stars, form.text) for form in forms] == [
        (1, 2, "Slow."),
        (2, 4, "Fast since 1.0.0."),
    ]
    assert connect(base_url).reviews.rating(listing.id).histogram == [0, 0, 0, 1, 0]


def test_a_deleted_review_is_gone_for_all_and_may_be_written_anew(
    base_url: str, listing: Listing
) -> None:
    buyer, review = review_of(base_url, listing, 2, "Hm.")
    with refused("review_unknown", 404):
        sign_up(base_url).reviews.delete(review.id)
    buyer.reviews.delete(review.id)
    with refused("review_unknown"):
        buyer.reviews.get(review.id)
    with refused("review_unknown"):
        connect(base_url).reviews.history(review.id)
    assert connect(base_url).reviews.list(listing.id).items == []
    assert buyer.reviews.write(listing.id, stars=3).id != review.id


def test_the_seller_replies_once_and_may_change_it(
    base_url: str, seller: Souk, listing: Listing
) -> None:
    buyer, review = review_of(base_url, listing, 2, "No documentation.")
    with refused("not_listing_manager", 403):
        buyer.reviews.reply(review.id, text="Me too")
    first = seller.reviews.reply(review.id, text="It is in the card now.")
    assert first.reply is not None and first.reply.edited_at is None
    again = seller.reviews.reply(review.id, text="It is in the card.")
    assert again.reply is not None and again.reply.edited_at is not None
    shown = connect(base_url).reviews.get(review.id)
    assert shown.reply is not None and shown.reply.text == "It is in the card."
    assert seller.reviews.remove_reply(review.id).reply is None
    with refused("text_invalid", 422):
        seller.reviews.reply(review.id, text="  ")


def test_a_helpful_vote_counts_once_a_person_and_never_ones_own(
    base_url: str, seller: Souk, listing: Listing
) -> None:
    buyer, review = review_of(base_url, listing, 5, "Good.")
    with refused("vote_own_review", 403):
        buyer.reviews.vote(review.id)
    with refused("vote_own_work", 403):
        seller.reviews.vote(review.id)
    reader = sign_up(base_url)
    with ThreadPoolExecutor(8) as pool:
        votes = list(pool.map(lambda _: reader.reviews.vote(review.id), range(8)))
    assert {vote.helpful for vote in votes} == {1}
    assert reader.reviews.get(review.id).voted
    assert sign_up(base_url).reviews.vote(review.id).helpful == 2
    assert reader.reviews.take_vote_back(review.id).helpful == 1
    assert reader.reviews.take_vote_back(review.id).helpful == 1
    with refused("sign_in_needed"):
        connect(base_url).reviews.vote(review.id)


def test_reviews_come_in_every_order_and_page_by_page(base_url: str, listing: Listing) -> None:
    written = [review_of(base_url, listing, stars)[1] for stars in (3, 5, 1, 5, 2)]
    readers = [sign_up(base_url) for _ in range(2)]
    for reader in readers:
        reader.reviews.vote(written[2].id)
    readers[0].reviews.vote(written[4].id)
    anyone = connect(base_url)

    def order(sort: str) -> list[int]:
        found = anyone.each(anyone.reviews.list, listing_id=listing.id, sort=sort, limit=2)
        ids = [review.id for review in found]
        return [[one.id for one in written].index(one) for one in ids]

    assert order("helpful") == [2, 4, 3, 1, 0]
    assert order("newest") == [4, 3, 2, 1, 0]
    assert order("lowest") == [2, 4, 0, 3, 1]
    assert order("highest") == [3, 1, 0, 4, 2]
    fives = anyone.reviews.list(listing.id, stars=5)
    assert [one.id for one in fives.items] == [written[3].id, written[1].id]
    assert fives.rating.histogram == [1, 1, 1, 0, 2]
    cursor = anyone.reviews.list(listing.id, sort="newest", limit=2).next_cursor
    with refused("cursor_invalid", 422):
        anyone.reviews.list(listing.id, sort="lowest", cursor=cursor)
    with refused("cursor_invalid", 422):
        anyone.reviews.list(listing.id, cursor="nonsense")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("שלום مرحبا", "שלום مرحبا"),
        ("👩‍👩‍👧‍👦🏳️‍🌈", "👩‍👩‍👧‍👦🏳️‍🌈"),
        (" spaced \r\nout ", "spaced \nout"),
        ("\u202eevil", "evil"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("", ""),
    ],
)
def test_any_words_are_kept_as_they_are(
    base_url: str, listing: Listing, text: str, kept: str
) -> None:
    _, review = review_of(base_url, listing, 3, text)
    assert review.text == kept


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"stars": 0}, "body_invalid"),
        ({"stars": 6}, "body_invalid"),
        ({"stars": 4.5}, "body_invalid"),
        ({"stars": 10**30}, "body_invalid"),
        ({"text": "no stars"}, "body_invalid"),
        ({"stars": 3, "text": "x" * 5001}, "body_invalid"),
        ({"stars": 3, "text": "a\0b"}, "text_invalid"),
        ({"stars": 3, "text": "bell \x07"}, "text_invalid"),
        ({"stars": 3, "verified": True}, "body_invalid"),
    ],
)
def test_bad_input_is_refused_whole(
    base_url: str, seller: Souk, body: dict[str, object], code: str
) -> None:
    listing = publish(seller, price_minor=0)
    buyer, _ = buyer_of(base_url, listing)
    answer = httpx.post(
        f"{base_url}/api/v1/listings/{listing.id}/reviews",
        json=body,
        headers={"authorization": f"Bearer {buyer.credentials.token}"},
    )
    assert answer.status_code == 422 and answer.json()["code"] == code
    assert buyer.reviews.list(listing.id).items == []


def test_many_at_once_leave_one_review_a_buyer_and_an_exact_rating(
    base_url: str, session_owner_dsn: str, listing: Listing
) -> None:
    buyers = [buyer_of(base_url, listing)[0] for _ in range(4)]

    def write(number: int) -> str:
        try:
            return buyers[number % 4].reviews.write(listing.id, stars=1 + number % 5).id
        except SoukApiError as error:
            return error.code

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(write, range(16)))
    assert outcomes.count("review_exists") == 12
    assert connect(base_url).reviews.rating(listing.id).count == 4
    assert wrong_ratings(session_owner_dsn) == []


def test_a_repeated_request_with_its_key_gives_the_same_review(
    base_url: str, listing: Listing
) -> None:
    buyer, _ = buyer_of(base_url, listing)
    headers = {
        "authorization": f"Bearer {buyer.credentials.token}",
        "idempotency-key": f"review-{listing.id}",
    }
    url = f"{base_url}/api/v1/listings/{listing.id}/reviews"
    answers = [httpx.post(url, json={"stars": 5}, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["id"] == answers[1].json()["id"]


def test_the_database_itself_counts_stars_and_keeps_history(
    base_url: str, session_owner_dsn: str, listing: Listing
) -> None:
    _, review = review_of(base_url, listing, 5, "Good.")
    with psycopg.connect(session_owner_dsn, autocommit=True) as connection:
        for statement in (
            "UPDATE reviews.ratings SET counts = '{0,0,0,0,-1}'",
            "UPDATE reviews.forms SET stars = 5",
            "DELETE FROM reviews.reviews",
            "UPDATE reviews.reviews SET stars = 6",
        ):
            with pytest.raises(psycopg.errors.IntegrityError):
                connection.execute(statement)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(
                "UPDATE reviews.reviews SET hidden_at = now(), hidden_reason = 'x' WHERE id = %s",
                [review.id],
            )
    assert wrong_ratings(session_owner_dsn) == []


def test_both_sides_hear_of_a_review_and_of_a_reply(base_url: str) -> None:
    author = sign_up(base_url)
    work = publish(author, price_minor=0)
    buyer, review = review_of(base_url, work, 4, "Good.")
    link = f"/{work.address}/reviews#{review.id}"
    assert notice(author, "review.received") == link
    author.reviews.reply(review.id, text="Thank you.")
    assert notice(buyer, "review.replied") == link


def notice(client: Souk, kind: str) -> str | None:
    for _ in range(200):
        for one in client.notices.list().items:
            if one.kind == kind:
                return one.link
        time.sleep(0.05)
    raise AssertionError(f"nobody was told of {kind}")
