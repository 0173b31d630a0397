"""What an operator's tools read: metrics by name, and whether a process can serve."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from souk.infra.postgres.embedded import EmbeddedPostgres
from souk_client.contracts.commerce import OrderRequest
from tests.conftest import new_database
from tests.market import funded, publish, sign_up
from tests.serving import Marketplace

PATIENCE_S = 30.0


def value_of(metrics: str, sample: str) -> float:
    """The value of a sample, such as `name_total{kind="x"}`; 0 where there is none yet."""
    found = re.search(rf"^{re.escape(sample)} (\S+)$", metrics, re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_metrics_count_what_happens_in_the_marketplace(base_url: str) -> None:
    samples = (
        'marketplace_resource_created_total{kind="dataset"}',
        'marketplace_transaction_completed_total{currency="USD"}',
        "marketplace_search_response_seconds_count",
        'souk_http_request_seconds_count{method="GET",route="/api/v1/search",status="200"}',
    )

    def read() -> list[float]:
        answer = httpx.get(f"{base_url}/metrics")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        for sample in samples:
            name = sample.partition("{")[0].removesuffix("_count")
            if answer.text.count(sample):
                assert f"# TYPE {name} " in answer.text
        return [value_of(answer.text, sample) for sample in samples]

    before = read()
    listing = publish(sign_up(base_url))
    funded(base_url).orders.create(OrderRequest(listing_id=listing.id))
    assert httpx.get(f"{base_url}/api/v1/search", params={"q": "health"}).status_code == 200
    after = read()
    assert all(now >= then + 1 for then, now in zip(before, after, strict=True)), (before, after)


@pytest.fixture
def lonely(postgres: EmbeddedPostgres, tmp_path: Path) -> Iterator[Marketplace]:
    """An HTTP process on a database that is to be taken from it."""
    for owner_dsn in new_database(postgres):
        running = Marketplace(owner_dsn, tmp_path)
        try:
            running.start("api")
            yield running
        finally:
            running.stop()


def test_a_process_without_its_database_is_alive_and_not_ready(
    lonely: Marketplace, postgres: EmbeddedPostgres
) -> None:
    name = sql.Identifier(str(conninfo_to_dict(lonely.owner_dsn)["dbname"]))
    with (
        psycopg.connect(postgres.dsn(database="postgres"), autocommit=True) as owner,
        httpx.Client(base_url=lonely.base_url, timeout=20) as probe,
    ):
        ready = probe.get("/health/ready")
        assert (ready.status_code, ready.json()["status"]) == (200, "ready")
        owner.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
        owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            [conninfo_to_dict(lonely.owner_dsn)["dbname"]],
        )
        gone = probe.get("/health/ready")
        assert gone.status_code == 503
        assert gone.headers["content-type"] == "application/problem+json"
        assert gone.headers["retry-after"] == "1"
        assert gone.json()["code"] == "not_ready"
        assert probe.get("/health/live").status_code == 200  # so nobody restarts it in vain
        assert probe.get("/metrics").status_code == 200
        assert probe.get("/api/v1/search", params={"q": "x"}).status_code == 503
        owner.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))
        deadline = time.monotonic() + PATIENCE_S
        while probe.get("/health/ready").status_code != 200:
            assert time.monotonic() < deadline, lonely.logs()
            time.sleep(0.1)
