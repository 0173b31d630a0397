"""The listing's page names what everybody may fetch."""

import secrets

import httpx

from tests.delivery.ipfs.market import await_cid, folder_cid, key_of, publish_files
from tests.market import sign_up


def test_the_page_shows_the_cid_of_what_is_given_away(base_url: str) -> None:
    seller = sign_up(base_url)
    free, paid = {"a": secrets.token_bytes(9)}, {"b": secrets.token_bytes(9)}
    given = publish_files(seller, free)
    sold = publish_files(seller, paid, price_minor=100)
    await_cid(base_url, folder_cid(free))
    await_cid(base_url, folder_cid(paid), key_of(seller))
    page = httpx.get(f"{base_url}/{given.address}").text
    assert folder_cid(free) in page
    assert f'href="/ipfs/{folder_cid(free)}?format=car"' in page
    assert folder_cid(paid) not in httpx.get(f"{base_url}/{sold.address}").text
    seller.listings.retire(given.id)
    assert folder_cid(free) not in httpx.get(f"{base_url}/{given.address}").text
