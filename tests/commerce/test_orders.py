"""Buying over the public API: exact, whole, once."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from souk_client.contracts.commerce import OrderRequest
from souk_client.contracts.works import LicenceTerms, OfferRequest, OfferUpdate, SplitShare
from souk_client.sdk import Souk, SoukApiError
from tests.market import available, funded, organisation_of, publish, refused, sign_up, slug_of


@pytest.fixture(scope="module")
def seller(base_url: str) -> Souk:
    return sign_up(base_url)


def test_a_sale_splits_exactly_and_leaves_licence_and_provenance(
    base_url: str, seller: Souk
) -> None:
    before = available(seller)
    listing = publish(seller, price_minor=1999)
    buyer = funded(base_url, 5000)
    order = buyer.orders.create(OrderRequest(listing_id=listing.id))
    assert [(share.role, share.amount_minor) for share in order.shares] == [
        ("creator", 1799),
        ("platform", 200),
    ]
    assert available(buyer) == 3001
    assert available(seller) - before == 1799
    licence = buyer.licences.get(order.licence_id)
    assert licence.state == "active" and licence.order_id == order.id
    entry = buyer.provenance.entry(order.provenance_entry_id)
    assert entry.kind == "sold"
    assert organisation_of(buyer) not in str(entry.body)
    receipt = buyer.orders.receipt(order.id)
    assert receipt.number in receipt.text and "$19.99" in receipt.text
    assert seller.listings.get(listing.id).sales == 1
    days = seller.orders.revenue(days=1).by_listing
    assert [(day.net_minor, day.orders) for day in days if day.listing_id == listing.id] == [
        (1799, 1)
    ]


def test_affiliates_creators_and_partners_get_their_parts(base_url: str, seller: Souk) -> None:
    affiliate, creator, partner = (sign_up(base_url) for _ in range(3))
    premium = publish(
        seller,
        offers=[
            OfferRequest(
                price_minor=1_000_000,
                split="premium",
                creator_organisation_id=organisation_of(creator),
            )
        ],
    )
    buyer = funded(base_url, 2_000_000)
    order = buyer.orders.create(OrderRequest(listing_id=premium.id, affiliate=slug_of(affiliate)))
    assert [share.amount_minor for share in order.shares] == [800_000, 100_000, 50_000, 50_000]
    assert available(creator) == 800_000 and available(affiliate) == 50_000
    custom = publish(
        seller,
        offers=[
            OfferRequest(
                price_minor=100,
                split="custom",
                shares=[
                    SplitShare(role="creator", basis_points=6667),
                    SplitShare(
                        role="partner",
                        basis_points=3333,
                        organisation_id=organisation_of(partner),
                    ),
                ],
            )
        ],
    )
    buyer.orders.create(OrderRequest(listing_id=custom.id))
    assert available(partner) == 33
    assert partner.orders.revenue(days=1).days[0].net_minor == 33


def test_a_buyer_is_no_affiliate_of_the_own_purchase(base_url: str, seller: Souk) -> None:
    listing = publish(seller, price_minor=1000)
    buyer = funded(base_url)
    order = buyer.orders.create(OrderRequest(listing_id=listing.id, affiliate=slug_of(buyer)))
    assert [share.role for share in order.shares] == ["creator", "platform"]


def test_free_offers_issue_a_licence_and_move_nothing(base_url: str, seller: Souk) -> None:
    listing = publish(seller, price_minor=0)
    buyer = sign_up(base_url)
    order = buyer.orders.create(OrderRequest(listing_id=listing.id))
    assert order.transfer_id is None
    assert buyer.licences.check(order.licence_id).good
    assert buyer.provenance.entry(order.provenance_entry_id).kind == "licensed"


def test_too_little_money_moves_nothing_and_says_what_is_missing(
    base_url: str, seller: Souk
) -> None:
    listing = publish(seller, price_minor=5000)
    buyer = funded(base_url, 4999)
    with refused("insufficient_funds", 402):
        buyer.orders.create(OrderRequest(listing_id=listing.id))
    assert available(buyer) == 4999
    assert buyer.licences.list().items == [] and buyer.orders.list().items == []
    assert seller.listings.get(listing.id).sales == 0


def test_the_same_key_buys_once_and_another_order_under_it_conflicts(
    base_url: str, seller: Souk
) -> None:
    first, second = publish(seller), publish(seller)
    buyer = funded(base_url)
    key = secrets.token_hex(8)
    one = buyer.orders.create(OrderRequest(listing_id=first.id), idempotency_key=key)
    again = buyer.orders.create(OrderRequest(listing_id=first.id), idempotency_key=key)
    assert again == one
    with refused("idempotency_key_reused", 409):
        buyer.orders.create(OrderRequest(listing_id=second.id), idempotency_key=key)
    assert available(buyer) == 99_000


def test_an_order_without_a_key_is_refused(base_url: str, seller: Souk) -> None:
    listing = publish(seller)
    buyer = funded(base_url)
    answer = buyer.http.post(
        "/api/v1/orders",
        json={"listing_id": listing.id},
        headers={"authorization": f"Bearer {buyer.credentials.token}"},
    )
    assert answer.status_code == 400
    assert answer.json()["code"] == "idempotency_key_required"


def test_a_changed_price_is_not_paid(base_url: str, seller: Souk) -> None:
    listing = publish(seller, price_minor=1000)
    buyer = funded(base_url)
    seller.listings.change_offer(listing.offers[0].id, OfferUpdate(price_minor=2000))
    with refused("price_changed", 409):
        buyer.orders.create(OrderRequest(listing_id=listing.id, expected_price_minor=1000))
    assert available(buyer) == 100_000


def test_own_listings_second_purchases_drafts_and_strangers_are_refused(
    base_url: str, seller: Souk
) -> None:
    listing = publish(seller)
    buyer, stranger = funded(base_url), sign_up(base_url)
    with refused("own_listing", 409):
        seller.orders.create(OrderRequest(listing_id=listing.id))
    order = buyer.orders.create(OrderRequest(listing_id=listing.id))
    with refused("already_owned", 409):
        buyer.orders.create(OrderRequest(listing_id=listing.id))
    with refused("order_unknown", 404):
        stranger.orders.get(order.id)
    with refused("order_unknown", 404):
        stranger.orders.refund(order.id)
    with refused("organisation_unknown", 404):
        stranger.orders.list(organisation_id=organisation_of(buyer))
    with refused("organisation_unknown", 404):
        stranger.orders.create(
            OrderRequest(listing_id=listing.id, organisation_id=organisation_of(buyer))
        )


def race(buyers: list[Souk], listing_id: str) -> list[str]:
    """Everybody buys at the same moment; what each got: `ok` or the code."""

    def attempt(buyer: Souk) -> str:
        try:
            buyer.orders.create(OrderRequest(listing_id=listing_id))
        except SoukApiError as error:
            return error.code
        return "ok"

    with ThreadPoolExecutor(len(buyers)) as pool:
        return sorted(pool.map(attempt, buyers))


def test_two_purchases_race_for_the_last_balance_and_one_wins(base_url: str, seller: Souk) -> None:
    first, second = publish(seller, price_minor=600), publish(seller, price_minor=600)
    buyer = funded(base_url, 1000)

    def buy(listing_id: str) -> str:
        return race([buyer], listing_id)[0]

    with ThreadPoolExecutor(2) as pool:
        results = sorted(pool.map(buy, [first.id, second.id]))
    assert results == ["insufficient_funds", "ok"]
    assert available(buyer) == 400


def test_a_race_for_the_same_work_buys_it_once(base_url: str, seller: Souk) -> None:
    listing = publish(seller, price_minor=100)
    buyer = funded(base_url, 1000)
    assert race([buyer] * 4, listing.id) == ["already_owned"] * 3 + ["ok"]
    assert available(buyer) == 900


def test_stock_is_never_oversold(base_url: str, seller: Souk) -> None:
    listing = publish(seller, offers=[OfferRequest(price_minor=10, stock=2)])
    buyers = [funded(base_url, 100) for _ in range(5)]
    assert race(buyers, listing.id) == ["offer_sold_out"] * 3 + ["ok"] * 2


def test_a_refund_undoes_everything_once(base_url: str, seller: Souk) -> None:
    listing = publish(seller, offers=[OfferRequest(price_minor=1999, stock=1)])
    buyer = funded(base_url, 5000)
    before = available(seller)
    order = buyer.orders.create(OrderRequest(listing_id=listing.id))
    refunded = buyer.orders.refund(order.id, reason="bought by mistake")
    assert refunded.state == "refunded" and refunded.refundable_until is None
    assert available(buyer) == 5000 and available(seller) == before
    assert buyer.licences.get(order.licence_id).state == "revoked"
    with refused("order_refunded", 409):
        buyer.orders.refund(order.id, reason="again")
    assert available(buyer) == 5000
    log = buyer.provenance.log(listing_id=listing.id, kind="refunded")
    assert len(log.items) == 1
    assert seller.listings.get(listing.id).sales == 0
    again = buyer.orders.create(OrderRequest(listing_id=listing.id))  # the stock is back
    assert again.state == "paid"


def test_a_download_ends_the_buyers_right_but_not_the_sellers(
    base_url: str, seller: Souk, tmp_path: Path
) -> None:
    listing = publish(seller, content=b"one,two\n1,2\n" + secrets.token_hex(8).encode())
    buyer = funded(base_url)
    order = buyer.orders.create(OrderRequest(listing_id=listing.id))
    buyer.download(order.licence_id, tmp_path)
    with refused("refund_after_download", 409):
        buyer.orders.refund(order.id, reason="changed my mind")
    url = buyer.licences.files(order.licence_id).items[0].url
    assert seller.orders.refund(order.id, reason="goodwill").state == "refunded"
    assert buyer.http.get(url).status_code == 403  # the address dies with the licence
    with refused("licence_not_good", 403):
        buyer.licences.files(order.licence_id)


def test_uses_taken_end_the_buyers_right_but_not_the_sellers(base_url: str, seller: Souk) -> None:
    counted = LicenceTerms(kind="counted", uses=1000)
    listing = publish(seller, offers=[OfferRequest(price_minor=700, terms=counted)])
    buyer = funded(base_url, 2000)
    untouched = buyer.orders.create(OrderRequest(listing_id=listing.id))
    spent = buyer.orders.create(OrderRequest(listing_id=listing.id))
    buyer.licences.use(spent.licence_id, uses=999)
    with refused("refund_after_use", 409):
        buyer.orders.refund(spent.id, reason="changed my mind")
    assert available(buyer) == 600
    assert buyer.licences.get(spent.licence_id).uses_left == 1  # and still good
    assert buyer.licences.get(spent.licence_id).state == "active"
    assert buyer.orders.refund(untouched.id, reason="one too many").state == "refunded"
    assert seller.orders.refund(spent.id, reason="goodwill").state == "refunded"
    assert available(buyer) == 2000


def test_timed_and_counted_licences_can_be_bought_again(base_url: str, seller: Souk) -> None:
    terms = LicenceTerms(kind="counted", uses=3)
    listing = publish(seller, offers=[OfferRequest(price_minor=10, terms=terms)])
    buyer = funded(base_url)
    one = buyer.orders.create(OrderRequest(listing_id=listing.id))
    two = buyer.orders.create(OrderRequest(listing_id=listing.id))
    assert one.licence_id != two.licence_id
    assert buyer.licences.use(one.licence_id, uses=2).uses_left == 1


def test_both_parties_get_a_notice(base_url: str, seller: Souk) -> None:
    listing = publish(seller)
    buyer = funded(base_url)
    buyer.orders.create(OrderRequest(listing_id=listing.id))
    titles: set[str] = set()
    for _ in range(100):
        titles = {
            notice.title for client in (buyer, seller) for notice in client.notices.list().items
        }
        if {f"You bought {listing.title}", f"Grace Hopper bought {listing.title}"} <= titles:
            break
    else:
        pytest.fail(f"no notices: {titles}")
    assert buyer.notices.unread().unread == 1
    buyer.notices.mark_read()
    assert buyer.notices.unread().unread == 0
