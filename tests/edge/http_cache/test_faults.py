"""Origins that lie, hang and break off; disks that fail; clients that read slowly."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from souk.edge.sites import Site, SiteRules
from tests.edge.http_cache.conftest import Bench
from tests.edge.http_cache.origin import Origin
from tests.edge.http_cache.serving import CacheNode, Now, until

FRESH = "Cache-Control: max-age=60"
MIB = 2**20


@pytest.fixture
def second(tmp_path: Path, bench: Bench) -> Iterator["Second"]:
    made = Second(tmp_path, bench.origin, bench.node.now)
    try:
        yield made
    finally:
        made.stop()


class Second:
    """A node of a test's own, before the same origin."""

    def __init__(self, folder: Path, origin: Origin, now: Now) -> None:
        self._folder = folder
        self._now = now
        self._site = Site(
            id="sit_2",
            organisation_id="org_1",
            kind="origin",
            hosts=("127.0.0.1",),
            upstream=origin.url,
            rules=SiteRules(),
        )
        self.node: CacheNode | None = None

    def start(self, **settings: object) -> CacheNode:
        self.stop()
        self.node = CacheNode(self._folder, now=self._now, **settings)
        self.node.start()
        self.node.serve(self._site)
        return self.node

    def stop(self) -> None:
        if self.node is not None:
            self.node.stop()
            self.node = None


def test_an_origin_that_sends_less_than_it_says_is_never_taken_for_whole(bench: Bench) -> None:
    path, origin = bench.path(), bench.origin
    origin.on(path, [origin.ok(b"half", FRESH, length=8)])
    with pytest.raises(httpx.RemoteProtocolError):
        bench.get(path)
    bench.node.settled()
    origin.on(path, origin.ok(b"complete", FRESH))
    assert bench.get(path).content == b"complete"


def test_a_broken_chunked_answer_is_cut_off_and_not_kept(bench: Bench) -> None:
    path, origin = bench.path(), bench.origin
    origin.on(path, [origin.ok(b"4\r\nhalf\r\n", FRESH, "Transfer-Encoding: chunked")])
    with pytest.raises(httpx.RemoteProtocolError):
        bench.get(path)
    bench.node.settled()
    whole = origin.ok(b"4\r\nhalf\r\n4\r\nrest\r\n0\r\n\r\n", FRESH, "Transfer-Encoding: chunked")
    origin.on(path, whole)
    assert [bench.get(path).content for _ in range(2)] == [b"halfrest"] * 2
    assert bench.get(path).headers["content-length"] == "8"


def test_an_origin_that_sends_more_than_it_says_poisons_nothing(bench: Bench) -> None:
    path, other, origin = bench.path(), bench.path(), bench.origin
    hidden = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nCache-Control: max-age=60\r\n\r\nevil"
    origin.on(path, origin.ok(b"good" + hidden, FRESH, length=4))
    origin.on(other, origin.ok(b"own", FRESH))
    assert bench.get(path).content == b"good"
    bench.node.settled()
    assert [bench.get(other).content for _ in range(2)] == [b"own"] * 2


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 300 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
    ],
)
def test_an_answer_that_cannot_be_read_is_an_error(bench: Bench, reply: bytes) -> None:
    path = bench.path()
    bench.origin.on(path, [reply])
    answer = bench.get(path)
    assert (answer.status_code, answer.json()["code"]) == (502, "origin_failed")


def test_an_origin_that_hangs_is_given_up(bench: Bench, second: Second) -> None:
    path, origin, over = bench.path(), bench.origin, threading.Event()
    node = second.start(origin_s=0.3)
    origin.on(path, [over.wait])
    answer = httpx.get(f"{node.url}{path}")
    assert (answer.status_code, answer.json()["code"]) == (504, "origin_silent")
    origin.on(path, [origin.ok(b"half", FRESH, length=8), over.wait])
    with suppress(httpx.RemoteProtocolError):  # as it is when the head came in time
        assert httpx.get(f"{node.url}{path}").status_code == 504
    over.set()


def test_what_is_kept_outlives_the_node_and_damage_is_fetched_again(
    bench: Bench, second: Second, tmp_path: Path
) -> None:
    path, other, origin = bench.path(), bench.path(), bench.origin
    for one in (path, other):
        origin.on(one, origin.ok(b"x" * 3 * MIB, FRESH, "Surrogate-Key: red"))
    node = second.start(memory_bytes=0)
    for one in (path, other):
        httpx.get(f"{node.url}{one}")
    node.settled()
    node = second.start(memory_bytes=0)
    assert len(node.parts.store) == 2
    for one in (path, other):
        assert httpx.get(f"{node.url}{one}").content == b"x" * 3 * MIB
    assert (len(origin.asked(path)), len(origin.asked(other))) == (1, 1)
    bodies = sorted(tmp_path.glob("**/*.body"))
    assert len(bodies) == 2
    for body in bodies:
        content = bytearray(body.read_bytes())
        content[5] ^= 1
        body.write_bytes(content)
    assert httpx.get(f"{node.url}{path}").content == b"x" * 3 * MIB
    assert (len(origin.asked(path)), node.parts.store.damaged) == (2, 1)
    node.settled()
    for head in tmp_path.glob("**/*.head"):
        head.write_bytes(head.read_bytes()[:-1])
    node = second.start()
    assert len(node.parts.store) == 0
    assert not list(tmp_path.glob("**/*.body"))


def test_damage_further_in_ends_the_answer_short(
    bench: Bench, second: Second, tmp_path: Path
) -> None:
    path, origin = bench.path(), bench.origin
    origin.on(path, origin.ok(b"x" * 3 * MIB, FRESH))
    node = second.start(memory_bytes=0)
    httpx.get(f"{node.url}{path}")
    node.settled()
    (body,) = tmp_path.glob("**/*.body")
    content = bytearray(body.read_bytes())
    content[2 * MIB + 5] ^= 1
    body.write_bytes(content)
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"{node.url}{path}")
    assert httpx.get(f"{node.url}{path}").content == b"x" * 3 * MIB
    assert len(origin.asked(path)) == 2


def test_a_full_disk_and_an_answer_too_large_are_served_without_being_kept(
    bench: Bench, second: Second
) -> None:
    path, origin = bench.path(), bench.origin
    content = bytes(range(256)) * 4 * 8 * 1024  # 8 MiB
    chunked = b"".join(
        b"100000\r\n" + content[at : at + MIB] + b"\r\n" for at in range(0, 8 * MIB, MIB)
    )
    for settings in ({"free_bytes_kept": 2**60}, {"answer_bytes": 2 * MIB}):
        node = second.start(**settings)
        for reply in (
            origin.ok(content, FRESH),
            origin.ok(chunked + b"0\r\n\r\n", FRESH, "Transfer-Encoding: chunked"),
        ):
            origin.on(path, reply)
            assert httpx.get(f"{node.url}{path}").content == content
            node.settled()
        assert len(node.parts.store) == 0


def test_room_is_made_by_dropping_what_is_needed_least(bench: Bench, second: Second) -> None:
    origin, content = bench.origin, b"x" * MIB
    node = second.start(cache_bytes=16 * MIB)
    for _ in range(12):
        path = bench.path()
        origin.on(path, origin.ok(content, FRESH))
        assert httpx.get(f"{node.url}{path}").content == content
        node.settled()
    assert 2 <= len(node.parts.store) <= 4
    assert node.parts.store.used_bytes <= 0.3 * 16 * MIB


def idle_client(node: CacheNode, path: str) -> socket.socket:
    """One that asks and reads nothing."""
    idle = socket.socket()
    idle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    idle.connect(("127.0.0.1", node.port))
    idle.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    return idle


def test_a_client_that_reads_nothing_holds_up_nobody(bench: Bench, second: Second) -> None:
    path, origin = bench.path(), bench.origin
    content = b"y" * 24 * MIB
    origin.on(path, origin.ok(content, FRESH))
    node = second.start(answer_bytes=64 * MIB, cache_bytes=256 * MIB)
    with idle_client(node, path):
        until(lambda: node.parts.cache.under_way == 1)
        assert httpx.get(f"{node.url}{path}").content == content
    until(lambda: node.parts.cache.under_way == 0)
    assert len(origin.asked(path)) == 1


def test_a_client_that_reads_nothing_is_let_go(bench: Bench, second: Second) -> None:
    path, origin = bench.path(), bench.origin
    origin.on(path, origin.ok(b"y" * 24 * MIB, FRESH))
    node = second.start(send_s=0.2, answer_bytes=64 * MIB, cache_bytes=256 * MIB)
    with idle_client(node, path):
        until(lambda: node.parts.cache.under_way == 1)
        until(lambda: node.parts.cache.under_way == 0)
        node.settled()
        assert len(node.parts.store) == 1


def test_nothing_more_is_fetched_for_a_client_that_has_gone(bench: Bench) -> None:
    path, origin, ended = bench.path(), bench.origin, threading.Event()

    def endless() -> Iterator[bytes]:
        try:
            yield origin.ok(b"", "Cache-Control: no-store", "Transfer-Encoding: chunked")
            while True:
                yield b"10000\r\n" + b"z" * 65_536 + b"\r\n"
        finally:
            ended.set()

    origin.on(path, lambda _seen: endless())
    with httpx.stream("GET", f"{bench.node.url}{path}") as answer:
        assert next(answer.iter_bytes())
    assert ended.wait(60)
    until(lambda: bench.node.parts.cache.under_way == 0)


def test_a_private_address_is_asked_only_where_that_is_allowed(
    bench: Bench, second: Second
) -> None:
    path = bench.path()
    bench.origin.on(path, bench.origin.ok(b"inside"))
    node = second.start(private_upstreams=False)
    answer = httpx.get(f"{node.url}{path}")
    assert (answer.status_code, answer.json()["code"]) == (502, "origin_failed")
    assert not bench.origin.asked(path)


def test_a_dead_origin_is_an_error(bench: Bench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    site = Site(
        id="sit_dead",
        organisation_id="org_1",
        kind="origin",
        upstream=f"http://127.0.0.1:{port}",
        rules=SiteRules(),
    )
    bench.node.serve(*bench.sites.values(), site)
    answer = httpx.get(f"http://localhost:{bench.node.port}/s/sit_dead/")
    assert answer.json()["code"] == "origin_failed"
