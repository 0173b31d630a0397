"""What every answer carries, and what a page of another site cannot do with a visitor's cookie."""

import base64
import json
import re
import secrets
import socket
from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest

from tests.security.world import API, PASSWORD, Person
from tests.serving import Marketplace

HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "strict-origin-when-cross-origin",
    "cross-origin-opener-policy": "same-origin",
}
SQL = [
    "' OR '1'='1",
    "'; DROP TABLE works.listings; --",
    "1) UNION SELECT password_hash FROM people.users --",
    "%27%20OR%201=1",
    "$$;SELECT pg_sleep(9);$$",
    "\\",
    "%",
    "\x00",
    "{}",
    "%(user_id)s",
]
ODD_CURSORS = ["x", "é", "%", "__", "a" * 299, "' OR 1=1 --"]


def cursor_of(key: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


@pytest.fixture(scope="module")
def ada(base_url: str) -> Iterator[Person]:
    person = Person(base_url, "Ada Lovelace")
    yield person
    person.close()


@pytest.fixture
def browser(base_url: str, ada: Person) -> Iterator[httpx.Client]:
    """A browser in which Ada is signed in."""
    with httpx.Client(base_url=base_url, timeout=30) as client:
        sign_in(client, ada)
        yield client


def sign_in(client: httpx.Client, person: Person, **fields: str) -> httpx.Response:
    page = client.get("/sign-in")
    token = re.search(r'name="_csrf_token" value="([^"]+)"', page.text)
    assert token is not None
    form = {"email": person.email, "password": PASSWORD, "_csrf_token": token[1], **fields}
    answer = client.post("/sign-in", data=form)
    assert answer.status_code == 303, answer.text
    return answer


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/openapi.json", 200),
        ("GET", "/metrics", 200),
        ("GET", "/health/ready", 200),
        ("GET", f"{API}/search", 200),
        ("GET", f"{API}/me", 401),
        ("GET", f"{API}/listings/x", 404),
        ("GET", "/nowhere/at/all", 404),
        ("PUT", f"{API}/me", 405),
        ("POST", f"{API}/auth/login", 422),
        ("POST", "/sign-in", 403),
        ("GET", "/ipfs/forged?format=raw", 400),
        ("GET", "/ipfs-pinning/pins", 401),
        ("GET", "/d/forged/file.bin", 403),
        ("GET", "/xet/x/forged", 403),
        ("GET", f"/xet/v1/reconstructions/{'0' * 64}", 401),
        ("POST", "/xet/v2/shards", 401),
        ("GET", "/static/nothing.css", 404),
        ("GET", "/robots.txt", 200),
    ],
)
def test_every_answer_carries_the_security_headers(
    base_url: str, method: str, path: str, status: int
) -> None:
    answer = httpx.request(method, f"{base_url}{path}", headers={"origin": "https://evil.example"})
    assert answer.status_code == status, answer.text
    for name, value in HEADERS.items():
        assert answer.headers.get_list(name) == [value], path
    policy = answer.headers["content-security-policy"]
    for part in ("default-src 'self'", "script-src 'self'", "object-src 'none'", "base-uri 'none'"):
        assert part in policy
    assert "unsafe-inline" not in policy and "unsafe-eval" not in policy
    assert not re.search(r"\d", answer.headers.get("server", "")), "no version is told"
    assert "access-control-allow-origin" not in answer.headers, "no origin is allowed by default"
    if status >= 400:
        assert "Traceback" not in answer.text and "site-packages" not in answer.text


def test_no_origin_gets_a_preflight_by_default(base_url: str) -> None:
    asks = {"origin": "https://evil.example", "access-control-request-method": "POST"}
    answer = httpx.options(f"{base_url}{API}/orders", headers=asks)
    assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_a_cookie_alone_changes_nothing_over_the_api(browser: httpx.Client, ada: Person) -> None:
    assert browser.get(f"{API}/me").json()["user"]["email"] == ada.email
    for headers in ({}, {"x-csrf-token": ""}, {"x-csrf-token": "forged"}):
        answer = browser.post(f"{API}/api-keys", json={"name": "stolen"}, headers=headers)
        assert answer.status_code == 403
        assert answer.json()["code"] == "csrf_token_missing"
        answer = browser.request("DELETE", f"{API}/api-keys/x", headers=headers)
        assert answer.status_code == 403
    token = browser.cookies["souk_csrf"]
    answer = browser.post(f"{API}/api-keys", json={"name": "own"}, headers={"x-csrf-token": token})
    assert answer.status_code == 201
    assert [key["name"] for key in ada.do("GET", "/api-keys")["items"]] == ["own"]


@pytest.mark.parametrize(
    "path", ["/account", "/wallet/deposits", "/account/keys", "/publish", "/sign-out"]
)
def test_a_form_of_another_site_is_refused(browser: httpx.Client, path: str) -> None:
    form = {"name": "Forged", "amount": "5", "_idempotency_key": "forged"}
    for data in (form, {**form, "_csrf_token": "forged"}):
        assert browser.post(path, data=data).status_code == 403
    kind = {"content-type": "text/plain", "idempotency-key": "forged"}
    text = browser.post(path, content="name=Forged", headers=kind)
    assert text.status_code == 403


def test_session_cookies_are_out_of_reach_of_scripts(base_url: str, ada: Person) -> None:
    with httpx.Client(base_url=base_url) as client:
        answer = sign_in(client, ada)
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("souk_session="))
    assert "HttpOnly" in cookie and re.search("samesite=lax", cookie, re.IGNORECASE)


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/\r\nset-cookie: a=b",
        "\t//evil.example",
        "/\t/evil.example",
        "evil.example",
    ],
)
def test_sign_in_leads_nowhere_else(base_url: str, ada: Person, target: str) -> None:
    with httpx.Client(base_url=base_url) as client:
        answer = sign_in(client, ada, next=target)
        assert answer.headers["location"] == "/"
        assert not [c for c in answer.headers.get_list("set-cookie") if c.startswith("a=")]
        again = client.get("/sign-in", params={"next": target})
        assert (again.status_code, again.headers["location"]) == (303, "/")


@pytest.mark.parametrize(
    "filename",
    [
        'a"; filename="b.exe',
        "a\r\nset-cookie: x=1",
        "\u00fc\u202e.txt",
        "a;b=c.txt",
        "%0d%0aX: 1",
        "a b.txt",
    ],
)
def test_a_name_cannot_forge_headers_of_a_download(
    base_url: str, ada: Person, filename: str
) -> None:
    listing = ada.draft(price_minor=0)
    sha256 = ada.upload(secrets.token_hex(30).encode(), "plain.txt")
    files = [{"path": filename, "sha256": sha256}]
    about = {"version": "1.0.0", "files": files}
    answer = ada.ask("POST", f"/listings/{listing['id']}/versions", about)
    if answer.status_code != 201:
        assert answer.status_code == 422, answer.text
        return
    ada.do("POST", f"/listings/{listing['id']}/publish")
    buyer = Person(base_url, "Grace Hopper")
    order = buyer.do("POST", "/orders", {"listing_id": listing["id"]})
    found = buyer.do("GET", f"/licences/{order['licence_id']}/files")["items"][0]
    buyer.close()
    answer = httpx.get(found["url"])
    assert answer.status_code == 200, answer.text
    disposition = answer.headers["content-disposition"]
    assert re.fullmatch(r"attachment; filename\*=UTF-8''[\w.%~/-]+", disposition, re.ASCII)
    assert "set-cookie" not in answer.headers and "x" not in answer.headers


def test_sql_in_any_parameter_is_only_text(ada: Person) -> None:
    paths = ada.http.get("/openapi.json").json()["paths"]
    tried = 0
    for address, methods in paths.items():
        operation = methods.get("get")
        for parameter in (operation or {}).get("parameters", []):
            if parameter["schema"].get("type") not in ("string", "array"):
                continue
            for text in SQL:
                in_path = parameter["in"] == "path"
                path = address.replace("{" + parameter["name"] + "}", _quoted(text))
                query = {} if in_path else {parameter["name"]: text}
                path = re.sub(r"\{\w+\}", "x", path)
                answer = ada.http.get(path, params=query)
                assert answer.status_code in (200, 400, 401, 403, 404, 422), (path, text)
                assert answer.elapsed.total_seconds() < 30
                tried += 1
    assert tried > 300
    assert ada.do("GET", "/me")["user"]["email"] == ada.email


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


def test_a_cursor_of_anybodys_making_is_refused_or_harmless(ada: Person) -> None:
    paths = ada.http.get("/openapi.json").json()["paths"]
    lists = [
        address
        for address, methods in paths.items()
        if any(p["name"] == "cursor" for p in methods.get("get", {}).get("parameters", []))
    ]
    assert len(lists) >= 8
    parts = ["x", 1, None, 1e308, "\0", 10**30, -1, True, "' OR 1=1 --", "\ud800", ["a"], {}]
    made = [cursor_of([part] * size) for part in parts for size in (0, 1, 2, 3)]
    for address in lists:
        for cursor in [*ODD_CURSORS, *made]:
            answer = ada.http.get(address, params={"cursor": cursor})
            assert answer.status_code in (200, 403, 404, 422), (address, cursor, answer.text)


def test_requests_that_break_off_leave_no_transaction_open(
    marketplace: Marketplace, session_owner_dsn: str, ada: Person
) -> None:
    head = (
        f"POST {API}/organisations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ada.token}\r\n"
        "Content-Type: application/json\r\nIdempotency-Key: cut\r\nContent-Length: 1000\r\n\r\n{"
    )
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", marketplace.port)) as wire:
            wire.sendall(head.encode())
    for _ in range(10):
        with socket.create_connection(("127.0.0.1", marketplace.port)) as wire:
            wire.sendall(f"GET {API}/search HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert ada.do("GET", "/me")
    with psycopg.connect(session_owner_dsn, autocommit=True) as connection:
        for _ in range(100):
            (left,) = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND usename = 'souk_app' AND state LIKE 'idle in transaction%%' "
                "AND xact_start < clock_timestamp() - interval '1 second'"
            ).fetchone() or (1,)
            if not left:
                break
            connection.execute("SELECT pg_sleep(0.1)")
    assert left == 0
