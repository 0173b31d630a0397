"""What fails: nodes that are killed, cut off, slow clients; downloads arrive whole nevertheless."""

import hashlib
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from souk_client.sdk import Progress, Souk
from tests.delivery.cdn.buying import MIB, Bought, fresh
from tests.delivery.cdn.nodes import ENGINES, Node, until
from tests.delivery.cdn.relay import Relay
from tests.market import sign_up


@pytest.fixture(scope="module")
def seller(base_url: str) -> Souk:
    return sign_up(base_url)


@pytest.fixture(scope="module")
def relay(base_url: str) -> Iterator[Relay]:
    relay = Relay(int(base_url.rpartition(":")[2]))
    yield relay
    relay.cut()


@pytest.fixture
def pair(base_url: str, relay: Relay, tmp_path: Path) -> Iterator[list[Node]]:
    """Two nodes of one region, one of each engine; both know of each other."""
    nodes = [Node(relay.url, tmp_path / name, "eu-west", engine=name) for name in ENGINES]
    try:
        for node in nodes:
            node.begin()
        for node in nodes:
            until(node.is_ready)
        until(lambda: len(ready(base_url)) == 2)
        yield nodes
    finally:
        for node in nodes:
            node.stop()


def ready(base_url: str) -> list[str]:
    """The addresses that home would name."""
    found = httpx.get(f"{base_url}/api/v1/cdn/route").json()
    return [node["url"] for node in found["nodes"]]


def serving(nodes: list[Node], url: str) -> Node:
    return next(node for node in nodes if url.startswith(node.url))


@pytest.mark.nginx
def test_a_download_survives_the_node_it_comes_from(
    base_url: str, seller: Souk, pair: list[Node], tmp_path: Path
) -> None:
    bought = Bought(base_url, seller, fresh(24 * MIB))
    victim = serving(pair, bought.url())
    killed = threading.Event()

    def kill_in_the_middle(progress: Progress) -> None:
        if progress.phase == "download" and progress.done_bytes > 2 * MIB and not killed.is_set():
            killed.set()
            victim.kill()

    done = bought.buyer.download(
        bought.licence_id, tmp_path / "out", on_progress=kill_in_the_middle
    )
    assert killed.is_set()
    assert (tmp_path / "out" / "data.txt").read_bytes() == bought.content
    assert done.files[0].received_bytes == len(bought.content), "no byte came twice"
    # At once, and although its last heartbeat is fresh, nobody is sent to the dead node.
    until(lambda: not bought.url().startswith(victim.url))


@pytest.mark.nginx
def test_nodes_of_a_region_fetch_from_home_once_between_them(
    base_url: str, seller: Souk, pair: list[Node]
) -> None:
    """Rendezvous hashing: the other node asks the one that has it, not home."""
    bought = Bought(base_url, seller, fresh(2 * MIB + 9))
    url = bought.url()
    first = serving(pair, url)
    other = next(node for node in pair if node is not first)
    assert httpx.get(url).content == bought.content
    name = hashlib.sha256(bought.content).hexdigest()
    until(lambda: len([p for p in first.slices() if p.name.startswith(name)]) == 3)
    # The same address is good at every node; this one has to fetch its bytes.
    elsewhere = f"{other.url}{urlsplit(url).path}"
    assert httpx.get(elsewhere).content == bought.content
    until(lambda: len([p for p in other.slices() if p.name.startswith(name)]) == 3)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_client_that_does_not_read_is_let_go(
    base_url: str, seller: Souk, tmp_path: Path, engine: str
) -> None:
    node = Node(base_url, tmp_path, "ap-south", engine=engine, SOUK_EDGE_SEND_S="0.3").start()
    try:
        bought = Bought(base_url, seller, fresh(20 * MIB))
        parts = urlsplit(bought.url())
        with socket.socket() as idle:
            idle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            idle.connect((parts.hostname, parts.port))
            idle.sendall(f"GET {parts.path} HTTP/1.1\r\nhost: a\r\n\r\n".encode())
            assert idle.recv(15) == b"HTTP/1.1 200 OK"

            until(lambda: "reads too slowly" in node.said())
            got = 15
            with suppress(ConnectionResetError):
                while chunk := idle.recv(2**20):
                    got += len(chunk)
            assert got < len(bought.content), "an answer that was cut off must look cut off"
    finally:
        node.stop()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_node_without_home_goes_on_with_what_it_has(
    base_url: str, seller: Souk, tmp_path: Path, engine: str
) -> None:
    line = Relay(int(base_url.rpartition(":")[2]))
    node = Node(line.url, tmp_path, "na-west", engine=engine).start()
    try:
        had, not_had = (Bought(base_url, seller, fresh(MIB + 5)) for _ in range(2))
        url, other = had.url(), not_had.url()
        assert url.startswith(node.url) and other.startswith(node.url)
        assert httpx.get(url).content == had.content
        until(lambda: httpx.head(url).headers["cache-status"].endswith("hit"))
        line.cut()
        for _ in range(3):
            assert httpx.get(url).content == had.content
        refused = httpx.get(other)
        assert (refused.status_code, refused.json()["code"]) == (502, "origin_failed")
    finally:
        line.cut()
        node.kill()
