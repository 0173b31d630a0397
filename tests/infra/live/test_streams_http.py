"""Live messages between real processes: who hears what, how soon, and what a disconnect costs."""

import time
from collections.abc import Callable
from pathlib import Path

import httpx
import psycopg
import pytest
from psycopg.types.json import Jsonb

from souk_client.contracts.commerce import OrderRequest
from souk_client.sdk import Souk
from tests.infra.live.readers import Event, Reader
from tests.infra.live.socket_client import SocketClient
from tests.market import funded, organisation_of, publish, sign_up
from tests.serving import Marketplace

HEARD_LIMIT_S = 1.0
TRIES = 3
"""The quickest of these counts: a machine that is busy with other tests is not what is tried."""


def say(owner_dsn: str, channel: str, *numbers: int) -> None:
    """Publishes as another process does: nothing in the marketplace's processes is told of it."""
    with psycopg.connect(owner_dsn, autocommit=True) as connection:
        for n in numbers:
            connection.execute(
                "INSERT INTO infra.live_waiting (channel, kind, data) VALUES (%s, 'tick', %s)",
                [channel, Jsonb({"n": n})],
            )


def bearer(client: Souk) -> dict[str, str]:
    return {"authorization": f"Bearer {client.api_keys.create(name='live').key}"}


def numbers(events: list[Event]) -> list[int]:
    return [event.data["data"]["n"] for event in events]


def test_a_sale_reaches_the_seller_in_another_process_within_a_second(base_url: str) -> None:
    """The worker writes the notice, and an HTTP process has the reader."""
    seller, buyer = sign_up(base_url), funded(base_url)
    user_id = seller.account.get().user.id
    took_s = []
    with Reader(base_url, f"user:{user_id}", headers=bearer(seller)) as reader:
        for listing in [publish(seller) for _ in range(TRIES)]:
            buyer.orders.create(OrderRequest(listing_id=listing.id))
            bought_at = time.monotonic()
            heard = reader.next()
            took_s.append(heard.at - bought_at)
    assert heard.data == {
        "channel": f"user:{user_id}",
        "kind": "notice",
        "data": {"kind": "order_sold"},
    }
    assert min(took_s) < HEARD_LIMIT_S


def test_a_reader_that_comes_back_misses_nothing_and_hears_nothing_twice(
    base_url: str, session_owner_dsn: str
) -> None:
    listing = publish(sign_up(base_url))
    channel = f"listing:{listing.id}"
    with Reader(base_url, channel) as reader:
        say(session_owner_dsn, channel, 1, 2)
        first = reader.until(lambda events: len(events) == 2)
        seen = reader.last_id
    say(session_owner_dsn, channel, 3, 4)
    with Reader(base_url, channel, headers={"last-event-id": seen}) as reader:
        say(session_owner_dsn, channel, 5)
        second = reader.until(lambda events: len(events) == 3)
    assert numbers(first) + numbers(second) == [1, 2, 3, 4, 5]
    with Reader(base_url, channel, params={"after": first[0].id}) as reader:
        assert numbers(reader.until(lambda events: len(events) == 4)) == [2, 3, 4, 5]


def test_who_was_away_too_long_is_told_so(base_url: str, session_owner_dsn: str) -> None:
    listing = publish(sign_up(base_url))
    channel = f"listing:{listing.id}"
    with Reader(base_url, channel, params={"after": 10**17}) as reader:
        assert reader.next().type == "reset"
        say(session_owner_dsn, channel, 1)
        assert numbers([reader.next()]) == [1]


def test_channels_are_open_to_those_they_concern(base_url: str) -> None:
    ada, eve = sign_up(base_url), sign_up(base_url)
    user_id, organisation_id = ada.account.get().user.id, organisation_of(ada)

    def status(channels: str, headers: dict[str, str] | None = None) -> tuple[int, str]:
        answer = httpx.get(
            f"{base_url}/api/v1/live", params={"channels": channels}, headers=headers or {}
        )
        return answer.status_code, answer.json()["code"]

    stranger = bearer(eve)
    for channel in (f"user:{user_id}", f"organisation:{organisation_id}", "admin"):
        assert status(channel) == (401, "sign_in_needed")
        assert status(channel, stranger) == (404, "channel_unknown")
    for wrong in ("", ",,", "nothing", "user:", "listing:1", "admin:1", "user:\x00", "user:🙂"):
        assert status(wrong, stranger) == (400, "channel_invalid")
    assert status(",".join(["admin"] * 51), stranger) == (400, "channel_invalid")
    assert status(f"listing:{user_id.replace('usr', 'lst')}") == (404, "channel_unknown")
    with Reader(base_url, f"user:{user_id},organisation:{organisation_id}", headers=bearer(ada)):
        pass


@pytest.mark.parametrize("position", ["-1", "x", "9" * 30, "1e3"])
def test_a_position_that_is_none_is_refused(base_url: str, position: str) -> None:
    answer = httpx.get(
        f"{base_url}/api/v1/live",
        params={"channels": "admin"},
        headers={**bearer(sign_up(base_url)), "last-event-id": position},
    )
    assert answer.status_code in (400, 404)


def test_a_socket_says_the_same(base_url: str, session_owner_dsn: str) -> None:
    listing = publish(sign_up(base_url))
    path = f"/api/v1/live/ws?channels=listing:{listing.id}"
    with SocketClient(base_url, path) as client:
        assert client.next()["type"] == "beat"
        client.send("is ignored")
        say(session_owner_dsn, f"listing:{listing.id}", 7)
        said = client.next()
        assert (said["type"], said["kind"], said["data"]) == ("message", "tick", {"n": 7})
    with SocketClient(base_url, f"{path}&after={said['position'] - 1}") as client:
        assert client.next() == said


def test_a_socket_of_another_site_or_for_a_private_channel_is_refused(base_url: str) -> None:
    for path, headers, code in (
        ("/api/v1/live/ws?channels=admin", {}, "sign_in_needed"),
        ("/api/v1/live/ws", {}, "channel_invalid"),
        (
            "/api/v1/live/ws?channels=admin",
            {"origin": "https://evil.example"},
            "live_origin_refused",
        ),
    ):
        with SocketClient(base_url, path, headers) as client:
            assert client.next()["code"] == code
            assert client.next() in (4400, 4401, 4403)


def _listeners(owner_dsn: str) -> int:
    with psycopg.connect(owner_dsn) as connection:
        rows = connection.execute(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND usename = 'souk_app' AND query LIKE 'LISTEN %'"
        ).fetchone()
    assert rows is not None
    return int(rows[0])


def _settled(count: Callable[[], int]) -> int:
    """The count once it has been the same for two seconds: processes start one after another."""
    seen = [count()]
    while len(seen) < 5 or len(set(seen[-5:])) > 1:
        time.sleep(0.5)
        seen.append(count())
    return seen[-1]


def test_streams_end_with_their_session_and_each_process_listens_once(
    owner_dsn: str, tmp_path: Path
) -> None:
    """Two HTTP processes and a worker, each with one database listener, however many readers."""
    running = Marketplace(
        owner_dsn,
        tmp_path,
        SOUK_WORKERS="2",
        SOUK_LIVE_BEAT_S="0.3",
        SOUK_LIVE_CONNECTIONS_PER_CALLER="4",
    )
    running.start()
    try:
        url = running.base_url
        ada = sign_up(url)
        channel = f"user:{ada.account.get().user.id}"
        key = ada.api_keys.create(name="live")
        header = {"authorization": f"Bearer {key.key}"}
        readers = [Reader(url, channel, headers=header) for _ in range(4)]
        for reader in readers:
            reader.__enter__()
        say(owner_dsn, channel, 1)
        # Nobody of the processes is told: one finds it by looking, once a second.
        assert numbers([reader.next() for reader in readers]) == [1] * 4
        assert _settled(lambda: _listeners(owner_dsn)) == 3
        ada.api_keys.revoke(key.id)
        for reader in readers:
            assert reader.next().type == "end"
            assert reader.ended.wait(30)
        with Reader(url, f"listing:{publish(ada).id}") as last:
            running.stop()
            assert last.next().type == "resume"
    finally:
        running.stop()
