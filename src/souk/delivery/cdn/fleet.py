"""Nodes: how they join, prove who they are, and exchange heartbeats with home."""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Final

import structlog

from souk.delivery.cdn import log_store, nodes_store, placement_store
from souk.delivery.cdn.errors import JoinTokenRefused, NodeRefused, NodeUnknown, RegionUnknown
from souk.delivery.cdn.model import is_node_url, state_of
from souk.delivery.cdn.nodes_store import NodeRow
from souk.delivery.cdn.settings import CdnSettings
from souk.delivery.cdn.site_news import site_news
from souk.edge.placements import Placement, digest_of
from souk.edge.protocol import (
    LOCAL_JOIN,
    Heartbeat,
    HeartbeatAnswer,
    JoinAnswer,
    JoinRequest,
    NodeState,
    Peer,
)
from souk.edge.tickets import MAX_LIFE_S
from souk.infra.http.limits import RateLimiter
from souk.infra.keyring import URLS, Keyring
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Invalid
from souk.kernel.ids import new_id
from souk_client.contracts.cdn import JoinToken, JoinTokenRequest, Node, Region

PERMISSION: Final = "marketplace:administer"
PEERS: Final = "edge-peers"
MAX_COMMANDS: Final = 500
_REFUSALS_PER_MINUTE: Final = 60
_TICKETS_ARE_OVER: Final = timedelta(seconds=2 * MAX_LIFE_S)

audit = structlog.get_logger("souk.audit")


class Fleet:
    """Who the nodes are."""

    def __init__(self, *, keyring: Keyring, settings: CdnSettings, home_url: str) -> None:
        self._keyring = keyring
        self._settings = settings
        self._home_url = home_url
        self._refusals = RateLimiter(_REFUSALS_PER_MINUTE)

    async def create_token(
        self, uow: UnitOfWork, actor: Actor, wanted: JoinTokenRequest
    ) -> JoinToken:
        """A token with which one node may join once.

        Raises:
            Invalid: `region_unknown`.
        """
        user_id = actor.require(PERMISSION)
        await self._check_region(uow, wanted.region)
        token = new_join_token()
        expires_at = uow.now + timedelta(minutes=wanted.minutes)
        await nodes_store.add_join_token(
            uow,
            digest=digest_of_token(token),
            region=wanted.region,
            created_by=user_id,
            expires_at=expires_at,
        )
        audit.info("a node may join", region=wanted.region, by=user_id)
        return JoinToken(
            token=token,
            region=wanted.region,
            expires_at=expires_at,
            command=f"SOUK_EDGE_HOME_URL={self._home_url} SOUK_EDGE_TOKEN={token} "
            f"souk edge --region {wanted.region}",
        )

    async def join(self, uow: UnitOfWork, asked: JoinRequest, *, address: str) -> JoinAnswer:
        """Takes a node in; one that was a node already keeps its id.

        Raises:
            Forbidden: `join_token_refused`. Invalid: `region_unknown`, `node_url_invalid`.
            TooMany: `rate_limited` after many refusals.
        """
        await self._check_region(uow, asked.region)
        if not is_node_url(asked.url):
            raise Invalid("node_url_invalid", "A node's address is http(s)://host or host:port.")
        local = hmac.compare_digest(
            asked.token.encode(), self._keyring.derive(LOCAL_JOIN).hex().encode()
        )
        if not local and not await nodes_store.use_join_token(
            uow, digest=digest_of_token(asked.token), region=asked.region
        ):
            self._refusals.count(address)
            raise JoinTokenRefused()
        secret = secrets.token_urlsafe(32)
        before = await self._known(uow, asked.before)
        log = await log_store.log(uow)
        if before is not None:
            node_id = before.id
            await nodes_store.join_again(
                uow, node_id, region=asked.region, url=asked.url, digest=digest_of_token(secret)
            )
        else:
            node_id = new_id("nod", uow.now)
            await nodes_store.add_node(
                uow,
                node_id=node_id,
                region=asked.region,
                url=asked.url,
                is_local=local,
                digest=digest_of_token(secret),
                applied=log.newest,
            )
        audit.info("a node joined", node=node_id, region=asked.region, url=asked.url)
        return JoinAnswer(node_id=node_id, secret=secret, applied=log.newest)

    async def admit(
        self, uow: UnitOfWork, credential: str | None, *, address: str, lock: bool = False
    ) -> NodeRow:
        """The node with this secret.

        Args:
            lock: whether its row is held until the transaction ends.

        Raises:
            Unauthenticated: `node_refused`. TooMany: `rate_limited` after many refusals.
        """
        node_id, _, secret = (credential or "").partition(".")
        node = await nodes_store.node(uow, node_id, lock=lock) if secret else None
        if node is not None:
            digest = digest_of_token(secret)
            if hmac.compare_digest(digest, node.secret_digest):
                return node
            if node.next_digest is not None and hmac.compare_digest(digest, node.next_digest):
                await nodes_store.take_secret(uow, node.id)
                return await nodes_store.node(uow, node.id, lock=lock) or node
            audit.warning("a node's secret is not good", node=node.id, address=address)
        self._refusals.count(address)
        raise NodeRefused()

    async def heartbeat(self, uow: UnitOfWork, node: NodeRow, beat: Heartbeat) -> HeartbeatAnswer:
        """Notes how a node is, and tells it what it has to know."""
        await nodes_store.note_heartbeat(uow, node.id, beat)
        if beat.usage is not None and beat.usage.number > node.usage_number:
            await log_store.add_usage(
                uow, node.id, number=beat.usage.number, lines=beat.usage.lines
            )
        await placement_store.note_held(uow, node.id, beat.held)
        log = await log_store.log(uow)
        # Ahead of the log: home was restored from a backup, and its numbers mean other commands.
        flush = not log.forgotten <= beat.applied <= log.newest
        after = log.newest if flush else beat.applied
        configuration = await log_store.configuration(uow)
        return HeartbeatAnswer(
            now_ms=int(uow.now.timestamp() * 1000),
            state="draining" if node.wanted == "draining" else "ready",
            commands=tuple(await log_store.commands_after(uow, after, limit=MAX_COMMANDS)),
            revoked=tuple(await log_store.revoked_since(uow, uow.now - _TICKETS_ARE_OVER)),
            flush=flush,
            newest=log.newest,
            keys=await self._keyring.verifiers(URLS),
            peers=await self._peers(uow),
            shield_region=configuration.shield_region,
            peer_secret=self._keyring.derive(PEERS).hex(),
            usage_number=max(node.usage_number, beat.usage.number if beat.usage else 0),
            secret=await self._fresh_secret(uow, node),
            sites=await site_news(uow, beat.sites),
            placements=await _placements(uow, node.id, beat.placements),
        )

    async def regions(self, uow: UnitOfWork, actor: Actor, *, region: str | None) -> list[Region]:
        """Regions with their nodes, all or one.

        Raises:
            Invalid: `region_unknown`.
        """
        actor.require(PERMISSION)
        log = await log_store.log(uow)
        rows = await nodes_store.nodes(uow)
        found = [
            Region(
                name=row.name,
                title=row.title,
                continent=row.continent,
                latitude=row.latitude,
                longitude=row.longitude,
                nodes=[
                    self._node(node, newest=log.newest, now=uow.now)
                    for node in rows
                    if node.region == row.name
                ],
            )
            for row in await nodes_store.regions(uow)
            if region in {None, row.name}
        ]
        if not found:
            raise RegionUnknown(region or "")
        return found

    async def node(self, uow: UnitOfWork, actor: Actor, node_id: str) -> Node:
        """One node. Raises NotFound `node_unknown`."""
        actor.require(PERMISSION)
        row = await nodes_store.node(uow, node_id)
        if row is None:
            raise NodeUnknown()
        log = await log_store.log(uow)
        return self._node(row, newest=log.newest, now=uow.now)

    async def change(self, uow: UnitOfWork, actor: Actor, node_id: str, *, state: str) -> None:
        """Drains a node, lets it serve again, or removes it: then its secret opens nothing.

        Raises:
            NotFound: `node_unknown`.
        """
        user_id = actor.require(PERMISSION)
        if not await nodes_store.want(uow, node_id, state):
            raise NodeUnknown()
        audit.info("a node's state was set", node=node_id, state=state, by=user_id)

    def state(self, row: NodeRow, now: datetime) -> NodeState:
        """What a node is at this moment."""
        return state_of(
            wanted=row.wanted,
            reported=row.reported,
            seen_at=row.seen_at,
            now=now,
            silent_s=self._settings.silent_s,
        )

    async def _known(self, uow: UnitOfWork, credential: str) -> NodeRow | None:
        node_id, _, secret = credential.partition(".")
        node = await nodes_store.node(uow, node_id, lock=True) if secret else None
        if node is None or not hmac.compare_digest(digest_of_token(secret), node.secret_digest):
            return None
        return node

    async def _peers(self, uow: UnitOfWork) -> tuple[Peer, ...]:
        return tuple(
            Peer(node_id=row.id, region=row.region, url=row.url)
            for row in await nodes_store.nodes(uow)
            if self.state(row, uow.now) == "ready"
        )

    async def _fresh_secret(self, uow: UnitOfWork, node: NodeRow) -> str | None:
        """Another secret, when the node's is old: its own one counts until it has used this."""
        if uow.now - node.secret_since < timedelta(hours=self._settings.secret_hours):
            return None
        secret = secrets.token_urlsafe(32)
        await nodes_store.offer_secret(uow, node.id, digest_of_token(secret))
        return secret

    async def _check_region(self, uow: UnitOfWork, name: str) -> None:
        if name not in {region.name for region in await nodes_store.regions(uow)}:
            raise RegionUnknown(name)

    def _node(self, row: NodeRow, *, newest: int, now: datetime) -> Node:
        return Node(
            id=row.id,
            region=row.region,
            url=row.url,
            state=self.state(row, now),
            is_local=row.is_local,
            joined_at=row.joined_at,
            seen_at=row.seen_at,
            load=row.load,
            downloads=row.downloads,
            used_bytes=row.used_bytes,
            cache_bytes=row.cache_bytes,
            damaged=row.damaged,
            not_stored=row.not_stored,
            behind=max(0, newest - row.applied),
        )


async def _placements(uow: UnitOfWork, node_id: str, known: str) -> tuple[Placement, ...] | None:
    """What is placed on a node; None when that is what it knows."""
    names = await placement_store.names_at(uow, node_id)
    if digest_of((one.sha256, one.number) for one in names) == known:
        return None
    return tuple(await placement_store.placed_at(uow, node_id))


def new_join_token() -> str:
    """A token with which a node may join, once its digest is stored."""
    return f"sej_{secrets.token_urlsafe(32)}"


def digest_of_token(secret: str) -> bytes:
    """What is kept of a token or secret."""
    return hashlib.sha256(secret.encode()).digest()
