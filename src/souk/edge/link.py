"""The node's link to home: it joins once, then says how it is and hears what it has to know."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

import httpx
import msgspec
import structlog

from souk.edge.clock import HomeClock
from souk.edge.commands import Commands
from souk.edge.identity import Identity, read_identity, write_identity
from souk.edge.placing import Placing
from souk.edge.protocol import (
    NODE_HEADER,
    ROOT,
    Heartbeat,
    HeartbeatAnswer,
    JoinAnswer,
    JoinRequest,
    NodeState,
)
from souk.edge.settings import EdgeSettings
from souk.edge.sites import Sites
from souk.edge.store import SliceStore
from souk.edge.tickets import TicketReader
from souk.edge.upstream import Upstreams
from souk.edge.usage import Usage
from souk.infra.waiting import waited

_TIMEOUT: Final = httpx.Timeout(5.0, connect=2.0)
_JOIN_PAUSE_S: Final = 1.0
_REFUSED: Final = frozenset({401, 403})

log = structlog.get_logger("souk.edge")


class JoinRefused(Exception):
    """Home does not take this node; the message says why."""


class Link:
    """Joins, and exchanges heartbeats until the node ends."""

    def __init__(
        self,
        settings: EdgeSettings,
        *,
        client: httpx.AsyncClient,
        clock: HomeClock,
        store: SliceStore,
        commands: Commands,
        usage: Usage,
        reader: TicketReader,
        upstreams: Upstreams,
        sites: Sites,
        placing: Placing,
        downloads: Callable[[], int],
    ) -> None:
        self._settings = settings
        self._client = client
        self._clock = clock
        self._store = store
        self._commands = commands
        self._usage = usage
        self._reader = reader
        self._upstreams = upstreams
        self._sites = sites
        self._placing = placing
        self._downloads = downloads
        self._identity: Identity | None = None
        self._home = settings.home_url.rstrip("/")
        self._now = asyncio.Event()
        self.state: NodeState = "joining"
        self.url = ""

    @property
    def node_id(self) -> str:
        return self._identity.node_id if self._identity is not None else ""

    def credential(self) -> str:
        """What the node proves itself with to home."""
        return self._identity.credential if self._identity is not None else ""

    async def join(self) -> None:
        """Becomes a node of home; waits for a home that does not answer yet.

        Raises:
            JoinRefused: home answers, and refuses.
        """
        self._identity = await asyncio.to_thread(read_identity, self._file, home_url=self._home)
        if self._identity is not None:
            await asyncio.to_thread(self._sites.load)
        known = self._commands.load()
        if self._identity is not None and known and self._identity.url == self.url:
            return
        asked = JoinRequest(
            token=self._settings.token,
            region=self._settings.region,
            url=self.url,
            before=self.credential(),
        )
        answer = await self._until_answered(f"{self._home}{ROOT}/join", msgspec.json.encode(asked))
        if answer.status_code != 200:
            raise JoinRefused(_words(answer))
        found = msgspec.json.decode(answer.content, type=JoinAnswer)
        was_known = known and self._identity is not None and self._identity.node_id == found.node_id
        await self._keep(
            Identity(node_id=found.node_id, secret=found.secret, home_url=self._home, url=self.url)
        )
        if not was_known:
            await self._commands.flush(found.applied)

    async def run(self) -> None:
        """Heartbeats; without an answer the node goes on serving what it has."""
        quiet = False
        while True:
            try:
                await self.beat()
                quiet = False
            except (httpx.HTTPError, msgspec.MsgspecError, OSError) as error:
                if not quiet:
                    log.warning("home does not answer; this node goes on", problem=repr(error))
                quiet = True
            await waited(self._now, self._settings.heartbeat_s)
            self._now.clear()

    def hurry(self) -> None:
        """The next heartbeat goes out now."""
        self._now.set()

    async def beat(self, state: Literal["ready", "draining", "down"] | None = None) -> None:
        """One heartbeat and what its answer asks for.

        Raises:
            httpx.HTTPError: home does not answer, or refuses.
        """
        facts = self._store.facts()
        beat = Heartbeat(
            state=state or ("draining" if self.state == "draining" else "ready"),
            load=min(1.0, self._downloads() / self._settings.downloads),
            downloads=self._downloads(),
            used_bytes=facts.used_bytes,
            cache_bytes=self._settings.cache_bytes,
            damaged=facts.damaged,
            not_stored=facts.not_stored,
            applied=self._commands.applied,
            usage=self._usage.batch(),
            sites=self._sites.number,
            placements=self._placing.digest,
            held=self._placing.report(),
        )
        sent_s = self._clock.own()
        response = await self._client.post(
            f"{self._home}{ROOT}/heartbeat",
            content=msgspec.json.encode(beat),
            headers={NODE_HEADER: self.credential(), "content-type": "application/json"},
            timeout=_TIMEOUT,
        )
        received_s = self._clock.own()
        if response.status_code in _REFUSED and self.state != "down":
            # Removed, or its secret was used up by somebody else: nothing is served any more.
            log.error("home does not know this node any more", answer=_words(response))
            self.state = "down"
        response.raise_for_status()
        answer = msgspec.json.decode(response.content, type=HeartbeatAnswer)
        self._clock.hear(answer.now_ms / 1000, sent_s=sent_s, received_s=received_s)
        self._placing.told(beat.held)
        await self._take(answer, applied=beat.applied)

    async def _take(self, answer: HeartbeatAnswer, *, applied: int) -> None:
        self._reader.trust(answer.keys)
        self._usage.confirmed(answer.usage_number)
        self._upstreams.learn(
            node_id=self.node_id,
            peers=answer.peers,
            shield_region=answer.shield_region,
            secret=answer.peer_secret,
        )
        self._commands.revoke(answer.revoked, now_s=self._clock.now_s())
        if answer.flush:
            await self._commands.flush(answer.newest)
        if answer.sites is not None:
            try:
                await asyncio.to_thread(self._sites.take, answer.sites)
            except OSError as error:  # a full disk: they count, and home says them again
                log.warning("what home says of sites was not kept", problem=str(error))
            if answer.sites.more:
                self.hurry()
        if answer.placements is not None:
            await self._placing.take(answer.placements)
        await self._commands.apply(answer.commands, after=applied, now_s=self._clock.now_s())
        if answer.secret is not None and self._identity is not None:
            await self._keep(msgspec.structs.replace(self._identity, secret=answer.secret))
        self.state = answer.state

    async def _keep(self, identity: Identity) -> None:
        await asyncio.to_thread(write_identity, self._file, identity)
        self._identity = identity

    async def _until_answered(self, address: str, body: bytes) -> httpx.Response:
        said = False
        while True:
            try:
                response = await self._client.post(
                    address,
                    content=body,
                    headers={"content-type": "application/json"},
                    timeout=_TIMEOUT,
                )
                if response.status_code < 500 and response.status_code != 429:
                    return response
            except httpx.HTTPError as error:
                if not said:
                    log.info("waiting for the marketplace", home=self._home, problem=repr(error))
                said = True
            await asyncio.sleep(_JOIN_PAUSE_S)

    @property
    def _file(self) -> Path:
        return self._settings.folder / "identity.json"


def _words(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"status {answer.status_code}"
