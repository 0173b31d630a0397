"""Downloads: 1 GiB through a signed address, beside the same server's bare file response."""

import http.client
import secrets
import tempfile
import time
from pathlib import Path
from typing import Final

import click

from bench._download_peer import bare_file_server
from bench._harness import Line, Section, bench_marketplace, signed_up
from souk_client.contracts.commerce import OrderRequest
from souk_client.contracts.works import ListingRequest, VersionFile

GOAL: Final = 0.70
ROUNDS: Final = 5
MIB: Final = 2**20
HOW: Final = """
One client reads a file of random bytes over loopback, first by the signed address of a licence,
then from a bare file response of the same framework on the same server (Litestar's `File` on
Granian, one process, no licence, no log). Rounds alternate; medians are compared. The file is in
the page cache for both.
"""


def run(*, quick: bool) -> Section:
    """Measures both ways in alternating rounds."""
    size_bytes = (64 if quick else 1024) * MIB
    with tempfile.TemporaryDirectory(prefix="souk-bench-") as folder:
        path = Path(folder, "weights.bin")
        with path.open("wb") as file:
            for _ in range(size_bytes // MIB):
                file.write(secrets.token_bytes(MIB))
        with bench_marketplace() as (market, target):
            with signed_up(market, "maker") as seller:
                artifact = seller.upload_file(path)
                listing = seller.listings.create(
                    ListingRequest(
                        kind="model", slug="big", title="Big", licence="MIT", price_minor=0
                    )
                )
                files = [VersionFile(path="weights.bin", sha256=artifact.sha256)]
                seller.listings.create_version(listing.id, version="1.0.0", files=files)
                seller.listings.publish(listing.id)
            with signed_up(market, "reader") as buyer, bare_file_server(path) as bare_port:
                order = buyer.orders.create(OrderRequest(listing_id=listing.id))
                licensed, bare = [], []
                for number in range(ROUNDS):
                    url = buyer.licences.files(order.licence_id).items[0].url
                    address = url.partition(f":{target.port}")[2]
                    licensed.append(size_bytes / _read(target.port, address, size_bytes))
                    bare.append(size_bytes / _read(bare_port, "/weights.bin", size_bytes))
                    click.echo(
                        f"round {number + 1}: licensed {licensed[-1] / MIB:,.0f} MiB/s, "
                        f"bare {bare[-1] / MIB:,.0f} MiB/s",
                        err=True,
                    )
    ours, theirs = sorted(licensed)[ROUNDS // 2], sorted(bare)[ROUNDS // 2]
    return Section(
        title="Download",
        how=HOW,
        lines=[
            Line(
                what=f"{size_bytes // MIB:,} MiB under a licence",
                measured=f"{ours / MIB:,.0f} MiB/s, {ours / theirs:.0%} of the bare response",
                promised=f"≥ {GOAL:.0%} of the bare response",
                reached=ours >= GOAL * theirs,
                beside=f"bare file response: {theirs / MIB:,.0f} MiB/s",
                bounded_by="Python hands every chunk from the store to the server",
            )
        ],
    )


def _read(port: int, address: str, size_bytes: int) -> float:
    """Seconds to read it all, the bytes thrown away."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    buffer = memoryview(bytearray(MIB))
    started = time.perf_counter()
    connection.request("GET", address)
    answer = connection.getresponse()
    assert answer.status == 200, answer.read(500)
    got = 0
    while count := answer.readinto(buffer):
        got += count
    seconds = time.perf_counter() - started
    connection.close()
    assert got == size_bytes
    return seconds
