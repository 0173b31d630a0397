"""What the provenance log records, and the bytes of it that the log's tree holds."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Literal

import msgspec

from souk_client.proofs.canonical import canonical_json
from souk_client.proofs.merkle import leaf_hash

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""An aware time; written as RFC 3339."""
Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
"""64 lowercase hexadecimal digits."""

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


class EntryBody(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True
):
    """One event of a work. Public: it names sellers by id, buyers by commitment only.

    Members that do not apply are left out, of the JSON as well. Its leaf is its canonical JSON.
    """

    id: str
    kind: EntryKind
    created_at: Moment
    listing_id: str
    actor_organisation_id: str
    """Who did it: the seller publishes, the buyer buys. A buyer by commitment (`commit_party`)."""
    counterparty_organisation_id: str | None = None
    """The other side of a sale, licence or transfer."""
    version: str | None = None
    content_sha256: Sha256 | None = None
    """`content_digest` of the version's files."""
    file_sha256s: tuple[Sha256, ...] = ()
    """Each file that this event makes public, in the order of their paths."""
    order_id: str | None = None
    licence_id: str | None = None
    details: dict[str, str] = {}
    """Further facts, by name."""

    def members(self) -> dict[str, object]:
        """The entry as plain JSON data."""
        members: dict[str, object] = msgspec.to_builtins(self)
        return members


class LicensedFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A file of a version: where it lies, what it holds and how long it is."""

    path: str
    sha256: Sha256
    size_bytes: Annotated[int, msgspec.Meta(ge=0)]


def leaf_of(entry: EntryBody | Mapping[str, object]) -> bytes:
    """The bytes of an entry's leaf: its canonical JSON (RFC 8785).

    Raises:
        ProofError: the entry is not JSON data.
    """
    return canonical_json(entry)


def leaf_hash_of(entry: EntryBody | Mapping[str, object]) -> bytes:
    """The entry's leaf hash in the log's tree."""
    return leaf_hash(leaf_of(entry))


def content_digest(files: Iterable[LicensedFile]) -> str:
    """One hash for all files of a version, in hexadecimal.

    SHA-256 over the canonical JSON of the list of files, ordered by path.
    """
    ordered = sorted(files, key=lambda file: file.path)
    return hashlib.sha256(canonical_json(ordered)).hexdigest()
