"""An edge node: small files, a large one, and misses, beside what the server alone can do."""

import asyncio
import http.client
import os
import secrets
import tempfile
import time
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx

from bench._bare_handlers import bare_handler
from bench._download_peer import bare_file_server
from bench._harness import Line, Section, bench_marketplace, signed_up
from bench._http import Request, Target
from bench._load import closed_loop
from souk_client.contracts.commerce import OrderRequest
from souk_client.contracts.works import ListingRequest, VersionFile
from souk_client.sdk import Souk

MIB: Final = 2**20
SMALL: Final = 10_000
SMALL_GOAL: Final = 0.70
LARGE_GOAL: Final = 0.80
MISS_GOAL_MS: Final = 5.0
NODE: Final = {
    "SOUK_CDN_LOCAL_REGIONS": "eu-west",
    "SOUK_CDN_LOCAL_CACHE_BYTES": str(4 * 1024 * MIB),
}
HOW: Final = """
One node beside a marketplace, both on this machine, as `souk up` runs them. *Small*: a cached file
of 10,000 bytes by its signed address on 16 connections, beside a handler on the same server
(Granian, ASGI, embedded, one process) that does nothing but return such bytes; one Python client
loads both, so its own share weighs on both alike. *Large*: one client reads a cached file, every
slice checked against its checksum on the way, beside a bare file response. *Miss*: time to the
first byte of files that the node has never seen, beside the same from the marketplace itself.
Rounds alternate; medians are compared. Others' work on the machine weighs on all of it (load
average when it was measured: {load:.0f}, on {cores} cores).
"""


def run(*, quick: bool) -> Section:
    """Measures all three."""
    rounds, duration_s = (2, 1.0) if quick else (5, 4.0)
    large_bytes = (64 if quick else 1024) * MIB
    with (
        tempfile.TemporaryDirectory(prefix="souk-bench-") as folder,
        bench_marketplace(environment=NODE) as (market, _),
        signed_up(market, "maker") as seller,
        signed_up(market, "reader") as buyer,
    ):
        _until_a_node_is_there(market.base_url)
        small = _bought(seller, buyer, Path(folder, "small.bin"), SMALL)
        big_path = Path(folder, "weights.bin")
        large = _bought(seller, buyer, big_path, large_bytes)
        lines = [
            _small(buyer, small, rounds=rounds, duration_s=duration_s),
            _large(buyer, large, big_path, size_bytes=large_bytes, rounds=rounds),
            _misses(seller, buyer, Path(folder), count=6 if quick else 30),
        ]
    return Section(
        title="CDN: an edge node",
        how=HOW.format(load=os.getloadavg()[0], cores=os.cpu_count()),
        lines=lines,
    )


def _small(buyer: Souk, licence_id: str, *, rounds: int, duration_s: float) -> Line:
    address = _at_node(buyer, licence_id)
    httpx.get(address).raise_for_status()
    ours, bare = [], []
    with bare_handler(SMALL) as port:
        for _ in range(rounds):
            address = _at_node(buyer, licence_id)
            ours.append(_rate(address, duration_s))
            bare.append(_rate(f"http://127.0.0.1:{port}/", duration_s))
    mine, peer = _median(ours), _median(bare)
    return Line(
        what=f"{SMALL:,} bytes, cached",
        measured=f"{mine:,.0f}/s, {mine / peer:.0%} of the bare handler",
        promised=f"≥ {SMALL_GOAL:.0%} of a bare handler",
        reached=mine >= SMALL_GOAL * peer,
        beside=f"bare handler: {peer:,.0f}/s",
    )


def _rate(address: str, duration_s: float) -> float:
    parts = urlsplit(address)
    assert parts.hostname is not None and parts.port is not None
    request = Request(parts.path)
    target = Target(parts.hostname, parts.port)
    load = closed_loop(target, lambda _: request, connections=16, duration_s=duration_s)
    return asyncio.run(load).answered_per_s


def _large(buyer: Souk, licence_id: str, path: Path, *, size_bytes: int, rounds: int) -> Line:
    ours, bare = [], []
    with bare_file_server(path) as port:
        _read(_at_node(buyer, licence_id), size_bytes)
        for _ in range(rounds):
            ours.append(size_bytes / _read(_at_node(buyer, licence_id), size_bytes))
            bare.append(size_bytes / _read(f"http://127.0.0.1:{port}/weights.bin", size_bytes))
    mine, peer = _median(ours), _median(bare)
    return Line(
        what=f"{size_bytes // MIB:,} MiB, cached",
        measured=f"{mine / MIB:,.0f} MiB/s, {mine / peer:.0%} of the bare response",
        promised=f"≥ {LARGE_GOAL:.0%} of a bare file response",
        reached=mine >= LARGE_GOAL * peer,
        beside=f"bare file response: {peer / MIB:,.0f} MiB/s",
        bounded_by="each slice is read and checked in Python before it is sent",
    )


def _misses(seller: Souk, buyer: Souk, folder: Path, *, count: int) -> Line:
    ours, home = [], []
    for number in range(count):
        licence_id = _bought(seller, buyer, folder / f"miss{number}.bin", 3 * MIB)
        at_home = f"{buyer.licences.files(licence_id).items[0].url}?from=home"
        home.append(_first_byte(at_home))
        ours.append(_first_byte(_at_node(buyer, licence_id)))
    mine, peer = _median(ours) * 1000, _median(home) * 1000
    return Line(
        what="first byte of a miss",
        measured=f"{mine:.1f} ms",
        promised=f"≤ origin + {MISS_GOAL_MS:g} ms",
        reached=mine <= peer + MISS_GOAL_MS,
        beside=f"origin: {peer:.1f} ms",
        bounded_by="a slice (1 MiB) is whole and checked before its first byte is sent",
    )


def _bought(seller: Souk, buyer: Souk, path: Path, size_bytes: int) -> str:
    """A licence of a new work with one file of random bytes."""
    with path.open("wb") as file:
        for at in range(0, size_bytes, MIB):
            file.write(secrets.token_bytes(min(MIB, size_bytes - at)))
    artifact = seller.upload_file(path)
    listing = seller.listings.create(
        ListingRequest(kind="model", slug=path.stem, title=path.stem, licence="MIT", price_minor=0)
    )
    files = [VersionFile(path="weights.bin", sha256=artifact.sha256)]
    seller.listings.create_version(listing.id, version="1.0.0", files=files)
    seller.listings.publish(listing.id)
    return buyer.orders.create(OrderRequest(listing_id=listing.id)).licence_id


def _at_node(buyer: Souk, licence_id: str) -> str:
    """An address at the node; the first of a large file comes once its slices are hashed."""
    url = buyer.licences.files(licence_id).items[0].url
    while True:
        with httpx.stream("GET", url) as answer:
            if answer.status_code == 307:
                return answer.headers["location"]
        time.sleep(0.2)


def _until_a_node_is_there(base_url: str) -> None:
    deadline = time.monotonic() + 60
    while not httpx.get(f"{base_url}/api/v1/cdn/route").json()["nodes"]:
        if time.monotonic() > deadline:
            raise RuntimeError("no node joined")
        time.sleep(0.1)


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
