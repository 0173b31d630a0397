"""Search on the whole marketplace: what people say and do of a listing reaches its place."""

import time
from collections.abc import Callable
from urllib.parse import quote

import httpx
import pytest

from souk_client.contracts.commerce import OrderRequest
from souk_client.contracts.discovery import SearchHit
from souk_client.contracts.works import Compatibility, Metric
from souk_client.sdk import Souk, SoukApiError
from tests.market import connect, publish, sign_up

pytestmark = pytest.mark.database


def eventually(check: Callable[[], bool], *, within_s: float = 15) -> None:
    deadline = time.monotonic() + within_s
    while not check():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)


def hits(client: Souk, q: str, **params: object) -> list[SearchHit]:
    return client.discovery.search(q, **params).items  # type: ignore[arg-type]  # any of its filters


def test_stars_and_favourites_move_a_listing(base_url: str) -> None:
    seller = sign_up(base_url, "Zubaida Works")
    loved, other = (
        publish(seller, title=f"Zubaida {name}", price_minor=0) for name in ("loved", "other")
    )
    buyer = sign_up(base_url, "Grace Hopper")
    for listing, stars in ((loved, 5), (other, 1)):
        buyer.orders.create(OrderRequest(listing_id=listing.id))
        buyer.reviews.write(listing.id, stars=stars, text="")
    buyer.favourites.add(loved.id)

    def settled() -> bool:
        found = hits(buyer, "zubaida", sort="rating")
        return [one.listing.id for one in found] == [loved.id, other.id] and (
            found[0].favourites == 1
        )

    eventually(settled)
    found = hits(buyer, "zubaida rating:>3")
    assert found[0].rating is not None
    assert found[0].rating_count == 1


def test_what_a_listing_states_is_found_by_figures(base_url: str) -> None:
    seller = sign_up(base_url, "Ptolemy Models")
    publish(
        seller,
        kind="model",
        title="Ptolemy reader",
        task="image-classification",
        licence="MIT",
        price_minor=900,
        metrics=[Metric(name="accuracy", value=0.97), Metric(name="latency", value=4, unit="ms")],
        compatibility=Compatibility(frameworks=["onnx"], hardware=["gpu"], min_memory_gb=8),
        regions=["eu"],
    )
    anybody = connect(base_url)
    query = (
        "kind:model task:image-classification price:<10 license:mit accuracy:>0.9 latency:<50 "
        "size:<2gb framework:onnx hardware:gpu region:eu min_memory_gb=16 "
        '"ptolemy reader" -unwanted'
    )
    eventually(lambda: [one.listing.title for one in hits(anybody, query)] == ["Ptolemy reader"])
    answer = anybody.discovery.search(query)
    assert [part.field for part in answer.parsed] == [
        "kind", "task", "price", "licence", "accuracy", "latency", "size", "framework",
        "hardware", "region", "min_memory_gb",
    ]  # fmt: skip
    assert answer.text == '"ptolemy reader" -unwanted'
    assert hits(anybody, "ptolemy region:na") == []
    assert hits(anybody, "ptolemy", memory_gb=4) == []
    assert len(hits(anybody, "ptolemy", accuracy_min=0.95, region=["eu"])) == 1


def test_a_mistake_reaches_the_caller_with_its_place(base_url: str) -> None:
    with pytest.raises(SoukApiError) as raised:
        connect(base_url).discovery.search("digit taks:reading")
    problem = raised.value.problem
    assert (problem.code, problem.status) == ("query_invalid", 400)
    assert (problem.position, problem.length) == (6, 4)
    assert problem.suggestion == "digit task:reading"


@pytest.mark.parametrize("q", ["x" * 10_000, "a%00b", "%ed%a0%80", "%ff%fe", "a\tb", "💥" * 400])
def test_no_text_breaks_the_server(base_url: str, q: str) -> None:
    asked = q if "%" in q else quote(q)
    for path in ("search", "search/suggest"):
        answer = httpx.get(f"{base_url}/api/v1/{path}?q={asked}", timeout=20)
        assert answer.status_code in (200, 400, 414), answer.text
        assert answer.json()
