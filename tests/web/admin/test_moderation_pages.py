"""Reviews, reports, the queue and the quarantine on the pages, without scripts."""

import pickle
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from souk_client.contracts.commerce import OrderRequest
from souk_client.sdk import Souk
from tests.market import publish, sign_up
from tests.trust.moderation.test_moderation import moderator_client
from tests.web.admin.test_admin_pages import Page


class Opens:
    """What an unsafe pickle calls."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (eval, ("1",))


@pytest.fixture(scope="module")
def moderator(base_url: str, session_owner_dsn: str) -> Iterator[Page]:
    client = moderator_client(base_url, session_owner_dsn)
    yield Page(base_url, client.account.get().user.email)


def browser_of(base_url: str, client: Souk) -> Page:
    return Page(base_url, client.account.get().user.email)


def test_a_review_is_written_changed_and_deleted_with_plain_forms(base_url: str) -> None:
    listing = publish(sign_up(base_url), price_minor=0)
    buyer = sign_up(base_url, "Grace Hopper")
    page = browser_of(base_url, buyer)
    path = f"/{listing.address}/reviews"
    assert "Write a review" not in page.get(path)
    refusal = page.post(path, at=path, stars="5", text="No licence.")
    assert refusal.status_code == 403 and "Only holders of a licence" in refusal.text
    buyer.orders.create(OrderRequest(listing_id=listing.id))
    assert "Write a review" in page.get(f"/{listing.address}")
    wrong = page.post(path, at=path, stars="", text="<b>kept</b>")
    assert wrong.status_code == 422 and "&lt;b&gt;kept&lt;/b&gt;" in wrong.text
    assert page.post(path, at=path, stars="4", text="<b onclick=x>Good</b>").status_code == 303
    (review,) = buyer.reviews.list(listing.id).items
    shown = page.get(path)
    assert "onclick" not in shown and "4 stars" in shown
    one = f"/reviews/{review.id}"
    assert page.post(f"{one}/edit", at=one, stars="2", text="Not so good.").status_code == 303
    assert "Before" in page.get(one)
    assert page.post(f"{one}/delete", at=one).status_code == 303
    assert "No reviews yet" in page.get(path)


def test_a_moderator_decides_and_the_reason_is_needed(base_url: str, moderator: Page) -> None:
    listing = publish(sign_up(base_url), price_minor=0, title="Reported on the page")
    reporter = browser_of(base_url, sign_up(base_url))
    form = f"/report/listing/{listing.id}"
    assert reporter.post(form, at=form, text="why").status_code == 422
    assert "the moderators have it" in reporter.post(form, at=form, reason="fake").text
    assert "Reported on the page" in reporter.get("/account/reports")
    queue = moderator.get("/admin/moderation?kind=listing")
    before = queue[: queue.index("Reported on the page")]
    case = before.rpartition('href="')[2].partition('"')[0]
    assert moderator.post(f"{case}/claim", at=case).status_code == 303
    empty = moderator.post(f"{case}/decide", at=case, action="hide", reason="")
    assert empty.status_code == 422
    decided = moderator.post(f"{case}/decide", at=case, action="hide", reason="It is fake.")
    assert decided.status_code == 303
    assert "Moderators took this listing down" in reporter.get(f"/{listing.address}")
    assert "Reported on the page" not in reporter.get(f"/{listing.address}")


def test_a_file_leaves_the_quarantine_with_a_reason(
    base_url: str, moderator: Page, tmp_path: Path
) -> None:
    seller = sign_up(base_url)
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(Opens()))
    artifact = seller.upload_file(path)
    for _ in range(200):
        if artifact.sha256 in moderator.get("/admin/quarantine"):
            break
        time.sleep(0.05)
    release = f"/admin/quarantine/{artifact.sha256}/release"
    assert moderator.post(release, at="/admin/quarantine", reason="").status_code == 303
    assert artifact.sha256 in moderator.get("/admin/quarantine"), "a reason is needed"
    moderator.post(release, at="/admin/quarantine", reason="Looked at by hand.")
    assert artifact.sha256 not in moderator.get("/admin/quarantine")
