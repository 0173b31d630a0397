"""Parts of the bench of six hosts: nodes on hosts, and works to download."""

import hashlib
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from bench._netns import Host
from souk_client.contracts.commerce import OrderRequest
from souk_client.contracts.works import ListingRequest, VersionFile
from souk_client.sdk import Souk

KILL_EVERY_S: Final = 5.0
PORT: Final = 8080
LIMIT_S: Final = 120.0


class Node:
    """`souk edge` on a host of its own."""

    def __init__(self, host: Host, region: str, *, home: str, token: str, folder: Path) -> None:
        self.region = region
        self.url = f"http://{host.address}:{PORT}"
        self._home = home
        self._host = host
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._token = token

    def start(self) -> None:
        """Starts it, when it does not run."""
        if self._process is not None:
            return
        environ = {
            **os.environ,
            "SOUK_EDGE_HOME_URL": self._home,
            "SOUK_EDGE_TOKEN": self._token,
            "SOUK_EDGE_HOST": self._host.address,
            "SOUK_EDGE_PORT": str(PORT),
            "SOUK_EDGE_PUBLIC_URL": self.url,
            "SOUK_EDGE_DATA_DIR": str(self._folder),
            "SOUK_EDGE_CACHE_BYTES": str(2 * 2**30),
            "SOUK_EDGE_FREE_BYTES_KEPT": "0",
        }
        with (self._folder / f"{self.region}.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._host.command(
                    sys.executable, "-m", "souk.apps.cli", "edge", "--region", self.region
                ),
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        """kill -9."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()


def buy(seller: Souk, buyer: Souk, size_bytes: int) -> tuple[str, str]:
    """A licence of a new work with one file of random bytes, and the file's sha256."""
    name = f"work-{secrets.token_hex(4)}"
    with tempfile.TemporaryDirectory(prefix="souk-bench-") as folder:
        path = Path(folder, "weights.bin")
        digest = hashlib.sha256()
        with path.open("wb") as file:
            for at in range(0, size_bytes, 2**20):
                piece = secrets.token_bytes(min(2**20, size_bytes - at))
                digest.update(piece)
                file.write(piece)
        artifact = seller.upload_file(path)
    listing = seller.listings.create(
        ListingRequest(kind="model", slug=name, title=name, licence="MIT", price_minor=0)
    )
    files = [VersionFile(path="weights.bin", sha256=artifact.sha256)]
    seller.listings.create_version(listing.id, version="1.0.0", files=files)
    seller.listings.publish(listing.id)
    licence_id = buyer.orders.create(OrderRequest(listing_id=listing.id)).licence_id
    _hash_for_nodes(buyer, licence_id)
    return licence_id, digest.hexdigest()


def _hash_for_nodes(buyer: Souk, licence_id: str) -> None:
    """Waits until home sends to nodes: a large file is hashed for them first."""

    def sent() -> bool:
        url = buyer.licences.files(licence_id).items[0].url
        with buyer.http.stream("GET", url) as answer:
            return answer.status_code == 307

    wait_until(sent, "being sent to a node")


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Waits for something. Raises RuntimeError when it takes too long."""
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} did not come")
        time.sleep(0.1)
