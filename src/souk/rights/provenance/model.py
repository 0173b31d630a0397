"""What an entry is made of: pure, no I/O."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from souk.kernel.errors import Invalid
from souk.rights.provenance.api import NewEntry
from souk_client.proofs import EntryBody

_FILLED_IN = frozenset({"id", "kind", "created_at", "listing_id", "file_sha256s"})


def entry_body(new: NewEntry, *, entry_id: str, created_at: datetime) -> EntryBody:
    """The whole body of an entry.

    Raises:
        Invalid: `entry_invalid` when a member is unknown, missing, or not what it should be.
    """
    taken = _FILLED_IN & new.body.keys()
    if taken:
        raise Invalid("entry_invalid", f"The log fills in {', '.join(sorted(taken))} itself.")
    members: Mapping[str, object] = {
        **new.body,
        "id": entry_id,
        "kind": new.kind,
        "created_at": created_at,
        "listing_id": new.listing_id,
        "file_sha256s": tuple(dict.fromkeys(new.hashes)),
    }
    try:
        return msgspec.convert(members, EntryBody)
    except msgspec.ValidationError as error:
        raise Invalid("entry_invalid", f"The entry's body is wrong: {error}.") from error


def leaf_text(body: EntryBody) -> str:
    """The leaf, as text: what `souk_client.proofs.leaf_of` gives, many times faster.

    A body holds texts only, and its members have ASCII names, so that sorted JSON with no more
    escapes than needed is already canonical (RFC 8785); a property test holds the two together.

    Raises:
        Invalid: `entry_invalid` when it cannot be written: lone surrogates, NUL, other names.
    """
    try:
        leaf = msgspec.json.encode(body, order="sorted").decode()
    except UnicodeError as error:
        raise Invalid("entry_invalid", f"The entry cannot be written: {error}.") from error
    if "\\u0000" in leaf:
        raise Invalid("entry_invalid", "The entry holds NUL, which cannot be stored.")
    if not all(map(str.isascii, body.details)):
        raise Invalid("entry_invalid", "Details have ASCII names.")
    return leaf


def log_name(public_url: str) -> str:
    """The log's name by default: host and port (and path) of the marketplace's public address."""
    return public_url.partition("://")[2].rstrip("/")
