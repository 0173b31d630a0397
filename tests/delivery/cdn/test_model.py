"""Routing's rules: near before far, idle before full, and only who may serve."""

from datetime import UTC, datetime, timedelta

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import given

from souk.delivery.cdn.countries import COUNTRIES
from souk.delivery.cdn.model import (
    NodeFacts,
    Spot,
    choose,
    distance_km,
    is_loopback,
    is_node_url,
    percentile_ms,
    state_of,
)
from souk.delivery.cdn.places import Places
from souk.delivery.cdn.settings import CdnSettings
from souk.edge.protocol import LATENCY_MS

NOW = datetime(2030, 1, 1, tzinfo=UTC)
REGIONS = {
    "na-east": Spot(39.0, -77.5),
    "na-west": Spot(37.4, -122.0),
    "eu-west": Spot(50.1, 8.7),
    "ap-south": Spot(19.1, 72.9),
    "ap-northeast": Spot(35.7, 139.7),
    "sa-east": Spot(-23.5, -46.6),
}
SPOTS = st.builds(Spot, st.floats(-90, 90), st.floats(-180, 180))


def node(region: str, *, name: str = "", load: float = 0.0, state: str = "ready") -> NodeFacts:
    made = NodeFacts(
        id=name or region,
        region=region,
        url=f"http://{region}",
        state="ready",
        load=load,
        latitude=REGIONS[region].latitude,
        longitude=REGIONS[region].longitude,
    )
    return msgspec.structs.replace(made, state=state)


ALL = [node(region) for region in REGIONS]


@pytest.mark.parametrize(
    ("country", "region"),
    [
        ("PT", "eu-west"),
        ("PL", "eu-west"),
        ("NG", "eu-west"),
        ("EG", "eu-west"),
        ("BR", "sa-east"),
        ("AR", "sa-east"),
        ("IN", "ap-south"),
        ("AE", "ap-south"),
        ("JP", "ap-northeast"),
        ("KR", "ap-northeast"),
        ("AU", "ap-northeast"),
        ("CA", "na-east"),
        ("MX", "na-west"),
    ],
)
def test_people_are_sent_to_the_region_next_to_them(country: str, region: str) -> None:
    assert choose(ALL, spot=COUNTRIES[country])[0].node.region == region


@given(SPOTS, SPOTS)
def test_distances_are_symmetric_and_no_further_than_round_the_globe(a: Spot, b: Spot) -> None:
    assert distance_km(a, b) == pytest.approx(distance_km(b, a), abs=1e-6)
    assert 0 <= distance_km(a, b) <= 20_016
    assert distance_km(a, a) == pytest.approx(0, abs=1e-3)


def test_distances_are_those_of_the_atlas() -> None:
    paris, tokyo = Spot(48.86, 2.35), Spot(35.68, 139.69)
    assert distance_km(paris, tokyo) == pytest.approx(9712, rel=0.01)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(list(REGIONS)),
            st.sampled_from(["joining", "ready", "draining", "down"]),
            st.floats(0, 1),
        ),
        max_size=12,
    ),
    st.one_of(st.none(), SPOTS),
    st.sets(st.sampled_from(list(REGIONS))),
    st.text(max_size=5),
)
def test_only_ready_nodes_of_allowed_regions_are_chosen_each_once(
    found: list[tuple[str, str, float]], spot: Spot | None, regions: set[str], thing: str
) -> None:
    nodes = [
        node(region, name=f"{region}-{number}", load=load, state=state)
        for number, (region, state, load) in enumerate(found)
    ]
    chosen = [c.node.id for c in choose(nodes, spot=spot, regions=regions, thing=thing)]
    able = {n.id for n in nodes if n.state == "ready" and (not regions or n.region in regions)}
    assert set(chosen) == able and len(chosen) == len(able)


def test_a_full_node_gives_way_to_the_next_region_but_not_to_the_end_of_the_world() -> None:
    nodes = [node("eu-west", load=1.0), node("na-east"), node("ap-northeast")]
    chosen = [c.node.region for c in choose(nodes, spot=COUNTRIES["PT"])]
    assert chosen == ["na-east", "eu-west", "ap-northeast"]


def test_equal_nodes_share_files_and_each_file_stays_with_one() -> None:
    pair = [node("eu-west", name="a"), node("eu-west", name="b")]
    first = {
        thing: choose(pair, spot=COUNTRIES["FR"], thing=thing)[0].node.id
        for thing in map(str, range(200))
    }
    assert 60 < sum(one == "a" for one in first.values()) < 140
    for thing, one in first.items():
        assert choose(pair[::-1], spot=COUNTRIES["FR"], thing=thing)[0].node.id == one


@pytest.mark.parametrize(
    ("wanted", "reported", "silent_for_s", "state"),
    [
        ("ready", "ready", 1, "ready"),
        ("ready", "ready", 11, "down"),
        ("draining", "ready", 1, "draining"),
        ("ready", "draining", 1, "draining"),
        ("ready", "down", 1, "down"),
        ("ready", "joining", 1, "joining"),
        ("ready", "ready", None, "joining"),
    ],
)
def test_states_follow_from_what_is_wanted_said_and_heard(
    wanted: str, reported: str, silent_for_s: int | None, state: str
) -> None:
    seen = None if silent_for_s is None else NOW - timedelta(seconds=silent_for_s)
    found = state_of(wanted=wanted, reported=reported, seen_at=seen, now=NOW, silent_s=10)
    assert found == state


def test_percentiles_are_upper_bounds() -> None:
    counts = [0] * (len(LATENCY_MS) + 1)
    assert percentile_ms(counts, 0.5) is None
    counts[LATENCY_MS.index(5)] = 90
    counts[LATENCY_MS.index(200)] = 9
    counts[-1] = 1
    assert [percentile_ms(counts, share) for share in (0.5, 0.95, 1.0)] == [5, 200, 1000]


def test_a_nodes_address_is_a_plain_origin() -> None:
    for good in ("http://a", "https://a.example.org:8443", "http://[::1]:8080"):
        assert is_node_url(good)
    for bad in (
        "",
        "a",
        "ftp://a",
        "http://",
        "http://a/b",
        "http://u@a",
        "http://a?x",
        "http://a b",
    ):
        assert not is_node_url(bad)


async def test_addresses_have_countries_where_the_data_know_one() -> None:
    places = Places()
    assert await places.country("81.2.69.142") == "GB"
    assert await places.country("2a02:8108::1") == "DE"
    for nowhere in ("127.0.0.1", "10.1.2.3", "::1", "fe80::1", "nonsense", "", "unknown"):
        assert await places.country(nowhere) is None
    assert places.spot("ZZ") is None and places.spot(None) is None
    assert len(COUNTRIES) >= 245


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.1", "::1"])
def test_a_machines_own_addresses_are_known(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", [None, "", "10.0.0.1", "0.0.0.0", "market.example.org", "::"])
def test_others_are_not_taken_for_them(host: str | None) -> None:
    assert not is_loopback(host)


def test_small_nodes_run_only_where_all_clients_are_on_this_machine() -> None:
    settings = CdnSettings()
    assert len(settings.regions_here("http://127.0.0.1:8000")) == 6
    assert settings.regions_here("https://market.example.org") == []
    assert settings.regions_here("http://0.0.0.0:8000") == []
