"""The gate before a domain, without a network: whose bucket a request is taken from."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from souk.edge.domains import Domains, NodeDomain, NodeDomains
from souk.edge.gate import Gate
from souk.edge.sites import Sites

NAME = "shop.test"


async def inner(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def gate(folder: Path, *, client_header: str = "") -> Gate:
    """The gate of a domain that gives each address two requests a minute; time stands still."""
    domains = Domains(folder / "domains.json")
    domain = NodeDomain(name=NAME, site_id="sit_x", per_address_per_minute=2)
    domains.take(NodeDomains(number=1, domains=(domain,)))
    return Gate(
        inner,
        domains=domains,
        sites=Sites(folder / "sites.json"),
        client=httpx.AsyncClient(),
        home_url="http://127.0.0.1:9",
        https_port=0,
        client_header=client_header,
        monotonic_s=lambda: 0.0,
    )


async def ask(
    one: Gate, *, address: str | None = "192.0.2.1", scheme: str = "http", **headers: str
) -> int:
    """The status of one request."""
    said: list[Any] = []

    async def send(message: Any) -> None:
        said.append(message)

    fields = {"host": NAME, **{name.replace("_", "-"): value for name, value in headers.items()}}
    await one(
        {
            "type": "http",
            "method": "GET",
            "path": "/",
            "raw_path": b"/",
            "query_string": b"",
            "scheme": scheme,
            "client": None if address is None else (address, 1),
            "headers": [(name.encode(), value.encode()) for name, value in fields.items()],
        },
        None,  # type: ignore[arg-type]  # nothing is received
        send,
    )
    return int(said[0]["status"])


async def test_each_address_has_a_bucket_of_its_own(tmp_path: Path) -> None:
    one = gate(tmp_path)
    assert [await ask(one) for _ in range(3)] == [200, 200, 429]
    assert await ask(one, address="192.0.2.2") == 200
    spoofed = [await ask(one, souk_client=f"203.0.113.{n}") for n in range(2)]
    assert spoofed == [429, 429]


async def test_behind_another_server_its_word_counts_but_never_by_tls(tmp_path: Path) -> None:
    one = gate(tmp_path, client_header="souk-client")
    named = {"address": None, "souk_client": "203.0.113.1"}
    assert [await ask(one, **named) for _ in range(3)] == [200, 200, 429]  # type: ignore[arg-type]  # as given
    assert await ask(one, address=None, souk_client="203.0.113.2") == 200
    by_tls = [await ask(one, scheme="https", souk_client=f"203.0.113.{n}") for n in range(9)]
    assert by_tls.count(200) == 2


async def test_what_is_no_domain_passes_through(tmp_path: Path) -> None:
    one = gate(tmp_path)
    assert [await ask(one, host="other.test") for _ in range(5)] == [200] * 5


@pytest.mark.parametrize("kept", [b"", b"{}", b'{"number": 1, "domains": [{"name": 5}]}'])
async def test_a_file_that_is_damaged_is_asked_for_anew(tmp_path: Path, kept: bytes) -> None:
    file = tmp_path / "domains.json"
    file.write_bytes(kept)
    domains = Domains(file)
    domains.load()
    assert domains.number == 0
    assert domains.find(NAME) is None
