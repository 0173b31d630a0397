"""Rights: licences and provenance."""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta

from souk_client.contracts.base import Answer, Id, OwnerRef, Request, SemanticVersion
from souk_client.contracts.works import LicenceTerms

LicenceState = Literal["active", "expired", "used_up", "revoked"]


class Licence(Answer, frozen=True, kw_only=True):
    id: str
    state: LicenceState
    listing_id: str
    listing_address: str
    listing_title: str
    version: str | None
    """The version that was current when it was bought; later ones are included."""
    licensee: OwnerRef
    licensor: OwnerRef
    order_id: str | None
    spdx: str | None
    terms: LicenceTerms
    valid_from: datetime
    valid_until: datetime | None
    uses_left: int | None
    seats_used: int
    provenance_entry_id: str
    revoked_at: datetime | None = None
    revoked_reason: str | None = None


class LicenceUse(Request, frozen=True, kw_only=True):
    """Takes uses from a counted licence."""

    uses: Annotated[int, Meta(ge=1, le=10**9)] = 1


class LicenceCheck(Answer, frozen=True, kw_only=True):
    """Whether a licence is good now, and if not why."""

    licence_id: str
    good: bool
    state: LicenceState
    reason: str | None = None
    uses_left: int | None = None
    checked_at: datetime


class SeatRequest(Request, frozen=True, kw_only=True):
    """Gives a seat to a member of the licensee's organisation."""

    user_id: str


class Seat(Answer, frozen=True, kw_only=True):
    user_id: str
    name: str
    since: datetime


class RevokeRequest(Request, frozen=True, kw_only=True):
    reason: Annotated[str, Meta(min_length=1, max_length=500)]


EntryKind = Literal[
    "created",
    "edited",
    "published",
    "retired",
    "sold",
    "licensed",
    "transferred",
    "refunded",
    "revoked",
    "noted",
]


class ProvenanceEntry(Answer, frozen=True, kw_only=True):
    """One leaf of the log. `body` is what the leaf hash covers, as canonical JSON (RFC 8785)."""

    id: str
    kind: EntryKind
    body: dict[str, Any]  # the facts differ by kind; docs/reference/provenance.md lists them
    leaf_hash: str
    leaf_index: int | None
    """None until the sequencer has placed it, within a second."""
    created_at: datetime


class TreeHead(Answer, frozen=True, kw_only=True):
    """A signed state of the log."""

    origin: str
    tree_size: int
    root_hash: str
    created_at: datetime
    checkpoint: str
    """The same as a signed note (C2SP tlog-checkpoint)."""


class Anchor(Answer, frozen=True, kw_only=True):
    """A head of the log that stands on a chain, where nobody can change it."""

    chain: str
    chain_id: int
    contract: str
    """The address of the contract `Anchor`."""
    account: str
    """Who wrote it there: the log's account."""
    tree_size: int
    root_hash: str
    transaction_hash: str | None
    """Null while it is in no block."""
    block_number: int | None
    block_time: datetime | None
    final_at: datetime | None
    """When so many blocks stood on it that it stays; null until then."""


class AnchoredProof(Answer, frozen=True, kw_only=True):
    """That an anchored head covers an entry."""

    anchor: Anchor
    path: list[str]
    """Sibling hashes from the leaf to the anchored root, hex."""


class InclusionProof(Answer, frozen=True, kw_only=True):
    entry: ProvenanceEntry
    leaf_index: int
    path: list[str]
    """Sibling hashes from the leaf to the root, hex (RFC 9162 section 2.1.3)."""
    head: TreeHead
    anchored: AnchoredProof | None = None
    """By the first head with this entry that is final on a chain; null while there is none."""


class ConsistencyProof(Answer, frozen=True, kw_only=True):
    first: int
    second: int
    path: list[str]
    head: TreeHead


class HashOwnership(Answer, frozen=True, kw_only=True):
    """Who published these bytes first, and what happened to them since."""

    sha256: str
    first_published: ProvenanceEntry | None
    entries: list[ProvenanceEntry]


class NotedEvent(Request, frozen=True, kw_only=True):
    """Something that happened to a work, as its seller tells it. It becomes public for good."""

    listing_id: Id
    event: Annotated[str, Meta(pattern="^[a-z][a-z0-9_.-]{0,63}$", examples=["training.finished"])]
    version: SemanticVersion | None = None
    details: Annotated[
        dict[
            Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,39}$")],
            Annotated[str, Meta(max_length=500)],
        ],
        Meta(max_length=16),
    ] = {}
    """Further facts, texts by name; `event` is taken."""


class EventsRequest(Request, frozen=True, kw_only=True):
    events: Annotated[list[NotedEvent], Meta(min_length=1, max_length=1000)]


class EventsAppended(Answer, frozen=True, kw_only=True):
    entry_ids: list[str]
    """One for each event, in their order; a signed head covers them within a second."""
