"""PostgreSQL dies while files are scanned and is away for longer than a step tries by itself: the
scans go on soon after it is back, in the same worker."""

import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from souk.apps.migrations.run import migrate
from souk.infra.postgres.embedded import EmbeddedPostgres
from souk_client.contracts.works import Artifact
from souk_client.sdk import Souk
from souk_client.sdk.call import Call, api
from tests.conftest import APP_PASSWORD
from tests.faults.test_kills import kill_postgres, patient
from tests.market import sign_up
from tests.serving import Marketplace

FILES = 5
AWAY_S = 8.0
"""Three attempts of a step, one and two seconds apart, are over by then."""
SOON_S = 120.0

pytestmark = [pytest.mark.slow, pytest.mark.database, pytest.mark.timeout(240)]


@pytest.fixture
def server() -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL of this test alone: it is to be killed."""
    folder = Path(tempfile.mkdtemp(prefix="souk-outage-"))
    running = EmbeddedPostgres(folder)
    try:
        running.start()
        migrate(running.dsn(), app_password=APP_PASSWORD)
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)


def states(client: Souk, hashes: list[str]) -> set[str]:
    """How far the scans are."""
    asked = (
        Call(method="GET", path=api("artifacts", sha256), answer=Artifact) for sha256 in hashes
    )
    return {client.send(one).scan.state for one in asked}


def test_scans_go_on_soon_after_the_database_is_back(
    server: EmbeddedPostgres, tmp_path: Path
) -> None:
    market = Marketplace(server.dsn(), tmp_path / "data")
    market.start()
    try:
        client = patient(sign_up(market.base_url))
        hashes = []
        for number in range(FILES):
            path = tmp_path / f"{number}.csv"
            path.write_text("a,b\n" + f"{secrets.token_hex(20)},2\n" * 100_000)
            hashes.append(client.upload_file(path).sha256)
        worker = market.processes["worker"].pid
        address = server.dsn()
        kill_postgres(server)
        time.sleep(AWAY_S)
        assert server.start() == address
        market.await_ready()
        back = time.monotonic()
        while "pending" in states(client, hashes):
            assert time.monotonic() - back < SOON_S, "a scan was lost"
            time.sleep(0.2)
        assert states(client, hashes) == {"clean"}
        assert market.processes["worker"].pid == worker
        assert market.processes["worker"].poll() is None
    finally:
        market.stop()
