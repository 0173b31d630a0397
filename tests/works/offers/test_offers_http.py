"""Offers over HTTP: prices, terms and splits that add up; changes that leave the past alone."""

import httpx
import pytest

from tests.works.selling import Seller, code, good

pytestmark = [pytest.mark.database, pytest.mark.filterwarnings("ignore:EdDSA is deprecated")]


def offer(**changes: object) -> dict:
    return {"edition": "extra", "price_minor": 100, **changes}


def shares(*parts: tuple[str, int]) -> list[dict]:
    return [{"role": role, "basis_points": points} for role, points in parts]


@pytest.mark.parametrize(
    ("split", "parts"),
    [
        ("standard", [("creator", 8500), ("platform", 1000), ("affiliate", 500)]),
        (
            "premium",
            [("creator", 8000), ("platform", 1000), ("affiliate", 500), ("compliance", 500)],
        ),
    ],
)
def test_named_splits_are_spelled_out(
    ada: Seller, split: str, parts: list[tuple[str, int]]
) -> None:
    listing = ada.draft()
    made = good(ada.http.post(f"/listings/{listing['id']}/offers", json=offer(split=split)), 201)
    assert [(share["role"], share["basis_points"]) for share in made["shares"]] == parts


def test_a_custom_split_between_several(ada: Seller, bob: Seller) -> None:
    listing = ada.draft()
    parts = shares(("creator", 6000), ("platform", 1000))
    parts.append({"role": "partner", "basis_points": 3000, "organisation_id": bob.organisation_id})
    body = offer(split="custom", shares=parts, creator_organisation_id=bob.organisation_id)
    made = good(ada.http.post(f"/listings/{listing['id']}/offers", json=body), 201)
    assert made["shares"][2]["organisation_id"] == bob.organisation_id
    assert made["creator_organisation_id"] == bob.organisation_id


@pytest.mark.parametrize(
    "changes",
    [
        {"price_minor": -1}, {"price_minor": 10**15 + 1}, {"currency": "XYZ"},
        {"split": "custom"},
        {"split": "custom", "shares": shares(("creator", 9999))},
        {"split": "custom", "shares": shares(("creator", 10_001))},
        {"split": "custom", "shares": shares(("creator", 10_000), ("platform", -1))},
        {"split": "custom", "shares": shares(("creator", 5000), ("creator", 5000))},
        {"split": "custom", "shares": shares(("partner", 10_000))},
        {"split": "standard", "shares": shares(("creator", 10_000))},
        {"terms": {"kind": "timed"}},
        {"terms": {"kind": "timed", "duration_days": 0}},
        {"terms": {"kind": "perpetual", "uses": 3}},
        {"terms": {"kind": "seats", "uses": 3}},
        {"stock": 0}, {"stock": -1}, {"stock": 10**10},
        {"creator_organisation_id": "org_01m7z27fbvf7zt2ncx77syah90"},
        {"edition": "standard plus"},
    ],
)  # fmt: skip
def test_offers_that_cannot_be(ada: Seller, changes: dict) -> None:
    listing = ada.draft()
    answer = ada.http.post(f"/listings/{listing['id']}/offers", json=offer(**changes))
    assert code(answer, 422)
    assert len(good(ada.http.get(f"/listings/{listing['id']}"))["offers"]) == 1


@pytest.mark.parametrize(
    "terms",
    [
        {"kind": "perpetual"},
        {"kind": "timed", "duration_days": 365},
        {"kind": "counted", "uses": 1000},
        {"kind": "seats", "seats": 5, "transferable": True},
    ],
)
def test_every_kind_of_terms(ada: Seller, terms: dict) -> None:
    listing = ada.draft()
    made = good(ada.http.post(f"/listings/{listing['id']}/offers", json=offer(terms=terms)), 201)
    assert {name: made["terms"][name] for name in terms} == terms


@pytest.mark.parametrize("currency", ["USD", "EUR", "ETH", "POL", "GENX", "FTNS"])
def test_every_currency_and_the_old_name_of_one(ada: Seller, currency: str) -> None:
    listing = ada.draft()
    address = f"/listings/{listing['id']}/offers"
    made = good(ada.http.post(address, json=offer(currency=currency)), 201)
    assert made["currency"] == currency
    old = good(ada.http.post(address, json=offer(edition="old", currency="MATIC")), 201)
    assert old["currency"] == "POL"


def test_one_active_offer_an_edition(ada: Seller) -> None:
    listing = ada.draft()
    address = f"/listings/{listing['id']}/offers"
    assert code(ada.http.post(address, json=offer(edition="standard")), 409) == "edition_taken"


def test_a_change_is_a_new_offer(ada: Seller, anybody: httpx.Client) -> None:
    listing = ada.published()
    (old,) = listing["offers"]
    new = good(ada.http.patch(f"/offers/{old['id']}", json={"price_minor": 900}))
    assert new["id"] != old["id"]
    assert (new["price_minor"], new["edition"], new["terms"]) == (900, "standard", old["terms"])
    seen = good(anybody.get(f"/listings/{listing['id']}"))
    assert [item["id"] for item in seen["offers"]] == [new["id"]]
    answer = ada.http.patch(f"/offers/{old['id']}", json={"price_minor": 1})
    assert code(answer, 409) == "offer_withdrawn"


def test_a_published_listing_keeps_an_offer(ada: Seller) -> None:
    listing = ada.published()
    (last,) = listing["offers"]
    assert code(ada.http.delete(f"/offers/{last['id']}"), 409) == "offer_last"
    good(ada.http.post(f"/listings/{listing['id']}/offers", json=offer()), 201)
    assert ada.http.delete(f"/offers/{last['id']}").status_code == 204
    assert code(ada.http.delete(f"/offers/{last['id']}"), 409) == "offer_withdrawn"


def test_a_summary_shows_the_lowest_price(ada: Seller) -> None:
    listing = ada.draft(
        price_minor=None,
        offers=[
            {"edition": "a", "price_minor": 900},
            {"edition": "b", "price_minor": 5_000_000, "currency": "GENX"},
            {"edition": "c", "price_minor": 700},
        ],
    )
    items = good(ada.http.get("/listings", params={"limit": 1}))["items"]
    assert items[0]["id"] == listing["id"]
    assert (items[0]["price_minor"], items[0]["currency"]) == (5_000_000, "GENX")
