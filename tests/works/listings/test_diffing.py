"""What changed between two versions: files, metrics, the card; of what was said then."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.works.listings.diffing import MAX_CARD_LINES, diff_cards, diff_metrics
from souk_client.contracts.works import Metric
from tests.security.world import Person

CARD = "# Work\n\nFirst words.\n\nMore."


@pytest.fixture(scope="module")
def ada(base_url: str) -> Iterator[Person]:
    person = Person(base_url, "Ada Lovelace")
    yield person
    person.close()


def version(seller: Person, listing: Any, number: str, files: dict[str, bytes]) -> None:
    sent = [{"path": path, "sha256": seller.upload(body)} for path, body in files.items()]
    body = {"version": number, "files": sent}
    seller.do("POST", f"/listings/{listing['id']}/versions", body)


@pytest.fixture(scope="module")
def listing(ada: Person) -> Any:
    """Two public versions with other cards and metrics, and a third that nobody sees yet."""
    draft = ada.draft(
        card=CARD, metrics=[{"name": "rows", "value": 10}, {"name": "old", "value": 1}]
    )
    path = f"/listings/{draft['id']}"
    version(ada, draft, "1.0.0", {"a.txt": b"a one", "b.txt": b"b one", "gone.txt": b"gone"})
    ada.do("POST", f"{path}/publish")
    metrics = [{"name": "rows", "value": 12}, {"name": "new", "value": 2}]
    ada.do("PATCH", path, {"card": CARD.replace("First", "Other"), "metrics": metrics})
    version(ada, draft, "2.0.0", {"a.txt": b"a two", "new.txt": b"new"})
    published = ada.do("POST", f"{path}/publish")
    version(ada, draft, "3.0.0", {"a.txt": b"a three"})
    ada.do("PATCH", path, {"card": "Something else"})
    return published


def test_files_metrics_and_card_as_they_were(ada: Person, listing: Any, base_url: str) -> None:
    found = ada.do("GET", f"/listings/{listing['id']}/diff?from=1.0.0&to=2.0.0")
    assert {one["path"]: one["change"] for one in found["files"]} == {
        "a.txt": "changed",
        "b.txt": "removed",
        "gone.txt": "removed",
        "new.txt": "added",
    }
    assert {one["name"]: one["change"] for one in found["metrics"]} == {
        "rows": "changed",
        "new": "added",
        "old": "removed",
    }
    assert found["words_kept"]
    changed = [(one["kind"], one["text"]) for one in found["card"] if one["kind"] != "same"]
    assert changed == [("removed", "First words."), ("added", "Other words.")]
    back = ada.do("GET", f"/listings/{listing['id']}/diff?from=2.0.0&to=1.0.0")
    assert {one["path"] for one in back["files"] if one["change"] == "added"} == {
        "b.txt",
        "gone.txt",
    }
    same = ada.do("GET", f"/listings/{listing['id']}/diff?from=1.0.0&to=1.0.0")
    assert {one["change"] for one in same["files"]} == {"same"}
    assert same["card"] == []


def test_a_version_that_is_not_public_is_for_its_seller(
    ada: Person, listing: Any, base_url: str
) -> None:
    path = f"/listings/{listing['id']}/diff"
    own = ada.do("GET", f"{path}?from=2.0.0&to=3.0.0")
    assert ("added", "Something else") in [(one["kind"], one["text"]) for one in own["card"]]
    stranger = Person(base_url, "Mallory")
    for query in ("from=2.0.0&to=3.0.0", "from=9.0.0&to=1.0.0", "from=x&to=%00"):
        answer = stranger.ask("GET", f"{path}?{query}")
        assert (answer.status_code, answer.json()["code"]) == (404, "version_unknown")
    assert stranger.ask("GET", f"{path}?from=1.0.0").status_code == 422
    stranger.close()


def test_the_page_says_the_same_and_links_between_versions(ada: Person, listing: Any) -> None:
    address = f"/{listing['address']}"
    page = ada.http.get(address, headers={"accept": "text/html"}).text
    assert f"{address}/diff?from=1.0.0&amp;to=2.0.0" in page
    shown = ada.http.get(f"{address}/diff?from=1.0.0&to=2.0.0").text
    assert re.search(r"<del[^>]*>First words\.</del>", shown)
    assert re.search(r"<ins[^>]*>Other words\.</ins>", shown)
    assert "gone.txt" in shown
    newest = ada.http.get(f"{address}/diff").text
    assert "new.txt" in newest
    assert ada.http.get(f"{address}/diff?from=nope&to=1.0.0").status_code == 404


lines = st.lists(st.sampled_from(["", "a", "b", "c", "# d"]), max_size=40)


@given(lines, lines)
def test_taking_away_and_adding_gives_the_other_card(old: list[str], new: list[str]) -> None:
    found = diff_cards("\n".join(old), "\n".join(new))
    assert found is not None
    removed = [one.text for one in found if one.kind == "removed"]
    added = [one.text for one in found if one.kind == "added"]
    before, after = "\n".join(old).splitlines(), "\n".join(new).splitlines()
    assert len(before) - len(removed) == len(after) - len(added)
    assert all(text in before for text in removed)
    assert all(text in after for text in added)
    assert (before == after) == (not removed and not added)


def test_cards_with_very_many_lines_are_not_compared() -> None:
    assert diff_cards("a\n" * (MAX_CARD_LINES + 1), "b") is None


def test_a_metric_in_another_unit_has_changed() -> None:
    (found,) = diff_metrics([Metric(name="x", value=1)], [Metric(name="x", value=1, unit="%")])
    assert found.change == "changed"
