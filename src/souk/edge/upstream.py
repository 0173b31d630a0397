"""Where a node gets what it has not: a peer that should have it, else home."""

import hmac
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Final, Protocol
from urllib.parse import quote

import httpx
import msgspec

from souk.edge.protocol import (
    HOP_HEADER,
    LIST_HEADER,
    MAX_HOPS,
    NODE_HEADER,
    ROOT,
    TICKET_HEADER,
    Peer,
)
from souk.edge.rendezvous import ranked
from souk.edge.slices import SLICE_BYTES, Source
from souk.edge.tickets import EdgeTicket
from souk_client.proofs import ProofError
from souk_client.proofs.canonical import decode_base64url

_PEER_TIMEOUT: Final = httpx.Timeout(3.0, connect=0.5)
"""A peer that takes longer is passed by: home has everything."""


class UpstreamFailed(Exception):
    """Home or a peer did not give what was asked for.

    Args:
        status: what it answered; None when it did not answer.
    """

    def __init__(self, problem: str, *, status: int | None = None) -> None:
        super().__init__(problem)
        self.status = status


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A download as the cache sees it."""

    ticket: EdgeTicket
    text: str
    """The ticket as it came: whoever is asked for the bytes checks it too."""
    hops: int
    """How many nodes the request has come through before this one."""
    learn: Callable[[bytes], None] | None = None
    """Hears the list of slice hashes, not checked, when home sends it with the bytes."""


class Fetch(Protocol):
    """One place to fetch from."""

    @property
    def name(self) -> str: ...

    def slices(self, asked: Asked, first: int, count: int) -> AsyncIterator[bytes]:
        """The bytes of `count` slices from number `first`, one by one, not checked yet."""
        ...


class Home:
    """The marketplace itself: asked with the node's secret and the caller's ticket together."""

    name = "home"

    def __init__(
        self, client: httpx.AsyncClient, *, url: str, credential: Callable[[], str]
    ) -> None:
        self._client = client
        self._url = url
        self._credential = credential

    async def slice_list(self, asked: Asked) -> bytes:
        """The list of a file's slice hashes, not checked yet."""
        source = source_of(asked.ticket)
        address = f"{self._url}{ROOT}/slices/{source.sha256}"
        try:
            answer = await self._client.get(address, headers=self._headers(asked))
        except httpx.HTTPError as error:
            raise UpstreamFailed(f"home does not answer: {error!r}") from error
        if answer.status_code != 200:
            raise UpstreamFailed("home gives no list of slices", status=answer.status_code)
        return answer.content

    async def slices(self, asked: Asked, first: int, count: int) -> AsyncIterator[bytes]:
        source = source_of(asked.ticket)
        address = f"{self._url}{ROOT}/artifacts/{source.sha256}"
        headers = self._headers(asked)
        if asked.learn is not None:
            headers[LIST_HEADER] = "1"
        async for content in _slices(
            self._client, address, headers, source, first, count, learn=asked.learn
        ):
            yield content

    def _headers(self, asked: Asked) -> dict[str, str]:
        return {NODE_HEADER: self._credential(), TICKET_HEADER: asked.text}


class PeerNode:
    """Another node: asked as anybody asks it, with the caller's ticket."""

    def __init__(self, client: httpx.AsyncClient, peer: Peer, *, secret: str) -> None:
        self._client = client
        self._peer = peer
        self._secret = secret
        self.name = peer.node_id

    async def slices(self, asked: Asked, first: int, count: int) -> AsyncIterator[bytes]:
        source = source_of(asked.ticket)
        name = quote(asked.ticket.filename, safe="")
        address = f"{self._peer.url}/d/{asked.text}/{name}"
        headers = {HOP_HEADER: f"{asked.hops + 1}.{self._secret}"}
        async for content in _slices(
            self._client, address, headers, source, first, count, limits=_PEER_TIMEOUT
        ):
            yield content


class Upstreams:
    """Whom to ask: the peer that rendezvous hashing names in the region, the shield, home."""

    def __init__(self, client: httpx.AsyncClient, home: Home, *, region: str) -> None:
        self._client = client
        self.home = home
        self._region = region
        self._node_id = ""
        self._peers: tuple[Peer, ...] = ()
        self._shield = ""
        self._secret = ""

    def learn(
        self, *, node_id: str, peers: tuple[Peer, ...], shield_region: str, secret: str
    ) -> None:
        """Takes over what home says of the other nodes."""
        self._secret = secret
        self._node_id = node_id
        self._peers = peers
        self._shield = shield_region

    def hops_of(self, header: str | None) -> int:
        """How many nodes a request has come through; 0 when no node of ours sent it."""
        if header is None:
            return 0
        number, _, secret = header.partition(".")
        ours = bool(self._secret) and hmac.compare_digest(secret.encode(), self._secret.encode())
        return int(number) if ours and number.isdigit() and len(number) == 1 else 0

    def order(self, asked: Asked) -> list[Fetch]:
        """Whom to ask, in this order; home is always the last."""
        if asked.hops >= MAX_HOPS:
            return [self.home]
        allowed = asked.ticket.regions
        found: list[Fetch] = []
        for region in dict.fromkeys((self._region, self._shield)):
            if not region or (allowed and region not in allowed):
                continue
            if asked.hops and region == self._region:
                continue  # who asked us is of our region, and has named us
            owner = self._owner(region, asked.ticket.sha256)
            if owner is not None and owner.node_id == self._node_id:
                if region == self._shield:
                    return [self.home]
                continue
            if owner is not None:
                found.append(PeerNode(self._client, owner, secret=self._secret))
        return [*found, self.home]

    def _owner(self, region: str, sha256: str) -> Peer | None:
        nodes = {peer.node_id: peer for peer in self._peers if peer.region == region}
        if region == self._region and self._node_id not in nodes:
            nodes[self._node_id] = Peer(node_id=self._node_id, region=region, url="")
        names = ranked(sha256, nodes)
        return nodes[names[0]] if names else None


def source_of(ticket: EdgeTicket) -> Source:
    """The file of a ticket."""
    return Source(ticket.sha256, ticket.size_bytes, ticket.slices_root)


async def _slices(
    client: httpx.AsyncClient,
    address: str | httpx.URL,
    headers: dict[str, str],
    source: Source,
    first: int,
    count: int,
    *,
    limits: httpx.Timeout | None = None,
    learn: Callable[[bytes], None] | None = None,
) -> AsyncIterator[bytes]:
    start = first * SLICE_BYTES
    end = min((first + count) * SLICE_BYTES, source.size_bytes)
    whole = start == 0 and end == source.size_bytes
    sent = headers | {"accept-encoding": "identity"}
    if not whole:
        sent["range"] = f"bytes={start}-{end - 1}"
    held = bytearray()
    number = first
    try:
        async with client.stream(
            "GET", address, headers=sent, timeout=limits or client.timeout
        ) as answer:
            _check_answer(answer, whole=whole, start=start, end=end, size_bytes=source.size_bytes)
            if learn is not None and LIST_HEADER in answer.headers:
                with suppress(ProofError):  # then it is asked for by itself
                    learn(decode_base64url(answer.headers[LIST_HEADER], what="list"))
            async for chunk in answer.aiter_raw(2**18):
                held += chunk
                while number < first + count and len(held) >= source.length_of(number):
                    if number + 1 == first + count and len(held) > source.length_of(number):
                        raise UpstreamFailed("more bytes came than were asked for")
                    length = source.length_of(number)
                    content = bytes(held[:length])
                    del held[:length]
                    number += 1
                    yield content
            if source.size_bytes == 0:
                yield b""
                return
    except httpx.HTTPError as error:
        raise UpstreamFailed(f"the answer broke off: {error!r}") from error
    if number < first + count:
        raise UpstreamFailed("fewer bytes came than were promised")


def _check_answer(
    answer: httpx.Response, *, whole: bool, start: int, end: int, size_bytes: int
) -> None:
    if answer.status_code != (200 if whole else 206):
        raise UpstreamFailed("it was refused", status=answer.status_code)
    said = answer.headers.get("content-range", "")
    if not whole and said != f"bytes {start}-{end - 1}/{size_bytes}":
        raise UpstreamFailed(f"another range came: {said!r}")
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise UpstreamFailed("the bytes came encoded")
