"""Licensed downloads over HTTP: ranges, conditions, forged and stale addresses, strangers."""

import hashlib
import json
import secrets

import httpx
import pytest

from souk_client.contracts.commerce import OrderRequest
from souk_client.contracts.works import LicenceTerms, OfferRequest
from souk_client.proofs.canonical import decode_base64url, encode_base64url
from souk_client.sdk import Souk
from tests.market import funded, organisation_of, publish, refused, sign_up

CONTENT = b"year,price\n" + b"\n".join(b"%d,%d" % (n, n * 7) for n in range(5000))


@pytest.fixture(scope="module")
def seller(base_url: str) -> Souk:
    return sign_up(base_url)


@pytest.fixture(scope="module")
def bought(base_url: str, seller: Souk) -> tuple[Souk, str]:
    """A buyer and the licence of a work with CONTENT."""
    listing = publish(seller, content=CONTENT + secrets.token_hex(4).encode(), price_minor=100)
    buyer = funded(base_url)
    return buyer, buyer.orders.create(OrderRequest(listing_id=listing.id)).licence_id


def address(bought: tuple[Souk, str]) -> str:
    return bought[0].licences.files(bought[1]).items[0].url


def test_the_whole_file_arrives_as_announced(bought: tuple[Souk, str]) -> None:
    (file,) = bought[0].licences.files(bought[1]).items
    answer = httpx.get(file.url)
    assert answer.status_code == 200
    assert hashlib.sha256(answer.content).hexdigest() == file.sha256
    assert len(answer.content) == file.size_bytes
    assert answer.headers["content-length"] == str(file.size_bytes)
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-disposition"].startswith("attachment")
    head = httpx.head(file.url)
    assert head.status_code == 200 and head.content == b""
    assert head.headers["content-length"] == str(file.size_bytes)
    assert head.headers["etag"] == answer.headers["etag"] == f'"{file.sha256}"'


def test_parts_put_together_are_the_file(bought: tuple[Souk, str]) -> None:
    url = address(bought)
    whole = httpx.get(url).content
    first = httpx.get(url, headers={"range": "bytes=0-9999"})
    rest = httpx.get(url, headers={"range": "bytes=10000-", "if-range": first.headers["etag"]})
    assert first.status_code == rest.status_code == 206
    assert first.headers["content-range"] == f"bytes 0-9999/{len(whole)}"
    assert first.content + rest.content == whole
    tail = httpx.get(url, headers={"range": "bytes=-5"})
    assert tail.content == whole[-5:]
    beyond = httpx.get(url, headers={"range": f"bytes={len(whole)}-"})
    assert beyond.status_code == 416
    assert beyond.headers["content-range"] == f"bytes */{len(whole)}"
    stale = httpx.get(url, headers={"range": "bytes=5-", "if-range": '"other"'})
    assert stale.status_code == 200 and stale.content == whole
    known = httpx.get(url, headers={"if-none-match": first.headers["etag"]})
    assert known.status_code == 304 and known.content == b""


def test_forged_addresses_open_nothing(bought: tuple[Souk, str]) -> None:
    url = address(bought)
    base, _, rest = url.partition("/d/")
    payload, _, tail = rest.partition(".")
    facts = json.loads(decode_base64url(payload, what="payload"))
    for change in ({"e": facts["e"] + 10_000}, {"s": "0" * 64}, {"l": "lic_x"}, {"k": "other"}):
        forged = encode_base64url(json.dumps({**facts, **change}).encode())
        answer = httpx.get(f"{base}/d/{forged}.{tail}")
        assert answer.status_code == 403, change
        assert answer.json()["code"] == "address_invalid"
    for text in ("x", "x.y", "%00.%00", "a" * 5000, f"{payload}."):
        assert httpx.get(f"{base}/d/{text}/data.txt").status_code in (400, 403, 404)


def test_strangers_and_the_seller_get_no_addresses(
    base_url: str, seller: Souk, bought: tuple[Souk, str]
) -> None:
    with refused("licence_unknown", 404):
        sign_up(base_url).licences.files(bought[1])
    with refused("licensee_only", 403):
        seller.licences.files(bought[1])
    assert httpx.get(f"{base_url}/api/v1/licences/{bought[1]}/files").status_code in (401, 404)
    with refused("version_unknown", 404):
        bought[0].licences.files(bought[1], version="9.9.9")


def test_a_seat_licence_opens_for_those_seated_only(base_url: str, seller: Souk) -> None:
    terms = LicenceTerms(kind="seats", seats=1)
    listing = publish(seller, offers=[OfferRequest(price_minor=0, terms=terms)])
    owner, member = sign_up(base_url), sign_up(base_url)
    slug = f"team-{secrets.token_hex(4)}"
    team = owner.organisations.create(slug=slug, name="Team")
    email = member.account.get().user.email
    member.organisations.accept(owner.organisations.invite(team.id, email=email).id)
    order = owner.orders.create(OrderRequest(listing_id=listing.id, organisation_id=team.id))
    with refused("seat_needed", 403):
        member.licences.files(order.licence_id)
    owner.licences.give_seat(order.licence_id, user_id=member.account.get().user.id)
    assert member.licences.files(order.licence_id).items
    assert organisation_of(member) != team.id


def test_a_used_address_dies_with_a_revoked_licence(base_url: str, seller: Souk) -> None:
    listing = publish(seller, price_minor=0)
    buyer = sign_up(base_url)
    order = buyer.orders.create(OrderRequest(listing_id=listing.id))
    url = buyer.licences.files(order.licence_id).items[0].url
    assert httpx.get(url).status_code == 200
    seller.licences.revoke(order.licence_id, reason="terms were broken")
    assert httpx.get(url).json()["code"] == "licence_not_good"
    assert seller.listings.get(listing.id).downloads == 1
