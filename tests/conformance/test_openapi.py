"""Schemathesis over the whole /openapi.json: no answer that the description does not know."""

import json
import pkgutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

import souk_client.contracts
from souk.apps.api.openapi import BODIES
from tests.market import sign_up

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "ignored_auth",
)
LIMIT_S = 900
"""For what hangs: a busy machine is no defect."""


@pytest.fixture(scope="module")
def description(base_url: str) -> dict[str, Any]:
    return httpx.get(f"{base_url}/openapi.json", timeout=60).json()


def schemathesis(base_url: str, folder: Path, *options: str) -> None:
    """Runs it from a folder of its own, always with the same seed; fails with what it printed.

    One worker: CPython 3.11 cannot parse source in two threads at once (hypothesis does).
    """
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{base_url}/openapi.json"),
            *("--checks", ",".join(CHECKS), "--seed", "8128", "--no-shrink", "--no-color"),
            *("--workers", "1", "--request-timeout", "30", "--warnings", "off"),
            *("--generation-database", "none", "--continue-on-failure", *options),
        ],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2000:]
    assert "No issues found" in done.stdout


@pytest.mark.slow
@pytest.mark.timeout(LIMIT_S)
def test_answers_to_a_signed_in_user_are_as_described(base_url: str, tmp_path: Path) -> None:
    # The run is told of one key to end, and sends another.
    user = sign_up(base_url)
    key = user.api_keys.create(name="conformance").key
    spare = user.api_keys.create(name="to be ended").id
    (tmp_path / "schemathesis.toml").write_text(
        '[[operations]]\ninclude-path = "/api/v1/api-keys/{key_id}"\n'
        f'parameters = {{ "path.key_id" = "{spare}" }}\n'
    )
    schemathesis(
        base_url,
        tmp_path,
        *("--header", f"Authorization: Bearer {key}"),
        *("--phases", "examples,coverage,fuzzing", "--max-examples", "4"),
    )
    # Sessions have ended on the way; the key has not.
    again = httpx.delete(
        f"{base_url}/api/v1/api-keys/{spare}", headers={"Authorization": f"Bearer {key}"}
    )
    assert again.status_code == 404


@pytest.mark.slow
@pytest.mark.timeout(LIMIT_S)
def test_answers_to_nobody_are_as_described(base_url: str, tmp_path: Path) -> None:
    schemathesis(base_url, tmp_path, "--phases", "fuzzing", "--max-examples", "3")


def test_every_operation_says_which_problems_it_answers(description: dict[str, Any]) -> None:
    for where, operation in operations(description):
        problems = {int(s): a for s, a in operation["responses"].items() if int(s) >= 400}
        assert problems.keys() >= {400, 401, 429, 503}, where
        for answer in problems.values():
            schema = answer["content"]["application/problem+json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Problem"}, where


def test_every_post_takes_an_idempotency_key_and_needs_it_where_money_moves(
    description: dict[str, Any],
) -> None:
    required = set()
    for where, operation in operations(description):
        keys = [p for p in operation.get("parameters", []) if p["name"] == "Idempotency-Key"]
        assert len(keys) == where.startswith("post "), where
        if keys and keys[0]["required"]:
            required.add(where)
    assert required == {
        "post /api/v1/chain-sales",
        "post /api/v1/licences/{licence_id}/asks",
        "post /api/v1/licences/{licence_id}/mint",
        "post /api/v1/orders",
        "post /api/v1/orders/{order_id}/refund",
        "post /api/v1/provenance/events",
        "post /api/v1/wallet/deposits",
        "post /api/v1/wallet/transfers",
    }


def test_every_body_is_closed_so_that_unknown_fields_are_seen(description: dict[str, Any]) -> None:
    schemas = description["components"]["schemas"]
    for where, operation in operations(description):
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content is not None:
            choices = content["schema"].get("anyOf", [content["schema"]])
            name = choices[0]["$ref"].rpartition("/")[2]
            assert schemas[name]["additionalProperties"] is False, where


def test_every_body_of_json_has_an_example_that_its_contract_takes(
    description: dict[str, Any],
) -> None:
    known = contracts()
    seen = set()
    for where, operation in operations(description):
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content is not None:
            choices = content["schema"].get("anyOf", [content["schema"]])
            name = choices[0]["$ref"].rpartition("/")[2]
            assert "example" in content, f"{where} shows no {name}: add one to {BODIES.name}"
            msgspec.convert(content["example"], known[name])
            seen.add(name)
    assert json.loads(BODIES.read_text()).keys() <= seen


def test_the_description_keeps_the_limits_of_the_contracts(description: dict[str, Any]) -> None:
    schemas = description["components"]["schemas"]
    for name in ("DepositRequest", "TransferRequest"):
        assert schemas[name]["properties"]["amount_minor"]["minimum"] == 1
    assert schemas["OfferRequest"]["properties"]["price_minor"]["minimum"] == 0
    tag = schemas["ListingRequest"]["properties"]["tags"]["items"]
    assert (tag["minLength"], tag["maxLength"]) == (1, 60)
    found = description["paths"]["/api/v1/search"]["get"]["parameters"]
    limits = {p["name"]: p["schema"] for p in found}
    assert limits["price_max_minor"]["minimum"] == 0
    assert (limits["limit"]["minimum"], limits["limit"]["maximum"]) == (1, 100)
    assert not [name for name, schema in limits.items() if "null" in str(schema)]


def contracts() -> dict[str, type[msgspec.Struct]]:
    """Every contract by its name."""
    return {
        name: kind
        for info in pkgutil.iter_modules(souk_client.contracts.__path__)
        for name, kind in vars(import_module(f"souk_client.contracts.{info.name}")).items()
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct)
    }


def operations(description: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Every operation by `method address`."""
    return [
        (f"{method} {address}", operation)
        for address, methods in description["paths"].items()
        for method, operation in methods.items()
    ]
