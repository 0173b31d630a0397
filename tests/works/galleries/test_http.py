"""Galleries over HTTP: sellers fill them, everybody sees those of published works."""

import hashlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.security.world import Person
from tests.works.galleries.pictures import bomb, picture

pytestmark = pytest.mark.database


@pytest.fixture(scope="module")
def ada(base_url: str) -> Iterator[Person]:
    person = Person(base_url, "Ada Lovelace")
    yield person
    person.close()


@pytest.fixture(scope="module")
def mallory(base_url: str) -> Iterator[Person]:
    person = Person(base_url, "Mallory")
    yield person
    person.close()


def add(seller: Person, listing: Any, content: bytes, alt: str = "A plot") -> Any:
    sha256 = seller.upload(content, "picture.png")
    return seller.do("POST", f"/listings/{listing['id']}/images", {"sha256": sha256, "alt": alt})


def images(person: Person, listing: Any) -> list[Any]:
    return list(person.do("GET", f"/listings/{listing['id']}/images")["images"])


def test_a_picture_is_served_in_its_widths(ada: Person, base_url: str) -> None:
    listing = ada.publish()
    made = add(ada, listing, picture(700, 350), "A  plot\nof loss")
    assert (made["alt"], made["width"], made["height"]) == ("A plot of loss", 700, 350)
    assert [one["width"] for one in made["variants"]] == [320, 640, 700]
    for variant in made["variants"]:
        answer = httpx.get(base_url + variant["url"])
        assert answer.headers["content-type"] == "image/webp"
        assert answer.headers["cache-control"] == "public, max-age=300"
        assert len(answer.content) == variant["size_bytes"]
        again = httpx.get(
            base_url + variant["url"], headers={"if-none-match": answer.headers["etag"]}
        )
        assert (again.status_code, again.content) == (304, b"")


def test_pictures_of_a_draft_are_for_its_owners(
    ada: Person, mallory: Person, base_url: str
) -> None:
    draft = ada.draft()
    url = add(ada, draft, picture(90, 90))["variants"][0]["url"]
    mine = ada.http.get(url)
    assert (mine.status_code, mine.headers["cache-control"][:8]) == (200, "private,")
    assert mallory.http.get(url).status_code == httpx.get(base_url + url).status_code == 404
    assert mallory.ask("GET", f"/listings/{draft['id']}/images").status_code == 404


def test_the_first_picture_stands_for_the_work_in_lists(
    ada: Person, mallory: Person, base_url: str
) -> None:
    listing, bare = ada.publish(), ada.publish()
    first, second = (add(ada, listing, picture(400 + n, 200)) for n in range(2))
    seller, owner = listing["address"].partition("/")[0], listing["owner"]["id"]

    def covers(person: Person) -> dict[str, str | None]:
        works = person.do("GET", f"/listings?organisation_id={owner}&limit=100")["items"]
        return {one["id"]: one["cover"] and one["cover"]["id"] for one in works}

    assert covers(mallory)[listing["id"]] == first["id"]
    assert covers(mallory)[bare["id"]] is None
    page = httpx.get(f"{base_url}/{seller}").text
    card = page[page.index('<img class="cover"') :].partition(">")[0]
    assert f"/images/{first['id']}/320.webp 320w" in card
    assert 'loading="lazy"' in card
    assert f"/tiles/{bare['kind']}/{bare['address'].replace('/', '~')}.svg" in page
    order = {"image_ids": [second["id"], first["id"]]}
    ada.do("PUT", f"/listings/{listing['id']}/images/order", order)
    assert covers(mallory)[listing["id"]] == second["id"]


def test_order_words_and_removal(ada: Person) -> None:
    listing = ada.publish()
    ids = [add(ada, listing, picture(60 + n, 60), f"Picture {n}")["id"] for n in range(3)]
    path = f"/listings/{listing['id']}/images"
    assert [one["id"] for one in images(ada, listing)] == ids
    ada.do("PUT", f"{path}/order", {"image_ids": ids[::-1]})
    assert [one["id"] for one in images(ada, listing)] == ids[::-1]
    ada.do("PATCH", f"{path}/{ids[0]}", {"alt": "Other words"})
    assert images(ada, listing)[2]["alt"] == "Other words"
    left = ada.do("DELETE", f"{path}/{ids[1]}")["images"]
    assert [(one["id"], one["place"]) for one in left] == [(ids[2], 0), (ids[0], 1)]
    for wrong in ([], ids[:1], [ids[0], ids[0]], [*ids]):
        answer = ada.ask("PUT", f"{path}/order", {"image_ids": wrong})
        assert (answer.status_code, answer.json()["code"]) == (422, "order_invalid")
    gone = ada.ask("DELETE", f"{path}/{ids[1]}")
    assert (gone.status_code, gone.json()["code"]) == (404, "image_unknown")


def test_a_gallery_holds_twelve_and_each_file_once(ada: Person) -> None:
    listing = ada.draft()
    for n in range(12):
        add(ada, listing, picture(20 + n, 20))
    path = f"/listings/{listing['id']}/images"
    more = {"sha256": ada.upload(picture(200, 20)), "alt": "One too many"}
    answer = ada.ask("POST", path, more)
    assert (answer.status_code, answer.json()["code"]) == (409, "gallery_full")
    same = {"sha256": hashlib.sha256(picture(20, 20)).hexdigest(), "alt": "Again"}
    answer = ada.ask("POST", path, same)
    assert (answer.status_code, answer.json()["code"]) == (409, "image_taken")


@pytest.mark.parametrize(
    ("content", "code"), [(b"just words", "image_unreadable"), (bomb(), "image_too_large")]
)
def test_what_is_no_picture_leaves_nothing(ada: Person, content: bytes, code: str) -> None:
    listing = ada.draft()
    body = {"sha256": ada.upload(content, "evil.png"), "alt": "Evil"}
    answer = ada.ask("POST", f"/listings/{listing['id']}/images", body)
    assert answer.json()["code"] == code
    assert answer.status_code in {413, 422}
    assert images(ada, listing) == []


def test_a_stranger_changes_nothing_and_uses_nobodys_file(ada: Person, mallory: Person) -> None:
    listing = ada.publish()
    image = add(ada, listing, picture(77, 77))
    path = f"/listings/{listing['id']}/images"
    sha256 = ada.upload(picture(78, 77))
    body = {"sha256": sha256, "alt": "Mine"}
    assert mallory.ask("POST", path, body).status_code == 403
    assert mallory.ask("DELETE", f"{path}/{image['id']}").status_code == 403
    own = mallory.draft()
    answer = mallory.ask("POST", f"/listings/{own['id']}/images", body)
    assert (answer.status_code, answer.json()["code"]) == (404, "artifact_unknown")
    elsewhere = mallory.ask("DELETE", f"/listings/{own['id']}/images/{image['id']}")
    assert elsewhere.status_code == 404
    assert len(images(ada, listing)) == 1


def test_a_published_file_is_no_picture_of_anybody_else(ada: Person, mallory: Person) -> None:
    paid = ada.publish(picture(79, 77), path="picture.png")
    (file,) = mallory.do("GET", f"/listings/{paid['id']}")["versions"][0]["files"]
    own = mallory.draft()
    body = {"sha256": file["sha256"], "alt": "Unpaid"}
    answer = mallory.ask("POST", f"/listings/{own['id']}/images", body)
    assert (answer.status_code, answer.json()["code"]) == (404, "artifact_unknown")
    assert images(mallory, own) == []
    assert ada.do("POST", f"/listings/{paid['id']}/images", body)["alt"] == "Unpaid"


def test_other_addresses_are_not_found(ada: Person) -> None:
    image = add(ada, ada.publish(), picture(66, 66))
    for name in ("1.webp", "66.png", "x", "66", "٦٦.webp", "9" * 30 + ".webp", "%00.webp"):
        assert ada.http.get(f"/images/{image['id']}/{name}").status_code == 404, name
    assert ada.http.get("/images/img_x/320.webp").status_code == 404
