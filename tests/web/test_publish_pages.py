"""The publish wizard over HTTP: drafts that are kept, and editing what is on the market already."""

import re
from pathlib import Path

import httpx
import pytest

from souk_client.contracts.works import ListingRequest, OfferRequest, VersionFile
from tests import market
from tests.web.test_selling import page_session

pytestmark = [pytest.mark.database, pytest.mark.slow]

DETAILS: dict[str, str | list[str]] = {
    "title": "Harbour",
    "summary": "Typed before leaving.",
    "card": "# Half a card",
    "runtimes": "onnxruntime",
    "hardware": "cpu, nvidia-a10",
    "regions": ["eu", "na"],
}


def send(
    browser: httpx.Client, path: str, page: str, fields: dict[str, str | list[str]]
) -> httpx.Response:
    """Sends the form of a page: its hidden fields, then what is typed."""
    shown = browser.get(page).text
    hidden = dict(re.findall(r'<input type="hidden" name="(_\w+)" value="([^"]*)"', shown))
    return browser.post(path, data={**hidden, **fields})


def test_leaving_a_draft_keeps_what_was_typed(base_url: str) -> None:
    seller = market.sign_up(base_url)
    draft = seller.listings.create(ListingRequest(kind="model", slug="half", title="Half"))
    page = f"/publish/{draft.id}/details"
    with page_session(base_url, seller) as browser:
        assert "Save the draft and leave" in browser.get(page).text
        left = send(browser, page, page, {**DETAILS, "then": "leave"})
        assert (left.status_code, left.headers["location"]) == (303, "/selling")
        again = browser.get(page).text
    found = seller.listings.get(draft.id)
    assert (found.summary, found.card) == (DETAILS["summary"], DETAILS["card"])
    assert found.compatibility.hardware == ["cpu", "nvidia-a10"]
    assert found.compatibility.runtimes == ["onnxruntime"]
    assert found.regions == ["eu", "na"]
    assert re.findall(r'name="regions" value="(\w+)" checked', again) == ["eu", "na"]


def test_a_place_that_is_none_is_refused_beside_its_field(base_url: str) -> None:
    seller = market.sign_up(base_url)
    draft = seller.listings.create(ListingRequest(kind="model", slug="half", title="Half"))
    page = f"/publish/{draft.id}/details"
    with page_session(base_url, seller) as browser:
        answer = send(browser, page, page, {**DETAILS, "regions": ["the moon"]})
    assert answer.status_code == 422 and "Typed before leaving." in answer.text
    assert seller.listings.get(draft.id).summary == "", "nothing stored half"


def test_editing_a_public_work_says_what_is_public_and_when(base_url: str) -> None:
    seller = market.sign_up(base_url)
    work = market.publish(seller, title="On the market")
    page = f"/publish/{work.id}/details"
    with page_session(base_url, seller) as browser:
        details = browser.get(page).text
        assert "What you save here is public at once" in details
        assert "Go on to the files" not in details and "draft" not in details
        saved = send(browser, page, page, {**DETAILS, "then": "see"})
        assert saved.headers["location"] == f"/{work.address}"
        assert (
            "Nobody sees it until you publish it" in browser.get(f"/publish/{work.id}/files").text
        )
        review = browser.get(f"/publish/{work.id}/review").text
    assert "nothing waits to be published" in review
    assert "first entry of its history" not in review


def test_a_seller_goes_back_to_an_earlier_version(base_url: str, tmp_path: Path) -> None:
    seller = market.sign_up(base_url)
    work = market.publish(seller, title="Twice made")
    file = tmp_path / "second.txt"
    file.write_bytes(work.id.encode())
    files = [VersionFile(path="second.txt", sha256=seller.upload_file(file).sha256)]
    seller.listings.create_version(work.id, version="1.1.0", files=files)
    with page_session(base_url, seller) as browser:
        waiting = browser.get(f"/publish/{work.id}/review").text
        assert "Publishing shows version" in waiting and "1.1.0" in waiting
        seller.listings.publish(work.id)
        page = f"/publish/{work.id}/files"
        assert "Make 1.0.0 current" in browser.get(page).text
        chosen = send(browser, f"/publish/{work.id}/current", page, {"version": "1.0.0"})
        assert chosen.headers["location"] == f"/{work.address}#versions"
        versions = browser.get(f"/{work.address}").text.partition('id="versions"')[2]
        unknown = send(browser, f"/publish/{work.id}/current", page, {"version": "7.0.0"})
    assert seller.listings.get(work.id).current_version == "1.0.0"
    before_mark = versions.partition("Current")[0]
    assert re.findall(r'class="file-name num">([\d.]+)<', before_mark) == ["1.1.0", "1.0.0"]
    assert unknown.status_code == 404 and "version" in unknown.text


def test_an_edition_is_withdrawn_but_not_the_last(base_url: str) -> None:
    seller = market.sign_up(base_url)
    work = market.publish(seller, title="Two editions")
    extra = seller.listings.add_offer(work.id, OfferRequest(edition="team", price_minor=9900))
    path, page = f"/publish/{work.id}/withdraw", f"/publish/{work.id}/price"
    with page_session(base_url, seller) as browser:
        assert browser.get(page).text.count('name="offer" value="') == 2
        assert send(browser, path, page, {"offer": extra.id}).status_code == 303
        [left] = [one for one in seller.listings.get(work.id).offers if one.state == "active"]
        last = send(browser, path, page, {"offer": left.id})
    assert last.status_code == 409 and "needs an offer" in last.text
    assert [one.id for one in seller.listings.get(work.id).offers if one.state == "active"] == [
        left.id
    ]
