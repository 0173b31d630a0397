"""SQL in the bodies of everything that changes something: it is text, and only text."""

import copy
import json
import secrets
from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest

from tests.security.test_edge import SQL
from tests.security.world import Person

pytestmark = pytest.mark.database

SLEEPY = "$$;SELECT pg_sleep(60);$$"
TEXTS = [SLEEPY, *(text for text in SQL if "pg_sleep" not in text and len(text) > 4)]
TABLES = """
    SELECT schemaname, tablename FROM pg_tables
    WHERE schemaname NOT IN ('pg_catalog', 'information_schema', 'dbos') ORDER BY 1, 2
"""
"""DBOS makes its own when the worker starts, which may be now."""
ENDS_THE_SESSION = ("/api/v1/auth/", "/api/v1/me/password")
DEPTH = 3


@pytest.fixture(scope="module")
def ada(base_url: str) -> Iterator[Person]:
    person = Person(base_url, "Ada Lovelace")
    yield person
    person.close()


class Bodies:
    """Makes a body for an operation from its description, and the same with text in each place."""

    def __init__(self, schemas: dict[str, Any]) -> None:
        self._schemas = schemas

    def whole(self, schema: dict[str, Any], depth: int = DEPTH) -> Any:
        """Something of this shape."""
        schema = self._found(schema)
        if "const" in schema or "enum" in schema:
            return schema.get("const", schema.get("enum", [None])[0])
        kind = schema.get("type")
        if kind == "object":
            fields = schema.get("properties", {})
            if depth == 0:
                fields = {name: fields[name] for name in schema.get("required", [])}
            return {name: self.whole(one, max(0, depth - 1)) for name, one in fields.items()}
        if kind == "array":
            return [self.whole(schema["items"], max(0, depth - 1))] if "items" in schema else []
        if kind in ("integer", "number"):
            return schema.get("minimum", 1)
        if kind == "boolean":
            return True
        return "x" * max(1, schema.get("minLength", 1)) if kind == "string" else None

    def _found(self, schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema or "anyOf" in schema:
            if "$ref" in schema:
                schema = self._schemas[schema["$ref"].rpartition("/")[2]]
            else:
                schema = next(one for one in schema["anyOf"] if one != {"type": "null"})
        return schema


def places(body: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where the body holds text."""
    inner = body.items() if isinstance(body, dict) else enumerate(body)
    for name, value in inner:
        if isinstance(value, dict | list):
            yield from places(value, (*path, name))
        elif isinstance(value, str):
            yield (*path, name)


def put(body: Any, place: tuple[str | int, ...], text: str) -> Any:
    """The body with this text at one place."""
    changed = copy.deepcopy(body)
    inner = changed
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = text
    return changed


def operations(description: Any) -> Iterator[tuple[str, str, Any]]:
    """Method, address and a body of everything that takes one."""
    bodies = Bodies(description["components"]["schemas"])
    for address, methods in description["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if content and not address.startswith(ENDS_THE_SESSION):
                example = content.get("example")
                body = example if isinstance(example, dict) else bodies.whole(content["schema"])
                if isinstance(body, dict):
                    yield method.upper(), address, body


def test_sql_in_any_body_is_only_text(ada: Person, session_owner_dsn: str) -> None:
    with psycopg.connect(session_owner_dsn) as connection:
        tables = connection.execute(TABLES).fetchall()
    tried = set()
    for number, (method, address, body) in enumerate(
        operations(ada.http.get("/openapi.json").json())
    ):
        for at, place in enumerate(places(body)):
            # every place with some of the texts, so that all of them come everywhere in turn
            for turn in range(3):
                text = TEXTS[(number + at + turn) % len(TEXTS)]
                answer = send(ada.http, method, address, put(body, place, text))
                assert answer.status_code < 500, (method, address, place, text, answer.text)
                assert answer.elapsed.total_seconds() < 30, (method, address, place, text)
                tried.add((method, address, place))
    assert {method for method, _, _ in tried} >= {"POST", "PUT", "PATCH"}
    assert len(tried) > 120
    with psycopg.connect(session_owner_dsn) as connection:
        assert connection.execute(TABLES).fetchall() == tables
    assert ada.do("GET", "/me")["user"]["email"] == ada.email


def send(http: httpx.Client, method: str, address: str, body: Any) -> httpx.Response:
    path = "/".join("x" if part.startswith("{") else part for part in address.split("/"))
    content = json.dumps(body)
    headers = {"content-type": "application/json", "idempotency-key": secrets.token_hex(8)}
    return http.request(method, path, content=content, headers=headers)
