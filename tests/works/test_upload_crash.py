"""kill -9 in the middle of an upload: what was acknowledged is still there, and it goes on."""

import hashlib
import os
import threading
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from tests.serving import Marketplace
from tests.works.selling import Seller, good

pytestmark = [
    pytest.mark.database,
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:EdDSA is deprecated"),
]
MIB = 2**20
PART = 8 * MIB
PARTS = 12


def test_acknowledged_parts_survive_and_the_upload_is_finished(
    owner_dsn: str, tmp_path: Path
) -> None:
    content = os.urandom(PARTS * PART - 4321)
    market = Marketplace(owner_dsn, tmp_path)
    try:
        market.start("api")
        with Seller(market.base_url) as seller:
            upload = good(seller.begin(content), 201)
            acknowledged: list[int] = []
            enough = threading.Event()
            sender = threading.Thread(
                target=send_all, args=(seller, upload, content, acknowledged, enough)
            )
            sender.start()
            assert enough.wait(60)
            market.kill("api")
            sender.join()

            market.start("api")
            address = f"/uploads/{upload['id']}"
            received = good(seller.http.get(address))["parts_received"]
            assert set(acknowledged) <= set(received)
            assert len(received) < PARTS
            completing = threading.Thread(target=complete_quietly, args=(seller, address))
            for number in set(range(1, PARTS + 1)) - set(received):
                good(seller.http.put(f"{address}/parts/{number}", content=part(content, number)))
            completing.start()
            completing.join(0.05)
            market.kill("api")
            completing.join()

            market.start("api")
            artifact = good(seller.http.post(f"{address}/complete"))
            assert artifact["sha256"] == hashlib.sha256(content).hexdigest()
            assert good(seller.http.post(f"{address}/complete")) == artifact
    finally:
        market.stop()
    stored = tmp_path / "blobs" / "sha256"
    (blob,) = [path for path in stored.rglob("*") if path.is_file()]
    assert blob.read_bytes() == content
    assert not list((tmp_path / "uploads").iterdir())


def part(content: bytes, number: int) -> bytes:
    return content[(number - 1) * PART : number * PART]


def send_all(
    seller: Seller,
    upload: dict,
    content: bytes,
    acknowledged: list[int],
    enough: threading.Event,
) -> None:
    try:
        for number in range(1, PARTS + 1):
            address = f"/uploads/{upload['id']}/parts/{number}"
            if seller.http.put(address, content=part(content, number)).status_code == 200:
                acknowledged.append(number)
            if len(acknowledged) == PARTS // 3:
                enough.set()
    except httpx.TransportError:
        pass


def complete_quietly(seller: Seller, address: str) -> None:
    with suppress(httpx.TransportError):
        seller.http.post(f"{address}/complete")
