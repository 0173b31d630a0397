"""Edge nodes of both engines: small files, a large one, ranges and misses, beside their peers."""

import http.client
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx

from bench._bare_handlers import bare_handler
from bench._cdn_peers import free_port, plain_nginx, requests_per_s, varnish
from bench._download_peer import bare_file_server
from bench._harness import Line, Section, bench_marketplace, signed_up
from souk.edge.protocol import LOCAL_JOIN
from souk.infra.keyring import Sealer
from souk_client.contracts.commerce import OrderRequest
from souk_client.contracts.works import ListingRequest, VersionFile
from souk_client.sdk import Souk

MIB: Final = 2**20
SMALL: Final = 10_000
SMALL_GOAL: Final = 0.70
NGINX_GOAL: Final = 0.90
LARGE_GOAL: Final = 0.80
RANGE_GOAL: Final = 1.0
RANGE_NOISE: Final = 0.05
"""What two measurements of the very same differ by here."""
MISS_GOAL_MS: Final = 5.0
RANGE_BYTES: Final = 16 * MIB
SECRET: Final = secrets.token_hex(32)
REGIONS: Final = {"embedded": "eu-west", "nginx": "na-east"}
"""Apart, so that neither asks the other for what it has not."""
HOW: Final = """
One node of each engine beside a marketplace, all on this machine. *Small*: a cached file of 10,000
bytes by its signed address on 16 connections: the embedded node beside a handler on the same server
(Granian, ASGI, embedded, one process) that does nothing but return such bytes; the node behind
nginx (one worker) beside nginx (one worker, Debian's settings) that serves such a file, and beside
Varnish; `wrk` loads all of them. *Large*: one client reads a cached file, in the embedded node
every slice checked against its checksum on the way, beside a bare file response. *Ranges*: the same
file in ranges of 16 MiB one after the other on one connection, beside the file in one piece.
*Miss*: time to the first byte of files that the node has never seen, beside the same from the
marketplace itself, which is their origin. Everything is measured in turns, round by round; a ratio
is the median of the rounds' own ratios. Others' work on the machine weighs on all of it (load
average when it was measured: {load:.0f}, on {cores} cores).
"""


def run(*, quick: bool) -> Section:
    """Measures all of it."""
    rounds, seconds = (2, 1) if quick else (7, 3)
    large_bytes = (64 if quick else 1024) * MIB
    with (
        tempfile.TemporaryDirectory(prefix="souk-bench-") as name,
        bench_marketplace(environment={"SOUK_SECRET": SECRET}) as (market, _),
        signed_up(market, "maker") as seller,
        signed_up(market, "reader") as buyer,
    ):
        folder = Path(name)
        with (
            _node(market.base_url, folder, "embedded") as embedded,
            _node(market.base_url, folder, "nginx") as nginx,
        ):
            _until_nodes_are_there(market.base_url, 2)
            at = {"embedded": embedded, "nginx": nginx}
            small = _Bought(seller, buyer, folder / "small.bin", SMALL, at)
            large = _Bought(seller, buyer, folder / "weights.bin", large_bytes, at)
            lines = [
                *_small(small, rounds=rounds, seconds=seconds),
                *_large(large, rounds=rounds),
                _misses(seller, buyer, folder, at, count=6 if quick else 30),
            ]
    return Section(
        title="CDN: an edge node",
        how=HOW.format(load=os.getloadavg()[0], cores=os.cpu_count()),
        lines=lines,
    )


class _Bought:
    """A licence of a new work with one file of random bytes, and its addresses at the nodes."""

    def __init__(
        self, seller: Souk, buyer: Souk, path: Path, size_bytes: int, nodes: dict[str, str]
    ) -> None:
        self.path = path
        self.size_bytes = size_bytes
        self._buyer = buyer
        self._nodes = nodes
        with path.open("wb") as file:
            for at in range(0, size_bytes, MIB):
                file.write(secrets.token_bytes(min(MIB, size_bytes - at)))
        artifact = seller.upload_file(path)
        listing = seller.listings.create(
            ListingRequest(
                kind="model", slug=path.stem, title=path.stem, licence="MIT", price_minor=0
            )
        )
        files = [VersionFile(path="data.txt", sha256=artifact.sha256)]
        seller.listings.create_version(listing.id, version="1.0.0", files=files)
        seller.listings.publish(listing.id)
        self._licence_id = buyer.orders.create(OrderRequest(listing_id=listing.id)).licence_id

    def at_home(self) -> str:
        """Its address at the marketplace, which serves it itself."""
        return f"{self._buyer.licences.files(self._licence_id).items[0].url}?from=home"

    def at(self, engine: str) -> str:
        """A fresh address at a node: it is as good at one as at the other."""
        url = self._buyer.licences.files(self._licence_id).items[0].url
        while True:
            with httpx.stream("GET", url) as answer:
                if answer.status_code == 307:
                    return self._nodes[engine] + urlsplit(answer.headers["location"]).path
            time.sleep(0.2)  # a large file is being hashed


@contextmanager
def _node(home_url: str, folder: Path, engine: str) -> Iterator[str]:
    """`souk edge` as an operator runs it; answers its address."""
    port = free_port()
    environment = os.environ | {
        "SOUK_EDGE_HOME_URL": home_url,
        "SOUK_EDGE_TOKEN": Sealer(SECRET).derive(LOCAL_JOIN).hex(),
        "SOUK_EDGE_PORT": str(port),
        "SOUK_EDGE_DATA_DIR": str(folder / engine),
        "SOUK_EDGE_FREE_BYTES_KEPT": "0",
        "SOUK_EDGE_NGINX_WORKERS": "1",
    }
    command = [sys.executable, "-m", "souk.apps.cli", "edge", "--region", REGIONS[engine]]
    process = subprocess.Popen(
        [*command, "--engine", engine],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def _small(small: _Bought, *, rounds: int, seconds: int) -> list[Line]:
    with (
        bare_handler(SMALL) as bare_port,
        plain_nginx(small.path.parent) as nginx_port,
        varnish(nginx_port) as varnish_port,
    ):
        bare = f"http://127.0.0.1:{bare_port}/"
        plain = f"http://127.0.0.1:{nginx_port}/{small.path.name}"
        kept = f"http://127.0.0.1:{varnish_port}/{small.path.name}"
        for address in (small.at("embedded"), small.at("nginx"), plain, kept):
            for _ in range(3):
                httpx.get(address).raise_for_status()
        rates = _in_turns(
            rounds,
            {
                "embedded": lambda: requests_per_s(small.at("embedded"), seconds=seconds),
                "bare": lambda: requests_per_s(bare, seconds=seconds),
                "nginx": lambda: requests_per_s(small.at("nginx"), seconds=seconds),
                "plain": lambda: requests_per_s(plain, seconds=seconds),
                "varnish": lambda: requests_per_s(kept, seconds=seconds),
            },
        )
    mine, engine = _ratio(rates, "embedded", "bare"), _ratio(rates, "nginx", "plain")
    middle = {name: _median(found) for name, found in rates.items()}
    return [
        Line(
            what=f"{SMALL:,} bytes, cached, embedded",
            measured=f"{middle['embedded']:,.0f}/s, {mine:.0%} of the bare handler",
            promised=f"≥ {SMALL_GOAL:.0%} of a bare handler",
            reached=mine >= SMALL_GOAL,
            beside=f"bare handler: {middle['bare']:,.0f}/s",
            bounded_by="11 header fields and a signed address of 700 bytes in Python and Granian",
        ),
        Line(
            what=f"{SMALL:,} bytes, cached, nginx engine",
            measured=f"{middle['nginx']:,.0f}/s, {engine:.0%} of plain nginx",
            promised=f"≥ {NGINX_GOAL:.0%} of plain nginx",
            reached=engine >= NGINX_GOAL,
            beside=f"plain nginx: {middle['plain']:,.0f}/s, Varnish: {middle['varnish']:,.0f}/s",
            bounded_by="11 header fields and a signed address of 700 bytes",
        ),
    ]


def _large(large: _Bought, *, rounds: int) -> list[Line]:
    size = large.size_bytes
    with bare_file_server(large.path) as port, plain_nginx(large.path.parent) as nginx_port:
        bare = f"http://127.0.0.1:{port}/weights.bin"
        plain = f"http://127.0.0.1:{nginx_port}/{large.path.name}"
        for engine in ("embedded", "nginx", "nginx", "nginx"):
            _read(large.at(engine), size)
        took = _in_turns(
            rounds,
            {
                "embedded": lambda: size / _read(large.at("embedded"), size),
                "bare": lambda: size / _read(bare, size),
                "embedded ranges": lambda: size / _read_ranges(large.at("embedded"), size),
                "nginx": lambda: size / _read(large.at("nginx"), size),
                "plain": lambda: size / _read(plain, size),
                "nginx ranges": lambda: size / _read_ranges(large.at("nginx"), size),
            },
        )
    middle = {name: _median(found) / MIB for name, found in took.items()}
    mine, front = _ratio(took, "embedded", "bare"), _ratio(took, "nginx", "plain")
    lines = [
        Line(
            what=f"{size // MIB:,} MiB, cached, embedded",
            measured=f"{middle['embedded']:,.0f} MiB/s, {mine:.0%} of the bare response",
            promised=f"≥ {LARGE_GOAL:.0%} of a bare file response",
            reached=mine >= LARGE_GOAL,
            beside=f"bare file response: {middle['bare']:,.0f} MiB/s",
            bounded_by="each slice is read and checked in Python before it is sent",
        ),
        Line(
            what=f"{size // MIB:,} MiB, cached, nginx engine",
            measured=f"{middle['nginx']:,.0f} MiB/s, {front:.0%} of plain nginx",
            beside=f"plain nginx: {middle['plain']:,.0f} MiB/s",
        ),
    ]
    for name, label in (("embedded", "embedded"), ("nginx", "nginx engine")):
        by_byte = _ratio(took, f"{name} ranges", name)
        lines.append(
            Line(
                what=f"the same in ranges of {RANGE_BYTES // MIB} MiB, {label}",
                measured=f"{middle[f'{name} ranges']:,.0f} MiB/s, {by_byte:.0%} of the whole's",
                promised="not slower per byte (but for 5% of noise)",
                reached=by_byte >= RANGE_GOAL - RANGE_NOISE,
                beside=f"in one piece: {middle[name]:,.0f} MiB/s",
            )
        )
    return lines


def _in_turns(rounds: int, what: dict[str, Callable[[], float]]) -> dict[str, list[float]]:
    """Each of them once in every round, in an order that turns, so that none comes always first."""
    found: dict[str, list[float]] = {name: [] for name in what}
    names = list(what)
    for number in range(rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            found[name].append(what[name]())
    return found


def _ratio(found: dict[str, list[float]], mine: str, peer: str) -> float:
    return _median([a / b for a, b in zip(found[mine], found[peer], strict=True)])


def _misses(seller: Souk, buyer: Souk, folder: Path, nodes: dict[str, str], *, count: int) -> Line:
    took: dict[str, list[float]] = {"home": [], **{engine: [] for engine in nodes}}
    for number in range(count):
        for engine in nodes:
            name = f"miss{number}-{engine}.bin"
            bought = _Bought(seller, buyer, folder / name, 3 * MIB, nodes)
            took["home"].append(_first_byte(bought.at_home()))
            took[engine].append(_first_byte(bought.at(engine)))
    peer = _median(took["home"]) * 1000
    mine, behind = _median(took["embedded"]) * 1000, _median(took["nginx"]) * 1000
    return Line(
        what="first byte of a miss",
        measured=f"{mine:.1f} ms (nginx engine: {behind:.1f} ms)",
        promised=f"≤ origin + {MISS_GOAL_MS:g} ms",
        reached=mine <= peer + MISS_GOAL_MS,
        beside=f"origin: {peer:.1f} ms",
        bounded_by="a slice (1 MiB) is whole and checked before its first byte is sent",
    )


def _until_nodes_are_there(base_url: str, count: int) -> None:
    deadline = time.monotonic() + 60
    while len(httpx.get(f"{base_url}/api/v1/cdn/route").json()["nodes"]) < count:
        if time.monotonic() > deadline:
            raise RuntimeError("no node joined")
        time.sleep(0.1)


def _read_ranges(address: str, size_bytes: int) -> float:
    """Seconds to read it all in ranges, one after the other on one connection."""
    parts = urlsplit(address)
    assert parts.hostname is not None
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=120)
    buffer = memoryview(bytearray(MIB))
    got = 0
    started = time.perf_counter()
    for at in range(0, size_bytes, RANGE_BYTES):
        last = min(at + RANGE_BYTES, size_bytes) - 1
        connection.request("GET", parts.path, headers={"range": f"bytes={at}-{last}"})
        answer = connection.getresponse()
        while read := answer.readinto(buffer):
            got += read
    took = time.perf_counter() - started
    connection.close()
    if got != size_bytes:
        raise RuntimeError(f"{got} of {size_bytes} bytes came")
    return took


def _read(address: str, size_bytes: int) -> float:
    """Seconds to read it all, the bytes thrown away."""
    parts = urlsplit(address)
    assert parts.hostname is not None
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=120)
    buffer = memoryview(bytearray(MIB))
    started = time.perf_counter()
    connection.request("GET", parts.path)
    answer = connection.getresponse()
    got = 0
    while read := answer.readinto(buffer):
        got += read
    took = time.perf_counter() - started
    connection.close()
    if got != size_bytes:
        raise RuntimeError(f"{got} of {size_bytes} bytes came")
    return took


def _first_byte(address: str) -> float:
    """Seconds until the first byte of the body."""
    parts = urlsplit(address)
    assert parts.hostname is not None
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
    connection.connect()
    started = time.perf_counter()
    connection.request("GET", f"{parts.path}?{parts.query}" if parts.query else parts.path)
    answer = connection.getresponse()
    answer.read(1)
    took = time.perf_counter() - started
    answer.read()
    connection.close()
    return took


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]
