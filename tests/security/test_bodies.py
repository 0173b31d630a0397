"""Bodies that are too large, broken, of the wrong kind, or wrong in one field: a clear 4xx each."""

import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.security.world import API, Person
from tests.serving import Marketplace

JSON = {"content-type": "application/json"}
GROWTH_LIMIT_BYTES = 64 * 2**20


@pytest.fixture(scope="module")
def ada(base_url: str) -> Iterator[Person]:
    person = Person(base_url, "Ada Lovelace")
    yield person
    person.close()


def code(answer: httpx.Response, status: int) -> str:
    """The code of a refusal, which must be whole problem details."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status and problem["detail"] and problem["title"]
    assert problem["request_id"] == answer.headers["x-request-id"]
    return str(problem["code"])


def resident_bytes(marketplace: Marketplace) -> int:
    """Memory of the HTTP processes, the parent and its children."""
    group = marketplace.processes["api"].pid
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[2]) == group:
                total += int((folder / "statm").read_text().split()[1]) * 4096
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total


@pytest.mark.parametrize("headers", [JSON, {**JSON, "idempotency-key": "large"}])
def test_ten_megabytes_of_json_are_refused_quickly_and_kept_nowhere(
    marketplace: Marketplace, ada: Person, headers: dict[str, str]
) -> None:
    body = b'{"title":"' + b"a" * 10_000_000 + b'"}'
    before = resident_bytes(marketplace)
    started = time.monotonic()
    for _ in range(12):
        answer = ada.http.post(f"{API}/listings", content=body, headers=headers)
        assert code(answer, 413) == "body_too_large"
    assert time.monotonic() - started < 60
    assert resident_bytes(marketplace) - before < GROWTH_LIMIT_BYTES


def test_a_body_of_no_said_length_is_cut_off_as_well(ada: Person) -> None:
    def chunks() -> Iterator[bytes]:
        yield b'{"title":"'
        for _ in range(160):
            yield b"a" * 65_536

    answer = ada.http.post(f"{API}/listings", content=chunks(), headers=JSON)
    assert code(answer, 413) == "body_too_large"


@pytest.mark.parametrize(
    "body",
    [
        b'{"title":"\xff\xfe"}',
        b'{"title":"\\ud800"}',
        b'{"title":',
        b"not json",
        b'{"title":NaN}',
        b"\x00",
        '{"title":"x"}'.encode("utf-16"),
    ],
)
def test_a_body_that_is_no_json_says_so(ada: Person, body: bytes) -> None:
    answer = ada.http.post(f"{API}/listings", content=body, headers=JSON)
    assert code(answer, 400) == "body_malformed"


@pytest.mark.parametrize(
    "body",
    [
        *(b"[]", b"5", b'"x"', b"null", b"{}", b""),
        b"[" * 200_000 + b"]" * 200_000,
        b'{"compatibility":' * 50_000 + b"1" + b"}" * 50_000,
    ],
)
def test_json_of_another_shape_says_what_is_needed(ada: Person, body: bytes) -> None:
    answer = ada.http.post(f"{API}/listings", content=body, headers=JSON)
    assert code(answer, 422) == "body_invalid"


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/msgpack",
        "application/jsonp",
        "x" * 3000,
        "",
    ],
)
def test_a_body_that_is_not_sent_as_json_is_not_read_as_json(ada: Person, kind: str) -> None:
    body = b'{"slug":"never-made","name":"x"}'
    answer = ada.http.post(f"{API}/organisations", content=body, headers={"content-type": kind})
    assert code(answer, 415) == "media_type_unsupported"


def test_of_a_field_that_comes_twice_the_last_one_counts(ada: Person) -> None:
    slug = f"twice-{secrets.token_hex(4)}"
    body = f'{{"slug":"first-{slug}","name":"x","slug":"{slug}"}}'.encode()
    answer = ada.http.post(f"{API}/organisations", content=body, headers=JSON)
    assert answer.json()["slug"] == slug


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/organisations", {"slug": "unknown-field", "name": "x", "personal": True}),
        ("/listings", {"kind": "dataset", "slug": "x", "title": "x", "state": "published"}),
        ("/wallet/deposits", {"amount_minor": 5, "currency": "USD", "state": "settled"}),
        ("/orders", {"listing_id": "lst_01m7z1whjyefp83as7h05qy4y0", "price_minor": 0}),
        ("/uploads", {"filename": "x", "size_bytes": 1, "sha256": "0" * 64, "path": "/etc"}),
        ("/auth/register", {"email": "a@b.c", "password": "x" * 12, "name": "x", "roles": []}),
    ],
)
def test_a_field_that_nobody_knows_is_refused_by_name(
    ada: Person, path: str, body: dict[str, Any]
) -> None:
    answer = ada.ask("POST", path, body)
    assert code(answer, 422) == "body_invalid"
    assert next(iter(reversed(body))) in answer.json()["detail"]


@pytest.mark.parametrize("text", ["a\0b", "\0", "a" * 100_000])
def test_text_that_cannot_be_stored_is_refused(ada: Person, text: str) -> None:
    slug = f"text-{secrets.token_hex(4)}"
    for method, path, body in (
        ("POST", "/organisations", {"slug": slug, "name": text}),
        ("PATCH", "/me", {"name": text}),
        ("POST", "/api-keys", {"name": text}),
        ("POST", "/listings", {"kind": "dataset", "slug": slug, "title": text}),
    ):
        answer = ada.ask(method, path, body)
        assert code(answer, 422) in {"body_invalid", "text_invalid", "value_unstorable"}, path


@pytest.mark.parametrize(
    "text", ["👩🏽\u200d🚀", "é", "<script>", "%00", "می\u200cخواهم", "山田\u3000花子", "x\\r\\n"]
)
def test_odd_text_comes_back_as_it_was(ada: Person, text: str) -> None:
    assert ada.do("PATCH", "/me", {"name": text})["name"] == text


@pytest.mark.parametrize(
    "text",
    [
        "\u202e\u2066x",
        "Ada\u200f",
        "x\r\nSet-Cookie: a=b",
        "a\tb",
        "a\u2028b",
        "\u200d",
        "\u3164",
        " ",
        "\ufe0f",
    ],
)
def test_a_name_is_one_visible_line(ada: Person, text: str) -> None:
    slug = f"name-{secrets.token_hex(4)}"
    shared = ada.do("POST", "/organisations", {"slug": f"{slug}-shared", "name": "Lab"})
    email = f"{slug}@people.example.org"
    for method, path, body in (
        ("PATCH", "/me", {"name": text}),
        ("POST", "/auth/register", {"email": email, "password": "a long enough one", "name": text}),
        ("POST", "/organisations", {"slug": slug, "name": text}),
        ("PATCH", f"/organisations/{shared['id']}", {"name": text}),
    ):
        assert code(ada.ask(method, path, body), 422) == "text_invalid", path


AMOUNTS = [-1, -(2**63), 10**15 + 1, 2**63, 10**30, 1.5, "5", True, None, [], {"a": 1}]


def money_fields(ada: Person) -> list[tuple[str, str, dict[str, Any], str]]:
    """Every field of a body that is an amount."""
    listing = ada.draft()
    organisation = {"to_organisation_id": ada.organisation_id}
    usd = {"currency": "USD"}
    work = {"kind": "dataset", "title": "x", "slug": f"w-{secrets.token_hex(4)}"}
    offer = f"/offers/{listing['offers'][0]['id']}"
    sale = {"listing_id": listing["id"], "chain": "local", "currency": "ETH"}
    sale |= {"wallet": "0x" + "1" * 40}
    return [
        ("POST", "/wallet/deposits", usd, "amount_minor"),
        ("POST", "/wallet/transfers", usd | organisation, "amount_minor"),
        ("POST", f"/listings/{listing['id']}/offers", {"edition": "new"}, "price_minor"),
        ("PATCH", offer, {"stock": 5}, "price_minor"),
        ("POST", "/listings", work, "price_minor"),
        ("POST", "/orders", {"listing_id": listing["id"]}, "expected_price_minor"),
        ("POST", "/promotions", usd | {"code": "LESS"}, "amount_off_minor"),
        ("POST", "/chain-sales", sale, "expected_price_minor"),
        ("POST", "/chain-sales", sale, "max_price_minor"),
    ]


def test_every_amount_in_a_body_is_known_here(ada: Person) -> None:
    schemas = ada.http.get("/openapi.json").json()["components"]["schemas"]
    found = {
        (name, field)
        for name, schema in schemas.items()
        if schema.get("additionalProperties") is False
        for field in schema["properties"]
        if field.endswith("_minor")
    }
    assert found == {
        ("ChainSaleRequest", "expected_price_minor"),
        ("ChainSaleRequest", "max_price_minor"),
        ("DepositRequest", "amount_minor"),
        ("TransferRequest", "amount_minor"),
        ("OfferRequest", "price_minor"),
        ("OfferUpdate", "price_minor"),
        ("ListingRequest", "price_minor"),
        ("OrderRequest", "expected_price_minor"),
        ("PromotionRequest", "amount_off_minor"),
        ("PromotionRequest", "minimum_price_minor"),
        ("SearchFilters", "price_min_minor"),
        ("SearchFilters", "price_max_minor"),
    }


@pytest.mark.parametrize("amount", AMOUNTS, ids=repr)
def test_no_amount_but_a_whole_number_in_bounds_is_money(ada: Person, amount: Any) -> None:
    before = ada.do("GET", "/wallet")
    for method, path, body, field in money_fields(ada):
        answer = ada.ask(method, path, {**body, field: amount})
        optional = amount is None and field != "amount_minor" and "/offers" not in path
        if not optional and not (amount is None and method == "PATCH"):
            assert code(answer, 422) == "body_invalid", (path, amount)
    assert ada.do("GET", "/wallet") == before


@pytest.mark.parametrize("path", ["/wallet/deposits", "/wallet/transfers"])
def test_nothing_at_all_cannot_be_moved(ada: Person, path: str) -> None:
    body = {"amount_minor": 0, "currency": "USD"}
    if path.endswith("transfers"):
        body["to_organisation_id"] = ada.organisation_id
    assert code(ada.ask("POST", path, body), 422)


@pytest.mark.parametrize("currency", ["usd", "US", "XXQ", "USDOLLAR", "", "US\0", "€€€"])
def test_money_of_no_known_currency_is_refused(ada: Person, currency: str) -> None:
    answer = ada.ask("POST", "/wallet/deposits", {"amount_minor": 5, "currency": currency})
    assert code(answer, 422)


def test_one_currency_does_not_pay_for_another(base_url: str, ada: Person) -> None:
    buyer = Person(base_url, "Grace Hopper")
    buyer.do("POST", "/wallet/deposits", {"amount_minor": 90_000, "currency": "EUR"})
    listing = ada.publish(price_minor=500, currency="USD")
    answer = buyer.ask("POST", "/orders", {"listing_id": listing["id"]})
    assert code(answer, 402) == "insufficient_funds"
    expected = {"expected_price_minor": 500, "expected_currency": "EUR"}
    answer = buyer.ask("POST", "/orders", {"listing_id": listing["id"], **expected})
    assert code(answer, 409)
    buyer.close()


def test_a_wallet_cannot_overflow(ada: Person) -> None:
    most = {"amount_minor": 10**15, "currency": "JPY"}
    total = 0
    for _ in range(3):
        answer = ada.ask("POST", "/wallet/deposits", most)
        if answer.status_code >= 400:
            assert code(answer, 422)
            break
        total += 10**15
    held = {b["currency"]: b["available_minor"] for b in ada.do("GET", "/wallet")["balances"]}
    assert held.get("JPY", 0) == total


@pytest.mark.parametrize(
    ("key", "status"),
    [(b"a" * 255, 201), (b"a" * 256, 400), (b"", 400), (b"a\tb", 400), (b"\xc3\xa9", 400)],
)
def test_an_idempotency_key_is_short_printable_ascii(ada: Person, key: bytes, status: int) -> None:
    body = {"slug": f"key-{secrets.token_hex(5)}", "name": "x"}
    headers = {b"idempotency-key": key}
    answer = ada.http.post(f"{API}/organisations", json=body, headers=headers)
    assert answer.status_code == status, answer.text
    if status == 400:
        assert code(answer, 400) == "idempotency_key_invalid"


def test_nobody_is_refused_before_their_body_is_read(base_url: str) -> None:
    listings = b'{"items":[' + b" " * 8_000_000
    for path, body in (("/listings/import", listings), ("/orders", b"{"), ("/me/password", b"")):
        answer = httpx.post(f"{base_url}{API}{path}", content=body, headers=JSON)
        assert code(answer, 401) == "sign_in_needed", path
        assert answer.headers["www-authenticate"].startswith("Bearer")
