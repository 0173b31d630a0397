"""nginx in front of a node: what it sends is what the node would, and it forgets at once."""

import asyncio
import hashlib
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio

from souk.edge.nginx.process import NginxMissing
from souk.edge.node import EdgeNode
from souk.edge.protocol import ROOT, UsageLine
from souk.edge.slices import SLICE_BYTES
from tests.edge.home import SmallHome, small_home
from tests.edge.nginx.running import client_of, running

pytestmark = [pytest.mark.slow, pytest.mark.nginx]
LIMIT_S = 60.0
SMALL, LARGE = 5000, 3 * SLICE_BYTES + 77


@pytest.fixture(scope="module")
def home() -> Iterator[SmallHome]:
    with small_home() as home:
        yield home


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def node(
    home: SmallHome, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[EdgeNode]:
    async with running(home, tmp_path_factory.mktemp("node")) as node:
        yield node


@pytest_asyncio.fixture(loop_scope="session")
async def http(node: EdgeNode) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(node) as http:
        yield http


async def until(condition: Callable[[], bool]) -> None:
    """Waits for something that is sure to come."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            if condition():
                return
            await asyncio.sleep(0.02)


def copies(node: EdgeNode, name: str) -> int:
    """How many files nginx's cache has under keys with this in it."""
    found = 0
    for path in (node.settings.folder / "nginx").glob("s*/*/*"):
        with suppress(FileNotFoundError), path.open("rb") as file:
            found += name.encode() in file.read(8192).partition(b"\nKEY: ")[2].partition(b"\n")[0]
    return found


async def hot(http: httpx.AsyncClient, node: EdgeNode, address: str, content: bytes) -> None:
    """Asks until nginx has it all."""
    small = len(content) == SMALL
    name = address if small else hashlib.sha256(content).hexdigest()
    async with asyncio.timeout(LIMIT_S):
        while copies(node, name) < (1 if small else 4):
            assert (await http.get(address)).content == content


async def push(http: httpx.AsyncClient, home: SmallHome, kind: str, value: str = "") -> None:
    body, head = home.command(kind, value)
    answer = await http.post(f"{ROOT}/commands", content=body, headers=head)
    assert answer.status_code == 200, answer.text
    assert answer.json()["applied"] == home.newest


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_what_nginx_holds_is_sent_without_home_or_node(
    http: httpx.AsyncClient, home: SmallHome, node: EdgeNode, size: int
) -> None:
    content = os.urandom(size)
    address = home.address(content)
    first = await http.get(address)
    assert first.headers["cache-status"] == "souk-eu-west; fwd=miss"
    await hot(http, node, address, content)
    asked = len(home.asked)
    for _ in range(3):
        answer = await http.get(address)
        assert answer.content == content
        assert answer.headers["cache-status"] == "souk-eu-west; hit"
    assert len(home.asked) == asked
    differ = {"date", "server", "connection", "keep-alive", "cache-status"}
    assert {k: v for k, v in first.headers.items() if k not in differ} == {
        k: v for k, v in answer.headers.items() if k not in differ
    }
    assert not [name for name in answer.headers if name.startswith(("souk-", "x-accel"))]


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("kind", ["artifact", "tag", "prefix", "all", "revoke"])
async def test_a_command_takes_it_back_from_nginx_before_it_is_confirmed(
    http: httpx.AsyncClient, home: SmallHome, node: EdgeNode, size: int, kind: str
) -> None:
    content = os.urandom(size)
    name = f"lic_{kind}_{size}"
    address = home.address(content, licence_id=name, listing_id=name, address=f"ada/{name}")
    await hot(http, node, address, content)
    sha256 = (await http.get(address)).headers["x-content-sha256"]
    values = {"artifact": sha256, "tag": f"listing:{name}", "prefix": f"/ada/{name}/"}
    await push(http, home, kind, values.get(kind, name if kind == "revoke" else ""))
    answer = await http.get(address)
    if kind == "revoke":
        assert (answer.status_code, answer.json()["code"]) == (403, "licence_not_good")
    else:
        assert answer.content == content
        assert answer.headers["cache-status"] == "souk-eu-west; fwd=miss"


async def test_an_address_that_is_not_good_is_refused_as_by_the_node(
    http: httpx.AsyncClient, home: SmallHome, node: EdgeNode
) -> None:
    content = os.urandom(SMALL)
    good = home.address(content)
    await hot(http, node, good, content)
    old = home.address(content, lives_s=-60)
    text = good.split("/")[2]
    changed = f"{text[:-20]}{'A' if text[-20] != 'A' else 'B'}{text[-19:]}"
    for address, status, code in [
        (old, 410, "address_expired"),
        (good.replace(text, changed), 403, "address_invalid"),
        (f"/d/{text}/other.bin", 403, "address_invalid"),
        (f"/d/{text}", 403, "address_invalid"),
        (f"/d//{text}/data.bin", 403, "address_invalid"),
        (home.address(content, regions=("sa-east",)), 403, "address_elsewhere"),
    ]:
        for _ in range(2):
            answer = await http.get(address)
            assert answer.status_code == status, address
            assert answer.json()["code"] == code


async def test_an_address_is_kept_as_it_was_written(home: SmallHome, node: EdgeNode) -> None:
    """What nginx takes for the same address the node may not."""
    content = os.urandom(SMALL)
    address = home.address(content)
    parts = urlsplit(node.url)
    for path, status in [
        (address, 200),
        (address, 200),
        (address, 200),
        (address.replace("/d/", "/d/x/../"), 403),
        (address.replace("/d/", "//d/"), 404),
        (address.replace("/data", "/%64ata"), 200),
        (address.replace("/data", "//data"), 403),
    ]:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(f"GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        assert answer.startswith(f"HTTP/1.1 {status} ".encode()), path
        assert answer.endswith(content) == (status == 200)


async def test_nobody_reaches_the_slices_by_themselves(
    http: httpx.AsyncClient, home: SmallHome, node: EdgeNode
) -> None:
    content = os.urandom(LARGE)
    address = home.address(content)
    sha256 = (await http.get(address)).headers["x-content-sha256"]
    text = address.split("/")[2]
    for path in (f"/_slices/00/{sha256}/hit/0/org_1/a/{text}", "/_slices/", "/_slices/x"):
        for head in ({}, {"souk-front": "guess", "range": "bytes=0-1048575"}):
            answer = await http.get(path, headers=head)
            assert (answer.status_code, answer.json()["code"]) == (404, "route_unknown")


async def test_wrong_bytes_do_not_get_into_nginx(
    http: httpx.AsyncClient, home: SmallHome, node: EdgeNode
) -> None:
    for size in (SMALL, LARGE):
        content = os.urandom(size)
        address = home.address(content)
        home.wrong = True
        try:
            for _ in range(3):
                answer = await http.get(address)
                assert (answer.status_code, answer.json()["code"]) == (502, "origin_failed")
                assert "content-disposition" not in answer.headers
        finally:
            home.wrong = False
        assert (await http.get(address)).content == content


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ({"range": "bytes=9-3"}, 200),
        ({"range": "bytes=-0"}, 416),
        ({"range": "bytes=0-0,-1"}, 206),
        ({"range": "items=0-1"}, 200),
        ({"if-unmodified-since": "Sat, 01 Jan 2000 00:00:00 GMT"}, 200),
        ({"if-modified-since": "Sat, 01 Jan 2099 00:00:00 GMT"}, 200),
        ({"if-match": '"x"'}, 412),
        ({"if-none-match": "*"}, 304),
    ],
)
@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_odd_questions_are_answered_as_by_the_node(
    http: httpx.AsyncClient,
    home: SmallHome,
    header: dict[str, str],
    status: int,
    size: int,
) -> None:
    content = bytes(size - 8) + b"question"
    address = home.address(content)
    for _ in range(2):
        answer = await http.get(address, headers=header)
        assert answer.status_code == status
        assert status != 200 or answer.content == content


async def test_every_byte_that_went_out_is_counted(home: SmallHome, tmp_path: Path) -> None:

    def counted() -> list[UsageLine]:
        return [line for line in home.lines if line.organisation_id == "org_counted"]

    async with running(home, tmp_path) as node, client_of(node) as http:
        total = framing = 0
        for size in (SMALL, LARGE):
            content = os.urandom(size)
            address = home.address(content, organisation_id="org_counted")
            for header in ({}, {}, {}, {"range": "bytes=10-19"}, {"range": "bytes=0-1,5-6"}):
                answer = await http.get(address, headers=header)
                total += len(answer.content)
            framing += len(answer.content) - 4
            await http.head(address)
            await http.get(address, headers={"if-none-match": "*"})
        await until(lambda: sum(line.requests for line in counted()) >= 10)
    lines = counted()
    assert sum(line.requests for line in lines) == 10
    assert sum(line.bytes_sent for line in lines) == total
    assert sum(line.hit_bytes for line in lines) == total - framing - SMALL - LARGE
    assert sum(line.errors for line in lines) == 0


async def test_nginx_is_started_again_and_reloaded_without_losing_an_answer(
    home: SmallHome, tmp_path: Path
) -> None:
    content = os.urandom(LARGE)
    async with running(home, tmp_path) as node, client_of(node) as http:
        address = home.address(content)
        assert (await http.get(address)).content == content
        pid_file = node.settings.folder / "nginx" / "nginx.pid"
        first = int(pid_file.read_text())
        async with http.stream("GET", address) as under_way:
            await node.reload()
            got = b"".join([chunk async for chunk in under_way.aiter_bytes()])
        assert got == content
        os.kill(first, signal.SIGKILL)

        def again() -> bool:
            text = pid_file.read_text().strip()
            return bool(text) and int(text) != first

        await until(again)
        async with asyncio.timeout(LIMIT_S):
            while True:
                try:
                    answer = await http.get(address)
                    break
                except httpx.TransportError:
                    await asyncio.sleep(0.02)
        assert answer.content == content


async def test_a_node_without_nginx_says_how_to_get_it(home: SmallHome, tmp_path: Path) -> None:
    with pytest.raises(NginxMissing, match="apt-get install nginx-light"):
        async with running(home, tmp_path, nginx="no-such-nginx"):
            pass


async def test_a_taken_port_is_said(home: SmallHome, node: EdgeNode, tmp_path: Path) -> None:
    port = int(node.url.rpartition(":")[2])
    with pytest.raises(OSError, match="Address already in use"):
        async with running(home, tmp_path, port=port):
            pass
