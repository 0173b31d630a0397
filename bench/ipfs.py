"""IPFS: CAR files out beside a plain download of the same bytes, CAR files in, single blocks."""

import hashlib
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import httpx

from bench._harness import Line, Section, bench_marketplace, signed_up
from souk_client.contracts.commerce import OrderRequest
from souk_client.contracts.works import ListingRequest, VersionFile
from souk_client.proofs.ipfs import FileHasher, car_frame, car_header
from souk_client.proofs.ipfs.cids import node_cid, raw_cid
from souk_client.sdk import Souk

MIB: Final = 2**20
SIZE_BYTES: Final = 2048 * MIB
QUICK_BYTES: Final = 64 * MIB
BLOCKS: Final = 500
QUICK_BLOCKS: Final = 50
WAIT_S: Final = 300.0
RUNS: Final = 3
HOW: Final = """
A file of random bytes, given away, on a marketplace as `souk up` starts it, its edge nodes off,
with one client on the same machine and one connection; the best of three. **CAR file out**:
`/ipfs/{cid}?format=car`; every block is hashed before it leaves, so it cannot be faster than
SHA-256. Beside it the same bytes from a signed download address, which hashes nothing, and hashing
alone. **CAR file in**: to `/api/v1/ipfs/imports` until the answer: each block checked, the file
hashed twice (by itself, and in MiBs), written and durable. **Blocks**: single leaves of 1 MiB, one
after another.
"""


def run(*, quick: bool) -> Section:
    """Measures all of it."""
    size = QUICK_BYTES if quick else SIZE_BYTES
    with tempfile.TemporaryDirectory(prefix="souk-bench-") as name:
        path = Path(name, "weights.bin")
        hasher = _written(path, size)
        cid = str(hasher.dag().root.cid)
        hash_s = _best(lambda: _hashed(path))
        with bench_marketplace() as (market, _), signed_up(market, "sender") as souk:
            with signed_up(market, "taker") as taker:
                url = _published(souk, taker, path)
            _await(market.base_url, cid)
            with httpx.Client(base_url=market.base_url, timeout=600) as client:
                plain_s = _best(lambda: _drained(client, url))
                car_s = _best(lambda: _drained(client, f"/ipfs/{cid}?format=car"))
                blocks = QUICK_BLOCKS if quick else BLOCKS
                block_s = _blocks(client, hasher.digests()[:blocks])
            car = Path(name, "other.car")
            other = Path(name, "other.bin")
            in_bytes = _as_car(other, car, size)
            with signed_up(market, "importer") as importer:
                in_s = _timed(lambda: importer.import_car(car))
    return Section(
        title="IPFS",
        how=HOW,
        lines=[
            Line(
                what=f"a CAR file of {size // MIB:,} MiB out",
                measured=_speed(size, car_s),
                beside=f"download: {_speed(size, plain_s)}; SHA-256 alone: {_speed(size, hash_s)}",
                bounded_by="hashing each block once more, in a thread beside the sending",
            ),
            Line(
                what=f"a CAR file of {in_bytes // MIB:,} MiB in",
                measured=_speed(in_bytes, in_s),
                beside=f"SHA-256 alone: {_speed(size, hash_s)}",
                bounded_by="three hashes and two writes of every byte",
            ),
            Line(
                what=f"{blocks} blocks of 1 MiB, one by one",
                measured=f"{blocks / block_s:,.0f}/s, {_speed(blocks * MIB, block_s)}",
            ),
        ],
    )


def _written(path: Path, size: int) -> FileHasher:
    hasher = FileHasher()
    with path.open("wb") as file:
        for _ in range(0, size, MIB):
            piece = os.urandom(MIB)
            hasher.update(piece)
            file.write(piece)
    return hasher


def _published(souk: Souk, taker: Souk, path: Path) -> str:
    """Gives the file away; answers a signed address of it, as whoever takes it has one."""
    listing = souk.listings.create(
        ListingRequest(
            kind="model", slug="weights", title="Weights", licence="CC0-1.0", price_minor=0
        )
    )
    files = [VersionFile(path=path.name, sha256=souk.upload_file(path).sha256)]
    souk.listings.create_version(listing.id, version="1.0.0", files=files)
    souk.listings.publish(listing.id)
    order = taker.orders.create(OrderRequest(listing_id=listing.id))
    assert order.licence_id is not None
    return taker.licences.files(order.licence_id).items[0].url


def _await(base_url: str, cid: str) -> None:
    """Until the worker has made the tree."""
    deadline = time.monotonic() + WAIT_S
    while httpx.head(f"{base_url}/ipfs/{cid}?format=raw").status_code != 200:
        if time.monotonic() > deadline:
            raise RuntimeError("The version has no tree.")
        time.sleep(0.2)


def _drained(client: httpx.Client, url: str) -> None:
    with client.stream("GET", url) as answer:
        answer.raise_for_status()
        for _ in answer.iter_raw():
            pass


def _blocks(client: httpx.Client, digests: list[bytes]) -> float:
    def fetch() -> None:
        for digest in digests:
            block = client.get(f"/ipfs/{raw_cid(digest)}?format=raw").content
            assert hashlib.sha256(block).digest() == digest

    return _timed(fetch)


def _as_car(path: Path, car: Path, size: int) -> int:
    """Writes a CAR file of new random bytes; answers its length."""
    hasher = _written(path, size)
    dag = hasher.dag()
    with car.open("wb") as target, path.open("rb") as source:
        target.write(car_header([dag.root.cid]))
        for block in reversed(dag.blocks):
            target.write(car_frame(node_cid(block), len(block)) + block)
        for digest in hasher.digests():
            piece = source.read(MIB)
            target.write(car_frame(raw_cid(digest), len(piece)) + piece)
    return car.stat().st_size


def _hashed(path: Path) -> None:
    with path.open("rb") as file:
        hashlib.file_digest(file, "sha256")


def _best(call: Callable[[], None]) -> float:
    return min(_timed(call) for _ in range(RUNS))


def _timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _speed(size_bytes: int, seconds: float) -> str:
    return f"{size_bytes / MIB / seconds:,.0f} MiB/s"
