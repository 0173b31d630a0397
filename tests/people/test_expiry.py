"""Credentials that ran out: refused by name, also by a process that has just remembered them."""

import base64
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import psycopg
import pytest
import pytest_asyncio
from psycopg.conninfo import make_conninfo

from souk.infra.keyring import Keyring
from souk.infra.outbox.store import write_events
from souk.infra.postgres.database import Database
from souk.kernel.clock import SystemClock
from souk.kernel.ids import SessionId, UserId
from souk.people.access.tokens import Tokens
from tests.conftest import APP_PASSWORD
from tests.people.test_accounts import as_user, problem, sign_up
from tests.serving import SECRET

pytestmark = [
    pytest.mark.database,
    pytest.mark.filterwarnings("ignore:EdDSA is deprecated"),  # the field's name still
]

LIFETIME = timedelta(minutes=15)
SOON_S = 3
PATIENCE_S = 30.0


def claims_of(token: str) -> dict:
    return json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))


@pytest_asyncio.fixture(loop_scope="session")
async def keyring(session_owner_dsn: str) -> AsyncIterator[Keyring]:
    """The running marketplace's own keys."""
    dsn = make_conninfo(session_owner_dsn, user="souk_app", password=APP_PASSWORD)
    database = Database(dsn, pool_size=2, clock=SystemClock(), write_events=write_events)
    await database.open()
    try:
        yield Keyring(database, secret=SECRET)
    finally:
        await database.close()


async def token_until(keyring: Keyring, session: dict, end: datetime) -> str:
    """A token of a session in order, signed by the marketplace, that is good until `end`."""
    claims = claims_of(session["access_token"])
    tokens = Tokens(keyring, issuer=claims["iss"], lifetime=LIFETIME, clock=SystemClock())
    return await tokens.issue(
        user_id=UserId(claims["sub"]), session_id=SessionId(claims["sid"]), now=end - LIFETIME
    )


def first_refusal(user: httpx.Client) -> httpx.Response:
    """Asks until the answer is no longer a good one."""
    deadline = time.monotonic() + PATIENCE_S
    while (answer := user.get("/api/v1/me")).status_code == 200:
        assert time.monotonic() < deadline, "still good"
        time.sleep(0.1)
    return answer


async def test_an_expired_token_is_refused_by_name(base_url: str, keyring: Keyring) -> None:
    session = sign_up(base_url)
    now = datetime.now(UTC)
    good = await token_until(keyring, session, now + timedelta(minutes=1))
    with as_user(base_url, good) as user:
        assert user.get("/api/v1/me").status_code == 200  # so only the time is wrong below
    for late in (timedelta(seconds=1), timedelta(days=400)):
        with as_user(base_url, await token_until(keyring, session, now - late)) as user:
            answer = user.get("/api/v1/me")
            assert problem(answer, 401) == "token_expired"
            refused = user.post("/api/v1/api-keys", json={"name": "late"})
            assert problem(refused, 401) == "token_expired"


async def test_a_remembered_caller_is_forgotten_when_the_token_runs_out(
    base_url: str, keyring: Keyring
) -> None:
    session = sign_up(base_url)
    token = await token_until(keyring, session, datetime.now(UTC) + timedelta(seconds=SOON_S))
    with as_user(base_url, token) as user:
        assert user.get("/api/v1/me").status_code == 200
        refusal = first_refusal(user)
        assert problem(refusal, 401) == "token_expired"
        assert time.time() >= claims_of(token)["exp"]
    with as_user(base_url, session["access_token"]) as user:
        assert user.get("/api/v1/me").status_code == 200  # the session itself lives on


def test_an_api_key_is_good_until_it_expires(base_url: str, session_owner_dsn: str) -> None:
    with as_user(base_url, sign_up(base_url)["access_token"]) as user:
        made = [
            user.post("/api/v1/api-keys", json={"name": "ci", "expires_in_days": 1}).json()
            for _ in range(2)
        ]
    with psycopg.connect(session_owner_dsn) as owner:
        for key, seconds in zip(made, (-1, SOON_S), strict=True):
            moved = owner.execute(
                "UPDATE people.api_keys SET expires_at = now() + %s * interval '1 second' "
                "WHERE id = %s",
                [seconds, key["id"]],
            )
            assert moved.rowcount == 1
    with as_user(base_url, made[0]["key"]) as program:
        assert problem(program.get("/api/v1/me"), 401) == "key_expired"
    with as_user(base_url, made[1]["key"]) as program:
        assert program.get("/api/v1/me").status_code == 200
        assert problem(first_refusal(program), 401) == "key_expired"


def test_an_expired_refresh_token_gives_nothing(base_url: str, session_owner_dsn: str) -> None:
    session = sign_up(base_url)
    with psycopg.connect(session_owner_dsn) as owner:
        moved = owner.execute(
            "UPDATE people.sessions SET expires_at = now() - interval '1 second' WHERE id = %s",
            [claims_of(session["access_token"])["sid"]],
        )
        assert moved.rowcount == 1
    url = f"{base_url}/api/v1/auth/refresh"
    for _ in range(2):
        answer = httpx.post(url, json={"refresh_token": session["refresh_token"]})
        assert problem(answer, 401) == "refresh_token_invalid"
