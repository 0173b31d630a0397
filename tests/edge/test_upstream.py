"""Whom a node asks: its region's owner of a file, the shield, home; never in a circle."""

import hashlib
import itertools
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from souk.edge.protocol import MAX_HOPS, Peer
from souk.edge.slices import SLICE_BYTES
from souk.edge.upstream import Asked, Home, PeerNode, UpstreamFailed, Upstreams
from tests.edge.making import signed, ticket_for

PEERS = tuple(
    Peer(node_id=f"{region}-{name}", region=region, url=f"http://{region}-{name}")
    for region, name in itertools.product(("eu-west", "na-east"), "abc")
)
TICKETS = [ticket_for(f"file {number}".encode()) for number in range(40)]


def upstreams(node: str, *, shield: str = "") -> Upstreams:
    client = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(500)))
    home = Home(client, url="http://home", credential=lambda: "nod_1.secret")
    made = Upstreams(client, home, region=node.rpartition("-")[0])
    made.learn(node_id=node, peers=PEERS, shield_region=shield, secret="between us")
    return made


def order(node: str, ticket: Any, *, hops: int = 0, shield: str = "") -> list[str]:
    asked = Asked(ticket=ticket, text="t", hops=hops)
    return [place.name for place in upstreams(node, shield=shield).order(asked)]


def test_nodes_of_a_region_agree_on_who_should_have_a_file() -> None:
    for ticket in TICKETS:
        asked = {name: order(f"eu-west-{name}", ticket) for name in "abc"}
        owners = {places[0] for places in asked.values() if len(places) > 1}
        assert len(owners) == 1
        (owner,) = owners
        assert order(owner, ticket) == ["home"], "who should have it asks home"
        assert all(places[-1] == "home" for places in asked.values())


@pytest.mark.parametrize("shield", ["", "na-east", "eu-west"])
def test_no_chain_of_questions_is_longer_than_it_may_be(shield: str) -> None:
    for ticket in TICKETS:
        reached = [("eu-west-a", 0)]
        for node, hops in reached:
            for place in order(node, ticket, hops=hops, shield=shield):
                if place != "home":
                    assert hops + 1 <= MAX_HOPS
                    assert place != node
                    reached.append((place, hops + 1))
        assert len(reached) <= 4


def test_other_regions_fetch_through_the_shield() -> None:
    for ticket in TICKETS:
        places = order("eu-west-a", ticket, shield="na-east")
        assert places[-1] == "home"
        assert places[-2].startswith("na-east-")


def test_bytes_are_asked_for_only_where_they_may_lie() -> None:
    for ticket in TICKETS:
        bound = ticket_for(b"x", sha256=ticket.sha256, regions=("eu-west",))
        assert not [p for p in order("eu-west-a", bound, shield="na-east") if "na-east" in p]


def test_only_nodes_know_how_to_say_that_they_are_nodes() -> None:
    made = upstreams("eu-west-a")
    assert made.hops_of("1.between us") == 1
    for header in (None, "", "1", "1.", "1.guess", "between us", "x.between us", "99.between us"):
        assert made.hops_of(header) == 0


CONTENT = bytes(range(256)) * (2 * SLICE_BYTES // 256) + b"tail"


async def in_pieces(content: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(content), 100_000):
        yield content[at : at + 100_000]


def answering(change: Any) -> httpx.AsyncClient:
    """A peer that answers a range as it should, but for one thing."""

    def answer(request: httpx.Request) -> httpx.Response:
        start, _, end = request.headers["range"].removeprefix("bytes=").partition("-")
        content = CONTENT[int(start) : int(end) + 1]
        headers = {"content-range": f"bytes {start}-{end}/{len(CONTENT)}"}
        status, headers, content = change(206, headers, content)
        return httpx.Response(status, headers=headers, content=in_pieces(content))

    return httpx.AsyncClient(transport=httpx.MockTransport(answer))


async def fetched(client: httpx.AsyncClient) -> list[bytes]:
    ticket = ticket_for(CONTENT)
    peer = PeerNode(client, PEERS[0], secret="s")
    asked = Asked(ticket=ticket, text=signed(ticket), hops=0)
    return [content async for content in peer.slices(asked, 1, 2)]


async def test_a_range_comes_as_slices() -> None:
    slices = await fetched(answering(lambda *said: said))
    assert slices == [CONTENT[SLICE_BYTES : 2 * SLICE_BYTES], CONTENT[2 * SLICE_BYTES :]]
    assert hashlib.sha256(b"".join(slices)).digest()


@pytest.mark.parametrize(
    "change",
    [
        lambda status, headers, content: (200, headers, content),
        lambda status, headers, content: (416, headers, b""),
        lambda status, headers, content: (status, {}, content),
        lambda status, headers, content: (status, {"content-range": "bytes 0-1/2"}, content),
        lambda status, headers, content: (status, headers, content[:-1]),
        lambda status, headers, content: (status, headers, content + b"?"),
        lambda status, headers, content: (status, headers, b""),
        lambda status, headers, content: (
            status,
            {**headers, "content-encoding": "gzip"},
            content,
        ),
    ],
)
async def test_an_answer_that_is_not_what_was_asked_for_is_refused(change: Any) -> None:
    with pytest.raises(UpstreamFailed):
        await fetched(answering(change))
