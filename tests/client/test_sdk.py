"""The client's own rules, against answers written down: requests, retries, sessions, pages."""

import asyncio
import inspect
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.kernel.money import CURRENCIES
from souk_client.contracts.base import OwnerRef
from souk_client.contracts.people import Session, User
from souk_client.sdk import AsyncSouk, RetryPolicy, Souk, SoukApiError, SoukConnectionError
from souk_client.sdk.call import Namespace
from souk_client.sdk.money import DIGITS, format_amount, parse_amount
from souk_client.sdk.retry import read_retry_after

AT_ONCE = RetryPolicy(first_delay_s=0.0)
USER = User(
    id="usr_1",
    email="ada@example.org",
    name="Ada",
    roles=["buyer"],
    organisation=OwnerRef(id="org_1", slug="ada", name="Ada"),
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
)
ME = {"user": USER, "memberships": [], "permissions": []}

Answer = httpx.Response | Exception


class Script:
    """Answers requests from a list, and keeps what was asked."""

    def __init__(self, *answers: Answer | Callable[[httpx.Request], Answer]) -> None:
        self._answers = list(answers)
        self.seen: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.seen.append(request)
        answer = self._answers.pop(0)
        result = answer(request) if callable(answer) else answer
        if isinstance(result, Exception):
            raise result
        return result

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self)


def ok(value: object) -> httpx.Response:
    return httpx.Response(200, content=msgspec.json.encode(value))


def problem(status: int, code: str, **headers: str) -> httpx.Response:
    body = {"type": "x", "title": "t", "status": status, "code": code, "detail": f"because {code}"}
    return httpx.Response(status, json=body, headers=headers)


def session(number: int) -> Session:
    return Session(
        access_token=f"access-{number}",
        refresh_token=f"refresh-{number}",
        expires_in_s=600,
        user=USER,
    )


def client(script: Script, **options: object) -> Souk:
    return Souk("http://souk.test/", transport=script.transport(), retry=AT_ONCE, **options)


def test_a_request_is_built_as_the_api_takes_it() -> None:
    script = Script(ok({"items": [], "total": 0, "facets": [], "took_ms": 1.0}))
    with client(script, api_key="vk_1_secret") as souk:
        souk.discovery.search("café & ros", kind=["model", "dataset"], limit=5)
    request = script.seen[0]
    assert request.method == "GET"
    assert request.url.path == "/api/v1/search"
    assert sorted(request.url.params.multi_items()) == [
        ("kind", "dataset"),
        ("kind", "model"),
        ("limit", "5"),
        ("q", "café & ros"),
    ]
    assert request.headers["authorization"] == "Bearer vk_1_secret"
    assert "idempotency-key" not in request.headers


def test_segments_of_paths_cannot_lead_elsewhere() -> None:
    script = Script(problem(404, "order_unknown"))
    with client(script) as souk, pytest.raises(SoukApiError):
        souk.orders.get("../../admin?x=1#y")
    assert script.seen[0].url.raw_path == b"/api/v1/orders/..%2F..%2Fadmin%3Fx%3D1%23y"


def test_every_post_has_one_key_for_all_its_attempts() -> None:
    deposit = {
        "id": "dep_1",
        "organisation_id": "org_1",
        "amount_minor": 5,
        "currency": "USD",
        "provider": "test",
        "state": "settled",
        "created_at": "2026-01-01T00:00:00Z",
    }
    script = Script(httpx.ReadError("cut"), problem(503, "database_unavailable"), ok(deposit))
    with client(script) as souk:
        assert souk.wallet.deposit(amount_minor=5).id == "dep_1"
    keys = {request.headers["idempotency-key"] for request in script.seen}
    assert len(script.seen) == 3
    assert len(keys) == 1
    assert len({request.content for request in script.seen}) == 1


def test_two_posts_have_two_keys_and_a_given_key_is_kept() -> None:
    script = Script(*[problem(402, "insufficient_funds")] * 3)
    with client(script) as souk:
        for key in (None, None, "mine"):
            with pytest.raises(SoukApiError):
                souk.wallet.deposit(amount_minor=5, idempotency_key=key)
    keys = [request.headers["idempotency-key"] for request in script.seen]
    assert keys[2] == "mine"
    assert len(set(keys)) == 3


def test_an_error_carries_its_problem_details() -> None:
    answer = problem(422, "body_invalid", **{"x-request-id": "r1"})
    with client(Script(answer)) as souk, pytest.raises(SoukApiError) as caught:
        souk.account.get()
    assert (caught.value.status, caught.value.code) == (422, "body_invalid")
    assert "because body_invalid" in str(caught.value)


def test_an_answer_that_is_no_problem_document_is_still_an_error() -> None:
    script = Script(httpx.Response(418, text="<h1>teapot</h1>"))
    with client(script) as souk, pytest.raises(SoukApiError, match="teapot") as caught:
        souk.account.get()
    assert caught.value.code == "http_418"


def test_an_answer_of_another_shape_is_an_error() -> None:
    with client(Script(ok({"unexpected": 1}))) as souk, pytest.raises(SoukApiError) as caught:
        souk.account.get()
    assert caught.value.code == "answer_unreadable"


def test_answers_may_gain_members() -> None:
    with client(Script(ok(ME | {"new_member": 1}))) as souk:
        assert souk.account.get().user == USER


def test_it_gives_up_after_the_last_attempt_with_the_reason() -> None:
    script = Script(*[httpx.ConnectError("refused")] * 5)
    with client(script) as souk, pytest.raises(SoukConnectionError, match="refused"):
        souk.account.get()
    assert len(script.seen) == 5


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 500])
def test_final_answers_are_not_repeated(status: int) -> None:
    script = Script(problem(status, "no"))
    with client(script) as souk, pytest.raises(SoukApiError):
        souk.account.get()
    assert len(script.seen) == 1


@pytest.mark.parametrize("status", [409, 429, 503])
def test_a_server_that_asks_to_come_back_is_asked_again(status: int) -> None:
    script = Script(problem(status, "wait", **{"retry-after": "0"}), ok(ME))
    with client(script) as souk:
        assert souk.account.get().user == USER


def test_a_server_that_asks_for_too_long_a_pause_is_not_waited_for() -> None:
    script = Script(problem(429, "rate", **{"retry-after": "3600"}))
    with client(script) as souk, pytest.raises(SoukApiError) as caught:
        souk.account.get()
    assert caught.value.retry_after_s == 3600


def test_retry_after_is_read_in_both_forms() -> None:
    at = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC).timestamp()
    assert read_retry_after("7", now_s=at) == 7
    assert read_retry_after("Sat, 21 Nov 2026 12:00:30 GMT", now_s=at) == 30
    assert read_retry_after("Sat, 21 Nov 2026 11:00:00 GMT", now_s=at) == 0
    assert read_retry_after("soon", now_s=at) is None
    assert read_retry_after(None, now_s=at) is None


@given(attempt=st.integers(1, 12))
def test_pauses_grow_within_their_limits(attempt: int) -> None:
    policy = RetryPolicy(attempts=10, first_delay_s=0.1, longest_delay_s=3.0)
    delay = policy.delay(attempt)
    assert (delay is None) == (attempt >= 10)
    if delay is not None:
        longest = min(0.1 * 2 ** (attempt - 1), 3.0)
        assert longest / 2 <= delay <= longest


def test_a_session_that_ran_out_is_renewed_once_and_kept() -> None:
    kept: list[Session] = []
    script = Script(problem(401, "token_expired"), ok(session(2)), ok(ME))
    with client(script, store=Kept(session(1), kept)) as souk:
        assert souk.account.get().user == USER
        assert souk.credentials.session == session(2)
    assert kept == [session(2)]
    assert [request.headers.get("authorization") for request in script.seen] == [
        "Bearer access-1",
        None,
        "Bearer access-2",
    ]
    assert msgspec.json.decode(script.seen[1].content) == {"refresh_token": "refresh-1"}


def test_a_session_that_another_process_renewed_is_taken_over() -> None:
    script = Script(problem(401, "token_expired"), ok(ME))
    store = Kept(session(1), [])
    with client(script, store=store) as souk:
        store.session = session(2)
        souk.account.get()
    assert script.seen[1].headers["authorization"] == "Bearer access-2"


def test_a_session_that_cannot_be_renewed_ends_with_the_first_answer() -> None:
    script = Script(problem(401, "token_expired"), problem(401, "refresh_token_invalid"))
    with client(script, session=session(1)) as souk:
        with pytest.raises(SoukApiError) as caught:
            souk.account.get()
        assert caught.value.code == "token_expired"
        assert souk.credentials.token is None


def test_an_api_key_is_never_renewed() -> None:
    script = Script(problem(401, "key_unknown"))
    with client(script, api_key="vk_1_x", session=session(1)) as souk, pytest.raises(SoukApiError):
        souk.account.get()
    assert len(script.seen) == 1


def test_signing_in_starts_a_session_and_signing_out_ends_it() -> None:
    script = Script(ok(session(1)), ok(ME), httpx.Response(204))
    with client(script) as souk:
        souk.auth.login(email="ada@example.org", password="secret-secret")
        souk.account.get()
        souk.auth.logout(refresh_token="refresh-1")
        assert souk.credentials.token is None
    assert "authorization" not in script.seen[0].headers
    assert script.seen[1].headers["authorization"] == "Bearer access-1"


def test_pages_are_followed_to_the_last() -> None:
    pages = [
        {"items": [], "next_cursor": "two"},
        {"items": [], "next_cursor": "three"},
        {"items": []},
    ]
    script = Script(*[ok(page) for page in pages])
    with client(script) as souk:
        assert list(souk.each(souk.licences.list, limit=2)) == []
    cursors = [request.url.params.get("cursor") for request in script.seen]
    assert cursors == [None, "two", "three"]
    assert all(request.url.params["limit"] == "2" for request in script.seen)


async def test_the_asynchronous_client_follows_the_same_rules() -> None:
    script = Script(
        problem(401, "token_expired"),
        httpx.ConnectError("refused"),
        problem(429, "rate", **{"retry-after": "0"}),
        ok(ME),
        ok({"items": [], "next_cursor": "two"}),
        ok({"items": []}),
    )
    renewing = Script(ok(session(2)))
    async with AsyncSouk(
        "http://souk.test",
        session=session(1),
        retry=AT_ONCE,
        transport=script.transport(),
        blocking_transport=renewing.transport(),
    ) as souk:
        assert (await souk.account.get()).user == USER
        assert [licence async for licence in souk.each(souk.licences.list)] == []
    assert len(renewing.seen) == 1
    assert script.seen[-1].url.params["cursor"] == "two"


async def test_calls_at_the_same_time_renew_a_session_once() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        fresh = request.headers["authorization"] == "Bearer access-2"
        return ok(ME) if fresh else problem(401, "token_expired")

    renewing = Script(ok(session(2)))
    async with AsyncSouk(
        "http://souk.test",
        session=session(1),
        transport=httpx.MockTransport(answer),
        blocking_transport=renewing.transport(),
    ) as souk:
        await asyncio.gather(*(souk.account.get() for _ in range(20)))
    assert len(renewing.seen) == 1


def test_both_clients_have_the_same_surface() -> None:
    def surface(kind: type) -> dict[str, set[str]]:
        made = kind("http://souk.test")
        groups = {
            name: {method for method in dir(group) if not method.startswith("_")}
            for name, group in vars(made).items()
            if isinstance(group, Namespace)
        }
        own = {
            name
            for name, _ in inspect.getmembers(made, inspect.isroutine)
            if not name.startswith("_")
        }
        return groups | {"own": own & {"send", "each", "keys", "upload_file", "download"}}

    assert surface(Souk) == surface(AsyncSouk)
    assert "publish" in surface(Souk)["listings"]
    assert len(surface(Souk)["own"]) == 5


def test_the_guide_names_every_method() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "guides" / "client.md").read_text()
    with Souk("http://souk.test") as souk:
        for name, group in vars(souk).items():
            if not isinstance(group, Namespace):
                continue
            row = next(line for line in guide.splitlines() if line.startswith(f"| `{name}` |"))
            methods = {method for method in dir(group) if not method.startswith("_")}
            assert methods <= set(re.findall(r"`([a-z_]+)`", row)), name


@pytest.mark.parametrize("address", ["souk.example", "ftp://souk.example", "http://", ""])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="is not an address"):
        Souk(address)


def test_currencies_are_the_servers() -> None:
    assert {code: currency.digits for code, currency in CURRENCIES.items()} == DIGITS


@given(currency=st.sampled_from(sorted(DIGITS)), minor=st.integers(0, 10**15))
def test_amounts_are_read_as_they_are_written(currency: str, minor: int) -> None:
    shown = format_amount(minor, currency)
    number = shown.replace(",", "").replace("$", "").replace("€", "").split(" ")[0]
    assert parse_amount(number, currency) == minor


@pytest.mark.parametrize(
    ("text", "currency"),
    [("9.999", "USD"), ("-1", "USD"), ("nan", "EUR"), ("inf", "EUR"), ("ten", "EUR"), ("1", "XXX")],
)
def test_amounts_that_are_none_are_refused(text: str, currency: str) -> None:
    with pytest.raises(ValueError, match=r"amount|decimals|currency"):
        parse_amount(text, currency)


class Kept:
    """A session store in memory."""

    def __init__(self, session: Session, saved: list[Session]) -> None:
        self.session = session
        self._saved = saved

    def load(self) -> Session:
        return self.session

    def save(self, session: Session) -> None:
        self.session = session
        self._saved.append(session)

    def locked(self) -> object:
        import contextlib

        return contextlib.nullcontext()
