"""A marketplace in production: no play money, cookies for https only, limits that bite."""

import re
import secrets
from collections.abc import Iterator

import httpx
import pytest

from tests.security.world import API, PASSWORD, Person
from tests.serving import Marketplace

ORIGIN = "https://souk.example.org"
PER_MINUTE = 90


@pytest.fixture(scope="module")
def production(owner_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Marketplace]:
    running = Marketplace(
        owner_dsn,
        tmp_path_factory.mktemp("production"),
        SOUK_ENV="production",
        SOUK_PUBLIC_URL=ORIGIN,
        SOUK_CORS_ORIGINS="https://app.example.org",
        SOUK_RATE_PER_MINUTE=str(PER_MINUTE),
    )
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def ada(production: Marketplace) -> Iterator[Person]:
    person = Person(production.base_url, "Ada Lovelace")
    yield person
    person.close()


def test_the_test_payment_provider_gives_no_money(ada: Person) -> None:
    money = {"amount_minor": 500, "currency": "USD"}
    for body in (money, {**money, "provider": "test"}):
        answer = ada.ask("POST", "/wallet/deposits", body)
        assert answer.status_code in (403, 404, 409, 422), answer.text
        assert answer.headers["content-type"] == "application/problem+json"
    assert not any(balance["available_minor"] for balance in ada.do("GET", "/wallet")["balances"])


def test_every_answer_asks_for_https_from_now_on(production: Marketplace) -> None:
    for path in ("/", f"{API}/me", "/nowhere/at/all", "/health/live"):
        answer = httpx.get(f"{production.base_url}{path}")
        assert answer.headers["strict-transport-security"].startswith("max-age=31536000"), path


def test_cookies_travel_over_https_only(production: Marketplace, ada: Person) -> None:
    page = httpx.get(f"{production.base_url}/sign-in")
    csrf = re.search(r'name="_csrf_token" value="([^"]+)"', page.text)
    assert csrf is not None
    answer = httpx.post(
        f"{production.base_url}/sign-in",
        data={"email": ada.email, "password": PASSWORD, "_csrf_token": csrf[1]},
        headers={"cookie": f"souk_csrf={csrf[1]}"},
    )
    assert answer.status_code == 303, answer.text
    cookies = [*page.headers.get_list("set-cookie"), *answer.headers.get_list("set-cookie")]
    assert {cookie.partition("=")[0] for cookie in cookies} == {"souk_csrf", "souk_session"}
    for cookie in cookies:
        assert re.search(r";\s*secure", cookie, re.IGNORECASE), cookie


def test_only_the_listed_origin_may_call_the_api(production: Marketplace) -> None:
    for origin, allowed in (
        ("https://app.example.org", "https://app.example.org"),
        ("https://app.example.org.evil.example", None),
        ("http://app.example.org", None),
        ("null", None),
    ):
        url = f"{production.base_url}{API}/search"
        asks = {"origin": origin, "access-control-request-method": "GET"}
        for answer in (
            httpx.get(url, headers={"origin": origin}),
            httpx.options(url, headers=asks),
        ):
            assert answer.headers.get("access-control-allow-origin") == allowed, origin
            assert "access-control-allow-credentials" not in answer.headers


def test_past_the_rate_one_is_told_when_to_come_back(production: Marketplace) -> None:
    eager = Person(production.base_url, f"Eager {secrets.token_hex(3)}")
    answers = [eager.http.get(f"{API}/me") for _ in range(PER_MINUTE + 30)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused and answers[0].status_code == 200
    assert refused[0].headers["content-type"] == "application/problem+json"
    problem = refused[0].json()
    assert problem["code"] == "rate_limited"
    assert int(refused[0].headers["retry-after"]) == problem["retry_after_s"] >= 1
    assert refused[0].headers["x-content-type-options"] == "nosniff"
    eager.close()
