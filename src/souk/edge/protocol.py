"""What a node and home say to each other, as JSON over HTTP.

A node proves who it is by its secret in the header NODE_HEADER; home proves itself to a node by an
Ed25519 signature over the body. Neither trusts the address that it speaks to.
"""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from souk.edge.placements import MAX_REPORTED, Held, Placement
from souk.edge.sites import SiteNews
from souk_client.proofs import PublicKey

LOCAL_JOIN: Final = "edge-join"
"""The purpose of the secret that lets the marketplace's own small nodes join, again and again."""
ROOT: Final = "/_edge"
"""Below this are home's routes for nodes, and each node's routes for home."""
NODE_HEADER: Final = "souk-node"
"""`<node id>.<secret>`"""
TICKET_HEADER: Final = "souk-ticket"
LIST_HEADER: Final = "souk-slices"
"""A node that asks home for bytes asks with it for the list of slice hashes as well; in the answer
it is the list, base64url, unless it is longer than MAX_LIST_BYTES."""
MAX_LIST_BYTES: Final = 4096
HOP_HEADER: Final = "souk-edge-hop"
"""`<number>.<peer secret>`: how many nodes a request has come through; it ends after MAX_HOPS."""
MAX_HOPS: Final = 2
SIGNATURE_HEADER: Final = "souk-signature"
"""`<key id>.<base64url signature>` over COMMANDS_KIND and the body."""
COMMANDS_KIND: Final = b"souk-edge-commands-v1\0"
COMMANDS_LIVE_S: Final = 60
"""How old a signed message of home may be."""

NodeState = Literal["joining", "ready", "draining", "down"]
CommandKind = Literal["artifact", "url", "tag", "prefix", "all", "revoke", "sites"]


class JoinRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A node that wants to serve."""

    token: Annotated[str, Meta(min_length=16, max_length=200)]
    region: Annotated[str, Meta(max_length=20)]
    url: Annotated[str, Meta(max_length=200, pattern=r"^https?://[A-Za-z0-9.:\[\]-]+$")]
    """How downloaders reach it. It changes only by joining again: who steals a node's secret cannot
    lead downloaders elsewhere with it."""
    before: Annotated[str, Meta(max_length=200)] = ""
    """What it proved itself with so far, when it was a node already: it keeps its id."""


class JoinAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Who it is from now on."""

    node_id: str
    secret: str
    applied: int
    """The command after which it begins: an empty cache has nothing to forget."""


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """Something every node has to do, in the order of `number`.

    `artifact`, `url` (`/s/<site id>/path?query`), `tag`, `prefix` and `all` drop what is kept;
    `revoke` ends a licence; `sites` says that a site has changed: the next heartbeat tells.
    """

    number: int
    kind: CommandKind
    value: str


class SignedCommands(msgspec.Struct, frozen=True, kw_only=True):
    """What home pushes: commands after number `after`, for one node."""

    node_id: str
    issued_at: int
    """Unix seconds."""
    after: int
    commands: tuple[Command, ...]


class Applied(msgspec.Struct, frozen=True, kw_only=True):
    """Up to which command a node has done everything."""

    applied: int


class UsageLine(msgspec.Struct, frozen=True, kw_only=True):
    """What was served of one seller's in one minute."""

    minute: int
    """Unix seconds of its beginning."""
    organisation_id: str
    requests: int
    errors: int
    bytes_sent: int
    hit_bytes: int
    """Of these, what was in the cache."""
    latency: tuple[int, ...]
    """How many answers began within each bound of LATENCY_MS, the last for those beyond."""


LATENCY_MS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


class UsageBatch(msgspec.Struct, frozen=True, kw_only=True):
    """Lines that home has not confirmed yet; the same batch is sent until it has."""

    number: int
    lines: tuple[UsageLine, ...]


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True):
    """How a node is."""

    state: Literal["ready", "draining", "down"]
    """`down`: it ends now."""
    load: Annotated[float, Meta(ge=0, le=1)]
    """The share of its downloads that are under way."""
    downloads: Annotated[int, Meta(ge=0, le=10**9)]
    used_bytes: Annotated[int, Meta(ge=0, le=2**53)]
    cache_bytes: Annotated[int, Meta(ge=0, le=2**53)]
    damaged: Annotated[int, Meta(ge=0, le=2**53)]
    not_stored: Annotated[int, Meta(ge=0, le=2**53)]
    applied: Annotated[int, Meta(ge=0, le=2**53)]
    usage: UsageBatch | None = None
    sites: Annotated[int, Meta(ge=0, le=2**53)] = 0
    """Up to which number it knows what has changed about sites."""
    placements: Annotated[str, Meta(max_length=64)] = ""
    """What names the placements that it knows, as `placements.digest_of` gives it."""
    held: Annotated[tuple[Held, ...], Meta(max_length=MAX_REPORTED)] = ()
    """News of placed files."""


class Peer(msgspec.Struct, frozen=True, kw_only=True):
    """Another node that is ready."""

    node_id: str
    region: str
    url: str


class HeartbeatAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a node has to know."""

    now_ms: int
    """Home's clock, Unix milliseconds."""
    state: Literal["ready", "draining"]
    """What home wants the node to be."""
    commands: tuple[Command, ...]
    revoked: tuple[str, ...]
    """Licences that have ended lately: a node that was started since does not remember."""
    flush: bool
    """It has missed more than home remembers: everything goes, and it goes on from `newest`."""
    newest: int
    keys: tuple[PublicKey, ...]
    peers: tuple[Peer, ...]
    shield_region: str
    peer_secret: str
    """With it nodes know each other: their requests count as no download of anybody's."""
    usage_number: int
    """The last batch that is written down."""
    secret: str | None = None
    """The node's new secret; the old one ends when this one is first used."""
    sites: SiteNews | None = None
    """What has changed about sites since the number that the node named."""
    placements: tuple[Placement, ...] | None = None
    """All that is placed on the node, when that is not what it has named."""
