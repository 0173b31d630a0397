"""Bulk import: the same rules as one by one, each item whole or not at all, in seconds."""

import os
import time

import httpx
import pytest

from tests.works.artifacts.scan import samples
from tests.works.selling import Seller, code, good

pytestmark = [pytest.mark.database, pytest.mark.filterwarnings("ignore:EdDSA is deprecated")]


def run(ada: Seller, items: list[dict]) -> dict:
    return good(ada.http.post("/listings/import", json={"items": items}))


def item(
    ada: Seller, sha256: str | None = None, *, publish: bool = False, **changes: object
) -> dict:
    made: dict = {"listing": ada.listing_body(**changes), "publish": publish}
    if sha256 is not None:
        made["version"] = {"version": "1.0.0", "files": [{"path": "data.csv", "sha256": sha256}]}
    return made


@pytest.fixture(scope="module")
def clean(ada: Seller) -> str:
    sha256 = ada.upload(os.urandom(8).hex().encode(), filename="data.csv")["sha256"]
    assert ada.scanned(sha256)["scan"]["state"] == "clean"
    return str(sha256)


def test_a_thousand_listings_in_seconds(ada: Seller, anybody: httpx.Client, clean: str) -> None:
    card = "---\ntags: [a, b]\n---\n" + "words " * 100
    items = [item(ada, clean, publish=True, title=f"Number {n}", card=card) for n in range(1000)]
    started = time.monotonic()
    answer = run(ada, items)
    took_s = time.monotonic() - started
    assert (answer["imported"], answer["refused"]) == (1000, 0)
    assert took_s < 120
    seen = good(anybody.get(f"/listings/{answer['results'][777]['listing_id']}"))
    assert (seen["title"], seen["state"], seen["tags"]) == ("Number 777", "published", ["a", "b"])
    assert seen["versions"][0]["files"][0]["sha256"] == clean
    assert seen["offers"][0]["price_minor"] == 500


def test_each_item_stands_alone(ada: Seller, clean: str, tmp_path: os.PathLike) -> None:
    taken = ada.draft()["slug"]
    unsafe = ada.upload(samples.pickled(samples.RunsCode(tmp_path)))["sha256"]  # type: ignore[arg-type]
    ada.scanned(unsafe)
    wrong = [
        (item(ada, clean, slug=taken), "slug_taken"),
        (item(ada, clean, licence="Nope-1.0"), "licence_invalid"),
        (item(ada, "0" * 64), "file_unknown"),
        (item(ada, unsafe, publish=True), "artifact_quarantined"),
        (item(ada, publish=True), "publish_incomplete"),
        (item(ada, clean, card="---\na: [\n---"), "card_invalid"),
        (item(ada, clean, currency="XXX"), "currency_unknown"),
        (item(ada, clean, title="a\u0000b"), "text_invalid"),
        (
            item(ada, clean, organisation_id="org_01m7z27fbvf7zt2ncx77syah90"),
            "organisation_unknown",
        ),
    ]
    shared = [
        {
            "role": "partner",
            "basis_points": 10_000,
            "organisation_id": "org_01m7z27fbvf7zt2ncx77syah90",
        }
    ]
    offers = [{"price_minor": 1, "split": "custom", "shares": shared}]
    wrong.append((item(ada, price_minor=None, offers=offers), "organisation_unknown"))
    traversal = item(ada, clean)
    traversal["version"]["files"][0]["path"] = "../x"
    wrong.append((traversal, "path_invalid"))
    good_ones = [item(ada, clean, publish=True), item(ada, clean), item(ada)]
    twin = item(ada, slug=good_ones[0]["listing"]["slug"])

    answer = run(ada, [*(bad for bad, _ in wrong), *good_ones, twin])

    codes = [result["code"] for result in answer["results"]]
    assert codes == [*(expected for _, expected in wrong), None, None, None, "slug_taken"]
    assert all(result["problem"] for result in answer["results"] if result["code"])
    assert answer["imported"] == 3
    states = [
        good(ada.http.get(f"/listings/{result['listing_id']}"))["state"]
        for result in answer["results"]
        if result["listing_id"]
    ]
    assert states == ["published", "draft", "draft"]
    mine = good(ada.http.get("/listings", params={"limit": 100, "state": "draft"}))["items"]
    assert wrong[2][0]["listing"]["slug"] not in [found["address"].split("/")[1] for found in mine]


def test_limits(ada: Seller, anybody: httpx.Client) -> None:
    assert code(ada.http.post("/listings/import", json={"items": []}), 422)
    many = [item(ada) for _ in range(1001)]
    assert code(ada.http.post("/listings/import", json={"items": many}), 422)
    one = {"items": [item(ada)]}
    assert code(anybody.post("/listings/import", json=one), 401) == "sign_in_needed"


def test_an_import_with_a_key_is_done_once(ada: Seller) -> None:
    body = {"items": [item(ada, card="x" * 150_000) for _ in range(40)]}
    headers = {"idempotency-key": os.urandom(8).hex()}
    first = good(ada.http.post("/listings/import", json=body, headers=headers))
    again = ada.http.post("/listings/import", json=body, headers=headers)
    assert good(again) == first
    assert first["imported"] == 40
