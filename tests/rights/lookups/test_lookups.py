"""Look-up of files and copies of somebody else's work, with real models of the catalogue."""

import hashlib
import time

import httpx
import psycopg
import pytest

from souk_client.contracts.commerce import OrderRequest
from souk_client.contracts.lookups import Copies
from souk_client.contracts.works import Listing
from souk_client.sdk import Souk
from tests.market import funded, publish, refused, sign_up
from tests.web.test_selling import page_session
from tests.works.likeness.models import altered, catalogue_model, saved_anew


def model(seller: Souk, content: bytes, title: str) -> Listing:
    return publish(
        seller, content=content, filename="model.onnx", kind="model", title=title, licence="MIT"
    )


def when_compared(client: Souk, content: bytes) -> None:
    """Waits until the file was looked at, and what it is like was noted."""
    sha256 = hashlib.sha256(content).hexdigest()
    ends_at = time.monotonic() + 90
    while client.lookups.file(sha256).compared in ("unknown", "waiting"):
        assert time.monotonic() < ends_at, "it was never compared"
        time.sleep(0.2)


def copies_of(client: Souk, listing: Listing, *, count: int) -> Copies:
    ends_at = time.monotonic() + 90
    while True:
        found = client.lookups.copies(listing.id)
        if len(found.earlier) + len(found.later) >= count:
            return found
        assert time.monotonic() < ends_at, found
        time.sleep(0.2)


@pytest.fixture(scope="module")
def ada(base_url: str) -> Souk:
    return sign_up(base_url, "Ada Original")


@pytest.fixture(scope="module")
def original(ada: Souk) -> Listing:
    return model(ada, catalogue_model("digits-mlp"), "Digits of Ada")


@pytest.fixture(scope="module")
def thief(base_url: str) -> Souk:
    return sign_up(base_url, "Mallory Copies")


@pytest.fixture(scope="module")
def copy(thief: Souk, ada: Souk, original: Listing) -> Listing:
    when_compared(ada, catalogue_model("digits-mlp"))
    return model(thief, saved_anew(catalogue_model("digits-mlp")), "My digits")


def test_a_file_of_nobody_is_unknown(ada: Souk) -> None:
    found = ada.lookups.file("0" * 64)
    assert (found.first_published, found.works, found.alike) == (None, [], [])
    assert found.compared == "unknown"
    with refused("body_invalid"):
        ada.lookups.file("0" * 63)
    with refused("listing_unknown", 404):
        ada.lookups.copies("lst_" + "0" * 26)


def test_who_published_first_and_how_many_hold_it(
    base_url: str, ada: Souk, original: Listing
) -> None:
    buyer = funded(base_url)
    buyer.orders.create(OrderRequest(listing_id=original.id))
    when_compared(ada, catalogue_model("digits-mlp"))
    sha256 = hashlib.sha256(catalogue_model("digits-mlp")).hexdigest()
    found = ada.lookups.file(sha256)
    assert found.first_published is not None
    assert found.first_published.body["listing_id"] == original.id
    (work,) = found.works
    assert (work.address, work.good_licences) == (original.address, 1)
    assert "Grace Hopper" not in repr(found), "holders are counted, not named"


def test_a_copy_saved_anew_is_found_on_both_sides(
    thief: Souk, ada: Souk, original: Listing, copy: Listing, session_owner_dsn: str
) -> None:
    mine = copies_of(thief, copy, count=1)
    (earlier,) = mine.earlier
    assert (earlier.work.listing_id, earlier.found_by) == (original.id, "tensors")
    assert earlier.share == 1.0
    (later,) = copies_of(ada, original, count=1).later
    assert later.work.listing_id == copy.id
    found = ada.lookups.file(hashlib.sha256(catalogue_model("digits-mlp")).hexdigest())
    assert [(one.work.listing_id, one.earlier) for one in found.alike if one.work] == [
        (copy.id, False)
    ]
    with psycopg.connect(session_owner_dsn) as owner:
        for _ in range(450):
            flags = owner.execute(
                "SELECT f.rule, f.score FROM moderation.flags f JOIN moderation.cases c "
                "ON c.id = f.case_id WHERE c.subject_id = %s",
                (copy.id,),
            ).fetchall()
            owner.commit()
            if flags:
                break
            time.sleep(0.2)
    assert flags == [("copy", 1.0)], "moderators get a hint, once"


def test_a_copy_with_other_weights_is_found(
    base_url: str, original: Listing, copy: Listing, thief: Souk
) -> None:
    second = sign_up(base_url, "Trudy Alters")
    changed = model(second, altered(catalogue_model("digits-mlp")), "Digits again")
    found = copies_of(second, changed, count=2)
    assert {one.work.listing_id for one in found.earlier} == {original.id, copy.id}
    assert {one.found_by for one in found.earlier} == {"shapes"}


def test_the_same_file_and_ones_own_works(base_url: str, ada: Souk, original: Listing) -> None:
    """Bytes published again are a copy; a seller's own next work is none."""
    content = catalogue_model("digits-mlp")
    own = model(ada, content, "Digits of Ada, again")
    other = model(sign_up(base_url, "Eve Repeats"), content, "The same digits")
    found = copies_of(ada, other, count=1)
    same = {(one.work.listing_id, one.found_by) for one in found.earlier if one.share == 1.0}
    assert (original.id, "bytes") in same
    assert own.id not in {one.work.listing_id for one in copies_of(ada, original, count=1).later}


def test_the_pages(base_url: str, ada: Souk, thief: Souk, original: Listing, copy: Listing) -> None:
    copies_of(thief, copy, count=1)
    sha256 = hashlib.sha256(catalogue_model("digits-mlp")).hexdigest()
    shown = httpx.get(f"{base_url}/lookup", params={"sha256": f"SHA256:{sha256.upper()}"})
    assert shown.status_code == 200 and original.address in shown.text
    assert copy.address in shown.text and "the same weights" in shown.text
    wrong = httpx.get(f"{base_url}/lookup", params={"sha256": "<script>"})
    assert wrong.status_code == 422 and "<script>" not in wrong.text.split("<main")[1]
    assert "Nobody has published" in httpx.get(f"{base_url}/lookup?sha256={'0' * 64}").text
    public = httpx.get(f"{base_url}/{copy.address}").text
    assert "Published by somebody else before" in public
    assert "Later works are like yours" not in httpx.get(f"{base_url}/{original.address}").text
    with page_session(base_url, ada) as browser:
        assert "Later works are like yours" in browser.get(f"/{original.address}").text
