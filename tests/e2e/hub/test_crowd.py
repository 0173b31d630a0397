"""Twenty clients at once: nobody fails, nobody gets anybody else's bytes."""

from pathlib import Path

import pytest

from tests.e2e.hub.clients import LIMIT_S, finish, start
from tests.e2e.hub.conftest import Person

pytestmark = pytest.mark.timeout(LIMIT_S)

CLIENTS = 20
PROCESSES = 2

CROWD = """
import hashlib
from concurrent.futures import ThreadPoolExecutor
def client(number):
    mine = f"{repo}-{number}"
    content = hashlib.sha256(mine.encode()).digest() * 3000
    api = HfApi()
    api.create_repo(mine)
    texts = [CommitOperationAdd(f"{n}.txt", f"{mine} {n}".encode()) for n in range(4)]
    api.create_commit(mine, [*texts, CommitOperationAdd("w.bin", content)], commit_message="All")
    there = Path(snapshot_download(mine, cache_dir=folder / "cache", max_workers=2))
    assert (there / "w.bin").read_bytes() == content
    assert all((there / f"{n}.txt").read_text() == f"{mine} {n}" for n in range(4))
with ThreadPoolExecutor(given["clients"]) as pool:
    list(pool.map(client, range(given["clients"])))
told["failed"] = 0
"""


def test_twenty_clients_at_once(base_url: str, seller: Person, tmp_path: Path) -> None:
    running = [
        start(
            CROWD,
            base_url=base_url,
            key=seller.key,
            folder=tmp_path / str(number),
            xet=number % 2 == 0,
            repo=f"{seller.handle}/crowd-{number}",
            clients=CLIENTS // PROCESSES,
        )
        for number in range(PROCESSES)
    ]
    assert [finish(process)["failed"] for process in running] == [0] * PROCESSES
