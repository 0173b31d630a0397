"""Recommendations over the public API, on a marketplace of their own that learns at once."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from souk.infra.postgres.embedded import EmbeddedPostgres
from souk_client.contracts.commerce import OrderRequest
from souk_client.contracts.recommendations import Recommendations
from souk_client.contracts.works import Compatibility, Listing, ListingRequest, Metric
from tests.conftest import new_database
from tests.market import connect, funded, publish, refused, sign_up
from tests.serving import Marketplace

FLOWERS = ("Iris petals", "Rose petals", "Tulip bulbs", "Orchid leaves", "Lily stems")
ENGINES = ("Diesel engines", "Turbine blades", "Piston rings", "Gear boxes", "Fuel pumps")


@pytest.fixture(scope="module")
def market(postgres: EmbeddedPostgres) -> Iterator[Marketplace]:
    databases = new_database(postgres)
    folder = Path(tempfile.mkdtemp(prefix="souk-tests-"))
    running = Marketplace(
        next(databases),
        folder,
        SOUK_RECOMMENDATIONS_CHECK_S="1",
        SOUK_RECOMMENDATIONS_MIN_INTERACTIONS="20",
        SOUK_RECOMMENDATIONS_MIN_CHANGES="1",
        SOUK_RECOMMENDATIONS_FACTORS="4",
    )
    try:
        running.start()
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)
        next(databases, None)


@pytest.fixture(scope="module")
def works(market: Marketplace) -> dict[str, Listing]:
    """Two crowds of works from three sellers, and eight people who like one crowd each."""
    sellers = [sign_up(market.base_url, name) for name in ("Green Thumb", "Motor Yard", "Mixed")]
    made: dict[str, Listing] = {}
    for crowd, titles, seller in ((0, FLOWERS, sellers[0]), (1, ENGINES, sellers[1])):
        for number, title in enumerate(titles):
            made[title] = publish(
                seller if number % 2 else sellers[2],
                title=title,
                summary="Measured in a garden." if crowd == 0 else "Measured in a workshop.",
                price_minor=500,
            )
    for number in range(8):
        fan = sign_up(market.base_url, f"Fan {number}")
        titles = FLOWERS if number % 2 else ENGINES
        for title in titles[: 3 + number // 4] if number < 6 else titles[1:]:
            fan.favourites.add(made[title].id)
    eventually(lambda: connect(market.base_url).recommendations.get().model is not None)
    return made


def eventually(check: Callable[[], bool], *, within_s: float = 40) -> None:
    deadline = time.monotonic() + within_s
    while not check():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.1)


def titles(answer: Recommendations) -> list[str]:
    return [one.listing.title for one in answer.items]


def test_somebody_gets_what_their_crowd_likes_with_the_reason(
    market: Marketplace, works: dict[str, Listing]
) -> None:
    somebody = sign_up(market.base_url, "Flora")
    assert not somebody.recommendations.get().personal
    somebody.favourites.add(works["Iris petals"].id)
    eventually(lambda: somebody.recommendations.get().personal)
    answer = somebody.recommendations.get(limit=3)
    assert set(titles(answer)) <= set(FLOWERS) - {"Iris petals"}
    assert {one.reason.text for one in answer.items} == {"Because you like Iris petals"}
    assert answer.items[0].reason.listing_id == works["Iris petals"].id


def test_a_purchase_changes_the_answer_and_is_not_recommended_again(
    market: Marketplace, works: dict[str, Listing]
) -> None:
    buyer = funded(market.base_url)
    seen = works["Iris petals"].id
    before = buyer.recommendations.get(listing_id=seen, limit=4)
    assert set(titles(before)) & set(FLOWERS)
    buyer.orders.create(OrderRequest(listing_id=works["Turbine blades"].id))

    def bought_counts() -> bool:
        items = buyer.recommendations.get(limit=4).items
        return any(one.reason.text == "Because you bought Turbine blades" for one in items)

    eventually(bought_counts)
    after = titles(buyer.recommendations.get(limit=10))
    assert "Turbine blades" not in after
    assert set(after[:3]) <= set(ENGINES)


def test_a_stranger_is_answered_by_what_they_look_at(
    market: Marketplace, works: dict[str, Listing]
) -> None:
    stranger = connect(market.base_url)
    answer = stranger.recommendations.get(listing_id=works["Gear boxes"].id, limit=3)
    assert answer.personal and "Gear boxes" not in titles(answer)
    assert answer.items[0].reason.text == "Because you viewed Gear boxes"
    assert answer.items[0].listing.title in ENGINES


def test_somebody_hears_of_sellers_they_follow(
    market: Marketplace, works: dict[str, Listing]
) -> None:
    follower = sign_up(market.base_url, "Follower")
    follower.following.follow(works["Rose petals"].owner.slug)
    answer = follower.recommendations.get(limit=4)
    texts = {one.reason.text for one in answer.items}
    assert answer.personal and "Because you follow Green Thumb" in texts


def test_nobody_is_recommended_what_they_sell(
    market: Marketplace, works: dict[str, Listing]
) -> None:
    seller = sign_up(market.base_url, "Lonely")
    own = publish(seller, title="Iris petals again", summary="Measured in a garden.")
    seller.favourites.add(works["Iris petals"].id)
    eventually(lambda: seller.recommendations.get().personal)
    assert own.id not in {one.listing.id for one in seller.recommendations.get(limit=50).items}


def test_related_works_are_alike_and_companions_are_of_another_kind(
    market: Marketplace, works: dict[str, Listing]
) -> None:
    seller = sign_up(market.base_url, "Modeller")
    data = works["Orchid leaves"]
    model = publish(
        seller,
        kind="model",
        title="Orchid classifier",
        metrics=[Metric(name="accuracy", value=0.9, dataset=data.address)],
        compatibility=Compatibility(frameworks=["onnx"]),
    )
    stranger = connect(market.base_url)
    found = stranger.recommendations.related(model.id)
    assert found.complementary[0].listing.id == data.id
    assert found.complementary[0].reason.text == "Its metrics were measured on this"
    assert {one.listing.kind for one in found.similar} <= {"model"}
    like = stranger.recommendations.related(works["Diesel engines"].id)
    assert {one.listing.title for one in like.similar} & set(ENGINES)
    assert works["Diesel engines"].id not in {one.listing.id for one in like.similar}


def test_drafts_and_nonsense_are_not_found(market: Marketplace, works: dict[str, Listing]) -> None:
    seller = sign_up(market.base_url, "Hidden")
    draft = seller.listings.create(
        ListingRequest(kind="model", slug="hidden-draft", title="Hidden", licence="MIT")
    )
    stranger = connect(market.base_url)
    for listing_id in (draft.id, "lst_0", "x"):
        with refused("listing_unknown", 404):
            stranger.recommendations.get(listing_id=listing_id)
        with refused("listing_unknown", 404):
            stranger.recommendations.related(listing_id)
    own = seller.recommendations.related(draft.id)
    assert (own.similar, own.complementary) == ([], []), "a draft is compared with nothing yet"


def test_a_retired_work_is_recommended_no_more(
    market: Marketplace, works: dict[str, Listing]
) -> None:
    seller = sign_up(market.base_url, "Fading")
    fading = publish(seller, title="Violet petals", summary="Measured in a garden.")
    fan = sign_up(market.base_url, "Last fan")
    for listing_id in (fading.id, works["Iris petals"].id):
        fan.favourites.add(listing_id)
    seller.listings.retire(fading.id)
    other = sign_up(market.base_url, "Other fan")
    other.favourites.add(works["Iris petals"].id)
    eventually(lambda: other.recommendations.get().personal)
    assert fading.id not in {one.listing.id for one in other.recommendations.get(limit=50).items}
