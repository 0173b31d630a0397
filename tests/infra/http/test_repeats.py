"""Idempotency-Key where a handler has transactions of its own, and on every POST there is."""

import secrets
from datetime import timedelta
from typing import Any

import httpx
import pytest

from souk.infra.http.idempotency import (
    ABANDONED_AFTER,
    KeptAnswer,
    claim_ahead,
    hash_request,
    keep,
    let_go,
)
from souk.infra.keyring.sealing import Sealer
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.kernel.errors import Conflict
from souk_client.sdk import Souk
from tests.market import sign_up
from tests.serving import SECRET

SEALER = Sealer(SECRET)


def test_every_post_checks_its_key(base_url: str) -> None:
    described = httpx.get(f"{base_url}/openapi.json", timeout=60).json()["paths"]
    keyed = [
        path
        for path, operations in described.items()
        for parameter in operations.get("post", {}).get("parameters", [])
        if parameter["name"] == "Idempotency-Key"
    ]
    assert len(keyed) > 80
    caller = sign_up(base_url)
    headers = {
        "authorization": f"Bearer {caller.credentials.token}",
        "idempotency-key": "k" * 300,
    }
    for path in keyed:
        answer = caller.http.post(_filled(path), json={}, headers=headers)
        found = (answer.status_code, answer.json().get("code"))
        assert found == (400, "idempotency_key_invalid"), path


def _filled(path: str) -> str:
    return "/".join("1" if part.startswith("{") else part for part in path.split("/"))


@pytest.fixture
def signed_in(base_url: str) -> dict[str, Any]:
    account = {
        "email": f"{secrets.token_hex(6)}@example.org",
        "password": "correct horse battery staple",
        "name": "Ada",
    }
    answer = httpx.post(f"{base_url}/api/v1/auth/register", json=account)
    assert answer.status_code == 201, answer.text
    session: dict[str, Any] = answer.json()
    return session


def _refresh(base_url: str, token: str, key: str) -> httpx.Response:
    return httpx.post(
        f"{base_url}/api/v1/auth/refresh",
        json={"refresh_token": token},
        headers={"idempotency-key": key},
    )


def test_a_refresh_whose_answer_was_lost_can_be_sent_again(
    base_url: str, signed_in: dict[str, Any]
) -> None:
    key = secrets.token_hex(8)
    first = _refresh(base_url, signed_in["refresh_token"], key)
    again = _refresh(base_url, signed_in["refresh_token"], key)
    assert first.status_code == again.status_code == 200
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    other = _refresh(base_url, first.json()["refresh_token"], key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    with Souk(base_url, api_key=None) as souk:
        souk.http.headers["authorization"] = f"Bearer {again.json()['access_token']}"
        assert souk.http.get("/api/v1/me").status_code == 200


def test_without_a_key_a_used_token_ends_the_session(
    base_url: str, signed_in: dict[str, Any]
) -> None:
    assert _refresh(base_url, signed_in["refresh_token"], "one").status_code == 200
    stolen = _refresh(base_url, signed_in["refresh_token"], "another")
    assert stolen.status_code == 401


def test_a_failed_request_can_be_tried_again_with_its_key(base_url: str) -> None:
    key = secrets.token_hex(8)
    for _ in range(2):
        answer = _refresh(base_url, "nobody's", key)
        assert answer.status_code == 401


@pytest.mark.asyncio(loop_scope="session")
async def test_a_repeat_waits_for_the_first_and_not_for_the_dead(database: Database) -> None:
    key = secrets.token_hex(8)
    request = hash_request("POST", "/somewhere", b"{}")

    async def claimed(content: bytes = request) -> KeptAnswer | None:
        async with database.transaction(SYSTEM) as uow:
            return await claim_ahead(
                uow, caller="usr", key=key, request_hash=content, sealer=SEALER
            )

    assert await claimed() is None
    with pytest.raises(Conflict) as caught:
        await claimed()
    assert caught.value.code == "idempotency_key_in_use"
    assert caught.value.extra["retry_after_s"] == 1
    async with database.transaction(SYSTEM) as uow:
        await let_go(uow, caller="usr", key=key)
    assert await claimed() is None, "it failed: whoever repeats it may"
    async with database.transaction(SYSTEM) as uow:
        await uow.execute(
            "UPDATE infra.idempotency SET created_at = %(then)s WHERE key = %(key)s",
            then=uow.now - ABANDONED_AFTER - timedelta(seconds=1),
            key=key,
        )
    with pytest.raises(Conflict):
        await claimed(b"another request")
    assert await claimed() is None, "its process died"
    answer = KeptAnswer(200, {"content-type": "application/json"}, b"{}")
    async with database.transaction(SYSTEM) as uow:
        keep(uow, caller="usr", key=key, answer=answer, sealer=SEALER)
    assert await claimed() == answer
