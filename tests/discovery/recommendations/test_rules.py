"""The rules of recommending by themselves."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from souk.discovery.recommendations.model import (
    COMPANIONS,
    MOST_COMPANIONS,
    WEIGHTS,
    Seed,
    companions_near,
    fuse,
    names_dataset,
    seeds_of,
    spread,
)
from souk.discovery.search.api import NearListing
from souk_client.contracts.base import ListingKind, OwnerRef
from souk_client.contracts.works import ListingSummary

ids = st.lists(st.sampled_from([f"l{n}" for n in range(12)]), unique=True)
sold = st.lists(st.tuples(st.integers(), st.sampled_from("abcd")), max_size=60)


@given(st.lists(st.tuples(st.floats(0.1, 2), ids), max_size=4))
def test_fusion_keeps_everything_once_and_prefers_what_all_prefer(
    rankings: list[tuple[float, list[str]]],
) -> None:
    fused = [listing for listing, _ in fuse(rankings)]
    assert sorted(fused) == sorted({one for _, ranking in rankings for one in ranking})
    for first in fused:
        for second in fused:
            if first != second and all(
                first in ranking
                and (second not in ranking or ranking.index(first) < ranking.index(second))
                for _, ranking in rankings
            ):
                assert fused.index(first) < fused.index(second)


@given(sold, st.integers(1, 20))
def test_no_seller_takes_more_than_their_share_while_others_are_left(
    ranked: list[tuple[int, str]], limit: int
) -> None:
    shown = spread([((n, at), seller) for at, (n, seller) in enumerate(ranked)], limit=limit)
    assert len(shown) == min(limit, len(ranked))
    assert len(set(shown)) == len(shown)
    most = max(2, -(-limit // 3))
    sellers = [ranked[at][1] for _, at in shown]
    left = [seller for at, (_, seller) in enumerate(ranked) if at not in {p for _, p in shown}]
    for seller in set(sellers):
        if sellers.count(seller) > most:
            assert all(sellers.count(other) >= most for other in set(left))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(list(WEIGHTS))), max_size=20))
def test_a_listing_is_one_seed_with_its_strongest_signal(done: list[tuple[str, str]]) -> None:
    seeds = seeds_of([Seed(one, kind, WEIGHTS[kind]) for one, kind in done], limit=50)  # type: ignore[arg-type,index]  # drawn from the signals themselves
    assert [seed.listing_id for seed in seeds] == list(dict.fromkeys(one for one, _ in done))
    for seed in seeds:
        own = [WEIGHTS[kind] for one, kind in done if one == seed.listing_id]  # type: ignore[index]  # as above
        assert WEIGHTS[seed.signal] == max(own)
        assert abs(seed.weight - sum(own)) < 1e-9


def test_a_metric_names_its_dataset_in_more_words_or_fewer() -> None:
    assert names_dataset("Wine chemistry, test split", "Wine Chemistry")
    assert names_dataset("Iris flowers", "Iris Flowers (Fisher 1936)")
    assert not names_dataset("Wine chemistry", "Wine labels")
    assert not names_dataset("", "Iris")
    assert not names_dataset("a", "A model of everything")


def test_companions_are_of_other_kinds() -> None:
    for kind, others in COMPANIONS.items():
        assert kind not in others and others


def near(name: str, kind: ListingKind, cosine: float) -> NearListing:
    listing = ListingSummary(
        id=name,
        address=f"ada/{name}",
        owner=OwnerRef(id="org_x", slug="ada", name="Ada"),
        kind=kind,
        title=name,
        summary="",
        licence="MIT",
        task="",
        tags=[],
        state="published",
        price_minor=0,
        currency="USD",
        version="1.0.0",
        sales=0,
        downloads=0,
        updated_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    return NearListing(listing=listing, cosine=cosine)


def test_only_what_is_near_goes_with_a_work() -> None:
    found = [near("iris-data", "dataset", 0.7), near("other-model", "model", 0.6)]
    far = [near(f"unrelated-{n}", "dataset", 0.4 - n / 10) for n in range(3)]
    assert companions_near([*found, *far], COMPANIONS["model"]) == ["iris-data"]
    assert companions_near(far, COMPANIONS["model"]) == [], "rather none than any"
    many = [near(f"near-{n}", "dataset", 0.9) for n in range(9)]
    assert len(companions_near(many, COMPANIONS["model"])) == MOST_COMPANIONS
