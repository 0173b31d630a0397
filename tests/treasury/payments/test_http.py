"""The wallet over HTTP, as a user and as somebody who should not."""

import itertools
from collections.abc import Iterator

import httpx
import pytest

pytestmark = pytest.mark.database

_numbers = itertools.count(1)


class Person:
    """An account of its own and its way to the API."""

    def __init__(self, base_url: str) -> None:
        answer = httpx.post(
            f"{base_url}/api/v1/auth/register",
            json={
                "email": f"wallet{next(_numbers)}@example.org",
                "password": "a long enough password",
                "name": "Wanda Wallet",
            },
        )
        assert answer.status_code == 201, answer.text
        session = answer.json()
        self.organisation_id: str = session["user"]["organisation"]["id"]
        self.api = httpx.Client(
            base_url=f"{base_url}/api/v1",
            headers={"authorization": f"Bearer {session['access_token']}"},
        )

    def send(self, path: str, body: dict[str, object], key: str | None = None) -> httpx.Response:
        return self.api.post(
            path, json=body, headers={"idempotency-key": key or f"key-{next(_numbers)}"}
        )

    def deposit(self, amount_minor: int, key: str | None = None) -> httpx.Response:
        body: dict[str, object] = {"amount_minor": amount_minor, "currency": "USD"}
        return self.send("/wallet/deposits", body, key)

    def give(self, other: "Person", amount_minor: int, key: str | None = None) -> httpx.Response:
        body: dict[str, object] = {
            "to_organisation_id": other.organisation_id,
            "amount_minor": amount_minor,
            "currency": "USD",
            "note": "For lunch",
        }
        return self.send("/wallet/transfers", body, key)

    def available(self) -> int:
        balances = self.api.get("/wallet").json()["balances"]
        return next((int(each["available_minor"]) for each in balances), 0)


@pytest.fixture
def one(base_url: str) -> Iterator[Person]:
    person = Person(base_url)
    yield person
    person.api.close()


@pytest.fixture
def other(base_url: str) -> Iterator[Person]:
    person = Person(base_url)
    yield person
    person.api.close()


def code_of(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"].startswith("application/problem+json")
    return answer.status_code, answer.json()["code"]


def test_a_new_wallet_is_empty(one: Person) -> None:
    assert one.api.get("/wallet").json() == {
        "organisation_id": one.organisation_id,
        "balances": [],
    }


def test_money_in_is_there_at_once_and_on_the_statement(one: Person) -> None:
    answer = one.deposit(2_500)
    assert answer.status_code == 201
    made = answer.json()
    assert made["state"] == "settled"
    assert one.api.get(f"/wallet/deposits/{made['id']}").json() == made
    assert one.api.get("/wallet").json()["balances"] == [
        {"currency": "USD", "available_minor": 2_500, "held_minor": 0, "owed_minor": 0}
    ]
    (line,) = one.api.get("/wallet/statement", params={"currency": "USD"}).json()["items"]
    assert line["kind"] == "deposit"
    assert line["reference"] == made["id"]
    assert (line["amount_minor"], line["balance_after_minor"]) == (2_500, 2_500)


def test_the_same_deposit_sent_twice_counts_once(one: Person) -> None:
    first, second = one.deposit(100, "twice"), one.deposit(100, "twice")
    assert first.json() == second.json()
    assert one.available() == 100
    assert code_of(one.deposit(101, "twice")) == (409, "idempotency_key_reused")
    assert one.available() == 100


@pytest.mark.parametrize("path", ["/wallet/deposits", "/wallet/transfers"])
def test_money_moves_only_with_an_idempotency_key(one: Person, path: str) -> None:
    answer = one.api.post(path, json={"amount_minor": 100, "currency": "USD"})
    assert answer.status_code == 400
    assert one.available() == 0


def test_money_is_sent_on_and_both_see_it(one: Person, other: Person) -> None:
    one.deposit(1_000)
    answer = one.give(other, 400)
    assert answer.status_code == 201
    assert answer.json()["amount_minor"] == 400
    assert (one.available(), other.available()) == (600, 400)
    for person, amount_minor in ((one, -400), (other, 400)):
        line = person.api.get("/wallet/statement").json()["items"][0]
        assert line["transfer_id"] == answer.json()["id"]
        assert (line["amount_minor"], line["note"]) == (amount_minor, "For lunch")


def test_missing_money_is_a_402_with_the_numbers_and_nothing_moves(
    one: Person, other: Person
) -> None:
    one.deposit(100)
    answer = one.give(other, 101)
    assert code_of(answer) == (402, "insufficient_funds")
    problem = answer.json()
    assert (problem["available_minor"], problem["needed_minor"]) == (100, 101)
    assert (one.available(), other.available()) == (100, 0)


def test_a_refused_transfer_may_be_repeated_with_its_key(one: Person, other: Person) -> None:
    assert one.give(other, 100, "later").status_code == 402
    one.deposit(100)
    assert one.give(other, 100, "later").status_code == 201
    assert other.available() == 100


@pytest.mark.parametrize("amount_minor", [0, -1, 10**15 + 1, 2**63, 2**70, 1.5, "five", None])
def test_only_whole_positive_amounts_that_fit_are_money(
    one: Person, other: Person, amount_minor: object
) -> None:
    one.deposit(100)
    body = {"amount_minor": amount_minor, "currency": "USD"}
    for path, more in (
        ("/wallet/deposits", {}),
        ("/wallet/transfers", {"to_organisation_id": other.organisation_id}),
    ):
        answer = one.send(path, {**body, **more})
        assert answer.status_code in {400, 422}, answer.text
    assert (one.available(), other.available()) == (100, 0)


@pytest.mark.parametrize("currency", ["XXX", "usd", "", "US", "USDOLLARS", "'; --"])
def test_unknown_currencies_are_refused(one: Person, currency: str) -> None:
    answer = one.send("/wallet/deposits", {"amount_minor": 5, "currency": currency})
    assert answer.status_code in {400, 422}
    assert one.api.get("/wallet/statement", params={"currency": "XXX"}).status_code == 422


def test_unknown_providers_and_fields_are_refused(one: Person) -> None:
    body: dict[str, object] = {"amount_minor": 5, "currency": "USD"}
    answer = one.send("/wallet/deposits", {**body, "provider": "stripe"})
    assert code_of(answer) == (422, "provider_unknown")
    assert one.send("/wallet/deposits", {**body, "bonus": 5}).status_code in {400, 422}
    assert one.available() == 0


def test_other_organisations_are_out_of_reach(one: Person, other: Person) -> None:
    made = other.deposit(700).json()
    foreign = {"organisation_id": other.organisation_id}
    assert code_of(one.api.get("/wallet", params=foreign)) == (404, "organisation_unknown")
    assert one.api.get("/wallet/statement", params=foreign).status_code == 404
    assert code_of(one.api.get(f"/wallet/deposits/{made['id']}")) == (404, "deposit_unknown")
    steal = {
        "to_organisation_id": one.organisation_id,
        "amount_minor": 700,
        "currency": "USD",
        **foreign,
    }
    assert one.send("/wallet/transfers", steal).status_code == 404
    wish = {"amount_minor": 5, "currency": "USD", **foreign}
    assert one.send("/wallet/deposits", wish).status_code == 404
    assert (one.available(), other.available()) == (0, 700)


def test_a_transfer_needs_somebody_else_who_exists(one: Person) -> None:
    one.deposit(100)
    assert code_of(one.give(one, 5)) == (422, "transfer_to_self")
    body: dict[str, object] = {
        "to_organisation_id": "org_" + "0" * 26,
        "amount_minor": 5,
        "currency": "USD",
    }
    assert code_of(one.send("/wallet/transfers", body)) == (404, "organisation_unknown")
    assert one.available() == 100


def test_nobody_has_no_wallet(base_url: str) -> None:
    for path in ("/wallet", "/wallet/statement", "/wallet/deposits/dep_" + "0" * 26):
        assert httpx.get(f"{base_url}/api/v1{path}").status_code == 401
    answer = httpx.post(
        f"{base_url}/api/v1/wallet/deposits",
        json={"amount_minor": 5, "currency": "USD"},
        headers={"idempotency-key": "nobody"},
    )
    assert answer.status_code == 401


def test_the_statement_comes_in_pages(one: Person) -> None:
    for amount_minor in (1, 2, 3, 4, 5):
        one.deposit(amount_minor)
    amounts: list[int] = []
    query: dict[str, str] = {"limit": "2"}
    while True:
        page = one.api.get("/wallet/statement", params=query).json()
        amounts.extend(line["amount_minor"] for line in page["items"])
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert amounts == [5, 4, 3, 2, 1]
    bad = one.api.get("/wallet/statement", params={"cursor": "nonsense"})
    assert code_of(bad) == (422, "cursor_invalid")
    assert one.api.get("/wallet/statement", params={"limit": "101"}).status_code in {400, 422}
