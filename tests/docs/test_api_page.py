"""A stranger can drive the whole journey from docs/reference/api.md alone."""

import json
import secrets
from typing import Any

import httpx
import msgspec
import pytest

from tests.docs.record import template_of
from tests.docs.worked import EXAMPLES, PAGE, run, shape, shorten

FIXED = {
    "POST /api/v1/auth/register",
    "POST /api/v1/auth/login",
    "GET /api/v1/me",
    "POST /api/v1/api-keys",
    "POST /api/v1/uploads",
    "PUT /api/v1/uploads/{upload_id}/parts/{number}",
    "POST /api/v1/uploads/{upload_id}/complete",
    "POST /api/v1/listings",
    "POST /api/v1/listings/{listing_id}/versions",
    "POST /api/v1/listings/{listing_id}/publish",
    "GET /api/v1/listings/{listing_id}",
    "GET /api/v1/search",
    "GET /api/v1/wallet",
    "POST /api/v1/wallet/deposits",
    "POST /api/v1/orders",
    "GET /api/v1/licences",
    "GET /api/v1/licences/{licence_id}/file",
    "GET /api/v1/licences/{licence_id}/files",
    "GET /api/v1/provenance/log",
    "GET /api/v1/provenance/entries/{entry_id}/proof",
    "GET /api/v1/provenance/by-hash/{sha256}",
}
"""The addresses that others depend on."""
WORKED_QUERIES = {
    "GET /api/v1/search": {
        "q",
        "kind",
        "tag",
        "owner",
        "price_max_minor",
        "sort",
        "cursor",
        "limit",
    },
    "GET /api/v1/provenance/log": {"cursor", "limit"},
}
"""What may be left out, and is worked through all the same."""
KINDS = {"string": str, "integer": int, "array": list[str]}


@pytest.fixture(scope="module")
def description(base_url: str) -> dict[str, Any]:
    return httpx.get(f"{base_url}/openapi.json", timeout=60).json()


def test_every_worked_request_answers_as_the_page_says(
    base_url: str, description: dict[str, Any]
) -> None:
    # Others may have tried the same examples on this marketplace, so the people get other names.
    text = PAGE.read_text().replace("worked", f"worked-{secrets.token_hex(4)}")
    seen = set()
    for step, answer in run(base_url, text):
        where = f"{step.method} {step.path}"
        status, _, rest = step.answer.partition("\n")
        assert status.split()[1] == str(answer.status_code), f"{where}: {answer.text}"
        shown = rest.partition("\n\n")[2]
        if "json" in answer.headers.get("content-type", ""):
            scanned = not step.path.endswith("/complete")
            told = shape(json.loads(shown), scanned=scanned)
            assert told == shape(shorten(answer.json()), scanned=scanned), where
        seen.add(f"{step.method} {template_of(step.path, description['paths'])}")
        if step.path.startswith("${URL}"):
            # The page holds with and without nodes; here are none that an address could lead to.
            assert "?from=home" in step.path, f"{where}: a node may be nearer"
    assert seen >= FIXED


def test_every_fixed_address_has_a_worked_request_and_answer_in_the_openapi(
    description: dict[str, Any],
) -> None:
    recorded = json.loads(EXAMPLES.read_text())
    for address in FIXED:
        method, template = address.split(" ")
        operation = description["paths"][template][method.lower()]
        example = recorded[address]
        answers = operation["responses"][str(example["status"])]["content"].values()
        assert [shown["example"] for shown in answers] == [example["answer"]], address
        bodies = operation.get("requestBody", {}).get("content", {}).values()
        requests = [example["request"]] if "request" in example else []
        assert [shown["example"] for shown in bodies] == requests, address


def test_every_fixed_address_shows_what_goes_into_its_path_and_its_query(
    description: dict[str, Any],
) -> None:
    for address in FIXED:
        method, template = address.split(" ")
        parameters = description["paths"][template][method.lower()].get("parameters", [])
        shown = {one["name"]: one["example"] for one in parameters if "example" in one}
        needed = {one["name"] for one in parameters if one["required"]}
        assert shown.keys() >= needed | WORKED_QUERIES.get(address, set()), address
        for one in parameters:
            if one["name"] in shown:
                msgspec.convert(shown[one["name"]], KINDS[one["schema"]["type"]])


def test_what_is_no_json_is_shown_and_described(description: dict[str, Any]) -> None:
    part = description["paths"]["/api/v1/uploads/{upload_id}/parts/{number}"]["put"]["requestBody"]
    assert part["description"]
    assert part["content"]["application/octet-stream"]["example"].startswith("sepal_length,species")
    file = description["paths"]["/api/v1/licences/{licence_id}/file"]["get"]["responses"]["200"]
    assert file["content"]["application/jose"]["example"].startswith("eyJ")
