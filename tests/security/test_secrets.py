"""After a journey with every kind of secret, the real log files hold none of them."""

import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.security.world import API, PASSWORD, Person
from tests.serving import SECRET, Marketplace


@pytest.fixture(scope="module")
def talkative(owner_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Marketplace]:
    """A marketplace that logs all it can."""
    folder = tmp_path_factory.mktemp("talkative")
    running = Marketplace(owner_dsn, folder, SOUK_LOG_LEVEL="debug")
    try:
        running.start()
        yield running
    finally:
        running.stop()


def log_text(folder: Path) -> str:
    return "\n".join(path.read_text(errors="replace") for path in (folder / "log").glob("*.log"))


def test_no_secret_reaches_the_logs(talkative: Marketplace) -> None:
    ada = Person(talkative.base_url, "Ada Lovelace")
    key = ada.do("POST", "/api-keys", {"name": "logged"})["key"]
    listing = ada.publish(price_minor=0)
    grace = Person(talkative.base_url, "Grace Hopper")
    order = grace.do("POST", "/orders", {"listing_id": listing["id"]})
    url = grace.do("GET", f"/licences/{order['licence_id']}/files")["items"][0]["url"]
    assert httpx.get(url).status_code == 200
    ticket = url.split("/d/")[1].split("/")[0]
    refreshed = httpx.post(
        f"{talkative.base_url}{API}/auth/refresh", json={"refresh_token": ada.refresh_token}
    ).json()
    wrong = f"wrong-{secrets.token_hex(12)}"
    for headers, path in (
        ({"authorization": f"Bearer {key}"}, "/me"),
        ({"authorization": f"Bearer {key}x"}, "/me"),
        ({"authorization": f"Bearer {ada.token}x"}, "/me"),
        ({"authorization": f"Basic {wrong}"}, "/me"),
        ({"cookie": f"souk_session=sps_{wrong}"}, "/me"),
        ({}, f"/listings/{key}"),
        ({}, f"/listings/{ada.token}"),
        ({}, f"/search?q={key}"),
    ):
        httpx.get(f"{talkative.base_url}{API}{path}", headers=headers)
    for password in (wrong, PASSWORD):
        body = {"email": ada.email, "password": password}
        httpx.post(f"{talkative.base_url}{API}/auth/login", json=body)
    broken = {"email": ada.email, "password": wrong, "name": 5}
    httpx.post(f"{talkative.base_url}{API}/auth/register", json=broken)
    ada.close()
    grace.close()
    talkative.stop()
    text = log_text(talkative.data_dir)
    assert "request" in text and f"{API}/me" in text, "the log says too little to prove anything"
    for name, secret in {
        "access token": ada.token,
        "new access token": refreshed["access_token"],
        "refresh token": ada.refresh_token,
        "new refresh token": refreshed["refresh_token"],
        "API key": key,
        "end of the API key": key[-24:],
        "download ticket": ticket,
        "password": PASSWORD,
        "wrong password": wrong,
        "the marketplace's secret": SECRET,
    }.items():
        assert secret not in text, name
    assert not re.search(r"postgres(ql)?://[^/\s]+:[^•\s]+@", text), "a database password"
    assert "$argon2" not in text
