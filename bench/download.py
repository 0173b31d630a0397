"""Downloads: 1 GiB through a signed address, plain and encrypted at rest, beside the same server's
bare file response."""

import http.client
import secrets
import tempfile
import time
from dataclasses import dataclass
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
One client reads a file of random bytes over loopback, first by the signed address of a licence at
the marketplace itself (`souk up`, its edge nodes off), then from a bare file response of the same
framework on the same server (Litestar's `File` on Granian, one process, no licence, no log). Rounds
alternate; medians are compared. The file is in the page cache for both. The second line is the same
file at a marketplace that encrypts what it stores (AES-256-GCM, one MiB a segment), decrypted as it
leaves; its upload is measured beside that of the first, where each part is encrypted as it arrives.
"""


def run(*, quick: bool) -> Section:
    """Measures both ways in alternating rounds."""
    size_bytes = (64 if quick else 1024) * MIB
    with tempfile.TemporaryDirectory(prefix="souk-bench-") as folder:
        path = Path(folder, "weights.bin")
        with path.open("wb") as file:
            for _ in range(size_bytes // MIB):
                file.write(secrets.token_bytes(MIB))
        plain = _measured(path, size_bytes, encrypt=False)
        sealed = _measured(path, size_bytes, encrypt=True)
    return Section(
        title="Download",
        how=HOW,
        lines=[
            Line(
                what=f"{size_bytes // MIB:,} MiB under a licence",
                measured=f"{plain.described}, {plain.of_bare:.0%} of the bare response",
                promised=f"≥ {GOAL:.0%} of the bare response",
                reached=plain.of_bare >= GOAL,
                beside=f"bare file response: {plain.bare / MIB:,.0f} MiB/s",
                bounded_by="Python hands every chunk from the store to the server",
            ),
            Line(
                what="the same, encrypted at rest",
                measured=f"{sealed.described}, {sealed.licensed / plain.licensed:.0%} of the plain",
                beside=f"bare file response: {sealed.bare / MIB:,.0f} MiB/s",
                bounded_by="AES-GCM shares two cores with the server and the client",
            ),
            Line(
                what="upload of it, encrypted as it arrives",
                measured=f"{size_bytes / sealed.upload_s / MIB:,.0f} MiB/s",
                beside=f"plain: {size_bytes / plain.upload_s / MIB:,.0f} MiB/s",
            ),
        ],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    """Medians, in bytes a second."""

    licensed: float
    bare: float
    upload_s: float

    @property
    def described(self) -> str:
        return f"{self.licensed / MIB:,.0f} MiB/s"

    @property
    def of_bare(self) -> float:
        return self.licensed / self.bare


def _measured(path: Path, size_bytes: int, *, encrypt: bool) -> _Measured:
    """Uploads the file to a marketplace and reads it, and beside it from a bare server."""
    environment = {"SOUK_BLOBS_ENCRYPT": str(encrypt).lower()}
    with bench_marketplace(environment=environment) as (market, target):
        with signed_up(market, "maker") as seller:
            started = time.perf_counter()
            artifact = seller.upload_file(path)
            upload_s = time.perf_counter() - started
            listing = seller.listings.create(
                ListingRequest(kind="model", slug="big", title="Big", licence="MIT", price_minor=0)
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
    middle = ROUNDS // 2
    return _Measured(
        licensed=sorted(licensed)[middle], bare=sorted(bare)[middle], upload_s=upload_s
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
