"""What a listing's page tells people and machines, whatever its seller wrote."""

import html
import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.web.pages.listing_seo import data_block
from tests.compute.evaluation.models import larger_column
from tests.security.world import PASSWORD, Person
from tests.works.galleries.pictures import picture

HOSTILE = "</script><script>alert(1)</script>\u2028 & \"'"


@given(st.dictionaries(st.text(), st.text(), max_size=5))
def test_no_text_ends_the_data_block(texts: dict[str, str]) -> None:
    block = str(data_block({**texts, "name": HOSTILE}))
    inner = block.removeprefix('<script type="application/ld+json">').removesuffix("</script>")
    assert not set("<>&\u2028\u2029") & set(inner)
    assert json.loads(inner) == {**texts, "name": HOSTILE}


@pytest.fixture(scope="module")
def ada(base_url: str) -> Iterator[Person]:
    person = Person(base_url, "Ada Lovelace")
    yield person
    person.close()


def page_of(base_url: str, listing: Any) -> str:
    answer = httpx.get(f"{base_url}/{listing['address']}", headers={"accept": "text/html"})
    assert answer.status_code == 200
    return answer.text


def structured(page: str) -> Any:
    found = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    (one,) = found
    return json.loads(one)


@pytest.mark.database
@pytest.mark.parametrize(
    ("kind", "type_name"),
    [("dataset", "Dataset"), ("agent", "SoftwareApplication"), ("design", "Product")],
)
def test_machines_are_told_what_it_is(
    ada: Person, base_url: str, kind: str, type_name: str
) -> None:
    listing = ada.publish(
        kind=kind, title=f"Work {HOSTILE}"[:100].replace("\u2028", ""), price_minor=1250
    )
    image = None
    if kind == "dataset":
        body = {"sha256": ada.upload(picture(800, 500), "picture.png"), "alt": "Plot"}
        image = ada.do("POST", f"/listings/{listing['id']}/images", body)
    page = page_of(base_url, listing)
    about = structured(page)
    assert about["@type"] == type_name
    assert about["name"] == listing["title"]
    assert about["offers"][0]["price"] == "12.50"
    assert about["offers"][0]["priceCurrency"] == "USD"
    assert about["offers"][0]["availability"] == "https://schema.org/InStock"
    assert "<script>alert" not in page
    canonical = re.search(r'<link rel="canonical" href="([^"]+)">', page)
    assert canonical is not None
    assert canonical[1].endswith(f"/{listing['address']}")
    told = dict(re.findall(r'<meta property="(og:[\w:]+)" content="([^"]*)">', page))
    assert html.unescape(told["og:title"]) == listing["title"]
    if image is not None:
        assert told["og:image"].endswith(f"/images/{image['id']}/800.webp")
        assert (told["og:image:width"], told["og:image:alt"]) == ("800", "Plot")
    else:
        assert told["og:image"] == f"{base_url}/share.png"
        assert (told["og:image:width"], told["og:image:height"]) == ("1200", "630")
        assert told["og:image:alt"]
    assert 'name="robots"' not in page


@pytest.fixture(scope="module")
def browser(base_url: str, ada: Person) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=base_url, timeout=30, headers={"accept": "text/html"}) as client:
        form = {"email": ada.email, "password": PASSWORD, "_csrf_token": token(client, "/sign-in")}
        assert client.post("/sign-in", data=form).status_code == 303
        yield client


def token(browser: httpx.Client, page: str) -> str:
    found = re.search(r'name="_csrf_token" value="([^"]+)"', browser.get(page).text)
    assert found is not None
    return found[1]


@pytest.mark.database
@pytest.mark.parametrize(
    ("licence", "told"),
    [
        ("GPL-3.0-or-later", "https://spdx.org/licenses/GPL-3.0-or-later.html"),
        ("MIT OR Apache-2.0", "MIT OR Apache-2.0"),
        ("LicenseRef-Ours", None),
    ],
)
def test_only_a_licence_of_one_name_has_a_page(
    ada: Person, base_url: str, licence: str, told: str | None
) -> None:
    listing = ada.publish(licence=licence)
    assert structured(page_of(base_url, listing)).get("license") == told


@pytest.mark.database
def test_a_draft_is_not_for_search_engines(ada: Person, browser: httpx.Client) -> None:
    draft = ada.draft()
    page = browser.get(f"/{draft['address']}").text
    assert '<meta name="robots" content="noindex">' in page
    assert "offers" not in structured(page)


@pytest.mark.database
def test_a_seller_asks_for_a_run_with_a_form(ada: Person, browser: httpx.Client) -> None:
    metrics = [{"name": "accuracy", "value": 1.0}]
    listing = ada.publish(larger_column(), "model.onnx", kind="model", metrics=metrics)
    data = ada.publish(b"a,b,label\n1,2,1\n2,1,0\n", "data.csv", price_minor=0)
    address = f"/{listing['address']}"
    assert "Stated by the seller" in browser.get(address).text
    form = {"_csrf_token": token(browser, address), "dataset": "nobody/nothing", "target": "label"}
    refused = browser.post(f"/publish/{listing['id']}/verify", data=form)
    assert refused.status_code == 422
    assert "no listing nobody/nothing" in refused.text
    assert 'value="nobody/nothing"' in refused.text
    empty = browser.post(f"/publish/{listing['id']}/verify", data={**form, "dataset": ""})
    assert empty.status_code == 422
    assert "Fill this in." in empty.text
    asked = browser.post(
        f"/publish/{listing['id']}/verify", data={**form, "dataset": data["address"]}
    )
    assert (asked.status_code, asked.headers["location"]) == (303, f"{address}#metrics")
    assert data["address"] in browser.get(address).text
