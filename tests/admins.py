"""Admins for tests: what only an operator can do, with access to the database."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import psycopg

from tests.market import PASSWORD


@contextmanager
def admin_client(base_url: str, owner_dsn: str) -> Iterator[httpx.Client]:
    """Plain HTTP in the name of a new admin."""
    email = f"admin-{secrets.token_hex(6)}@market.example.org"
    with httpx.Client(base_url=base_url, timeout=30) as http:
        account = {"email": email, "password": PASSWORD, "name": "Ida Rhodes"}
        http.post("/api/v1/auth/register", json=account).raise_for_status()
        with psycopg.connect(owner_dsn, autocommit=True) as connection:
            connection.execute(
                "UPDATE people.users SET roles = roles || ARRAY['admin'] WHERE email = %s", [email]
            )
        said = {"email": email, "password": PASSWORD}
        session = http.post("/api/v1/auth/login", json=said).raise_for_status().json()
        http.headers["authorization"] = f"Bearer {session['access_token']}"
        yield http
