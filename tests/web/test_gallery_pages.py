"""The pictures of a listing in a browser without scripts: adding, ordering, seeing them."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.security.world import PASSWORD, Person
from tests.works.galleries.pictures import bomb, picture

pytestmark = pytest.mark.database


@pytest.fixture(scope="module")
def ada(base_url: str) -> Iterator[Person]:
    person = Person(base_url, "Ada Lovelace")
    yield person
    person.close()


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


def send(browser: httpx.Client, listing: Any, content: bytes, alt: str) -> httpx.Response:
    page = f"/publish/{listing['id']}/gallery"
    return browser.post(
        page,
        data={"alt": alt, "_csrf_token": token(browser, page)},
        files={"picture": ("plot.png", content, "image/png")},
    )


def press(browser: httpx.Client, listing: Any, image_id: str, **fields: str) -> httpx.Response:
    page = f"/publish/{listing['id']}/gallery"
    form = {**fields, "_csrf_token": token(browser, page)}
    return browser.post(f"{page}/{image_id}", data=form)


def alts(browser: httpx.Client, listing: Any) -> list[str]:
    page = browser.get(f"/publish/{listing['id']}/gallery").text
    return re.findall(r'<img class="gallery-img"[^>]* alt="([^"]*)"', page)


def test_a_seller_fills_a_gallery_and_buyers_see_it(ada: Person, browser: httpx.Client) -> None:
    listing = ada.publish()
    assert "No pictures yet" in browser.get(f"/publish/{listing['id']}/gallery").text
    for n, alt in enumerate(("First plot", "Second <plot>", "Third plot")):
        assert send(browser, listing, picture(500 + n, 300), alt).status_code == 303
    assert alts(browser, listing) == ["First plot", "Second &lt;plot&gt;", "Third plot"]
    ids = [one["id"] for one in ada.do("GET", f"/listings/{listing['id']}/images")["images"]]
    assert press(browser, listing, ids[2], do="earlier").status_code == 303
    assert press(browser, listing, ids[0], do="later", alt="").status_code == 303
    assert alts(browser, listing) == ["Third plot", "First plot", "Second &lt;plot&gt;"]
    assert press(browser, listing, ids[1], do="describe", alt="Loss").status_code == 303
    assert press(browser, listing, ids[0], do="remove").status_code == 303
    assert alts(browser, listing) == ["Third plot", "Loss"]
    page = httpx.get(f"{browser.base_url}/{listing['address']}").text
    assert re.findall(r"<figcaption>([^<]*)</figcaption>", page) == ["Third plot", "Loss"]
    assert f'href="#{ids[1]}"' in page
    for image in re.findall(r'<img class="gallery-img"[^>]*>', page):
        assert 'width="50' in image
        assert 'height="300"' in image


def test_what_is_refused_is_said_beside_its_field(ada: Person, browser: httpx.Client) -> None:
    listing = ada.draft()
    for content, alt, words in (
        (b"no picture", "Evil", "cannot be used as a picture"),
        (bomb(), "Bomb", "The picture is too large"),
        (picture(60, 60), " ", "Say in a few words"),
        (b"", "Nothing", "Choose a picture."),
    ):
        answer = send(browser, listing, content, alt)
        assert 400 <= answer.status_code < 500
        assert words in answer.text
        assert f'value="{alt.strip()}"' in answer.text
    assert alts(browser, listing) == []


def test_wrong_buttons_change_nothing(ada: Person, browser: httpx.Client) -> None:
    listing = ada.draft()
    send(browser, listing, picture(61, 61), "Only one")
    assert press(browser, listing, "img_unknown", do="remove").status_code == 404
    assert press(browser, listing, "img_unknown", do="earlier").status_code == 303
    assert press(browser, listing, "img_unknown", do="nonsense", alt="x").status_code == 404
    assert alts(browser, listing) == ["Only one"]
