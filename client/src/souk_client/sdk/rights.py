"""Licences, their files, and the provenance log."""

from collections.abc import Sequence
from types import NoneType
from typing import Literal

from souk_client.contracts.base import PageAnswer
from souk_client.contracts.delivery import LicensedFiles
from souk_client.contracts.rights import (
    ConsistencyProof,
    EntryKind,
    EventsAppended,
    EventsRequest,
    HashOwnership,
    InclusionProof,
    Licence,
    LicenceCheck,
    LicenceUse,
    NotedEvent,
    ProvenanceEntry,
    RevokeRequest,
    Seat,
    SeatRequest,
    TreeHead,
)
from souk_client.sdk.call import Call, Endpoint, Namespace, S, api


def list_licences(
    *,
    side: Literal["licensee", "licensor"] = "licensee",
    organisation_id: str | None = None,
    listing_id: str | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> Call[PageAnswer[Licence]]:
    """Licences the caller's organisations hold (or gave), newest first."""
    query = {
        "as": side,
        "organisation_id": organisation_id,
        "listing_id": listing_id,
        "cursor": cursor,
        "limit": limit,
    }
    return Call(method="GET", path=api("licences"), answer=PageAnswer[Licence], query=query)


def get_licence(licence_id: str) -> Call[Licence]:
    """A licence of the caller, as licensee or as licensor."""
    return Call(method="GET", path=api("licences", licence_id), answer=Licence)


def check_licence(licence_id: str) -> Call[LicenceCheck]:
    """Whether a licence is good now."""
    return Call(method="GET", path=api("licences", licence_id, "check"), answer=LicenceCheck)


def use_licence(licence_id: str, *, uses: int = 1) -> Call[LicenceCheck]:
    """Takes uses from a counted licence."""
    return Call(
        method="POST",
        path=api("licences", licence_id, "uses"),
        answer=LicenceCheck,
        body=LicenceUse(uses=uses),
    )


def list_seats(licence_id: str) -> Call[PageAnswer[Seat]]:
    """Who sits on a licence's seats."""
    return Call(method="GET", path=api("licences", licence_id, "seats"), answer=PageAnswer[Seat])


def give_seat(licence_id: str, *, user_id: str) -> Call[Seat]:
    """Seats a member of the holder's organisation."""
    return Call(
        method="POST",
        path=api("licences", licence_id, "seats"),
        answer=Seat,
        body=SeatRequest(user_id=user_id),
    )


def free_seat(licence_id: str, user_id: str) -> Call[None]:
    """Takes a seat back."""
    return Call(
        method="DELETE", path=api("licences", licence_id, "seats", user_id), answer=NoneType
    )


def revoke_licence(licence_id: str, *, reason: str) -> Call[Licence]:
    """Ends a licence for good; for the seller's managers."""
    return Call(
        method="POST",
        path=api("licences", licence_id, "revoke"),
        answer=Licence,
        body=RevokeRequest(reason=reason),
    )


def get_licence_file(licence_id: str, *, version: str | None = None) -> Call[bytes]:
    """The signed licence file: a compact JWS."""
    return Call(
        method="GET",
        path=api("licences", licence_id, "file"),
        answer=bytes,
        query={"version": version},
    )


def get_evidence(licence_id: str, *, version: str | None = None) -> Call[bytes]:
    """The evidence bundle, as it belongs in a `*.souk.json`.

    It covers the files of the version bought, or of a later one that is named. 409 `proof_pending`
    for up to a second after a sale; the client waits for that.
    """
    return Call(
        method="GET",
        path=api("licences", licence_id, "bundle"),
        answer=bytes,
        query={"version": version},
    )


def list_files(licence_id: str, *, version: str | None = None) -> Call[LicensedFiles]:
    """The files a licence opens, with addresses that work for a few minutes."""
    return Call(
        method="GET",
        path=api("licences", licence_id, "files"),
        answer=LicensedFiles,
        query={"version": version},
    )


def get_log(
    *,
    kind: EntryKind | None = None,
    listing_id: str | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> Call[PageAnswer[ProvenanceEntry]]:
    """Entries of the public log, newest first."""
    query = {"kind": kind, "listing_id": listing_id, "cursor": cursor, "limit": limit}
    return Call(
        method="GET",
        path=api("provenance", "log"),
        answer=PageAnswer[ProvenanceEntry],
        query=query,
    )


def get_entry(entry_id: str) -> Call[ProvenanceEntry]:
    """One entry of the log."""
    return Call(method="GET", path=api("provenance", "entries", entry_id), answer=ProvenanceEntry)


def get_checkpoint() -> Call[bytes]:
    """The newest head as a signed note, for monitors and witnesses."""
    return Call(method="GET", path=api("provenance", "checkpoint"), answer=bytes)


def get_head() -> Call[TreeHead]:
    """The newest signed head of the log."""
    return Call(method="GET", path=api("provenance", "head"), answer=TreeHead)


def get_proof(entry_id: str) -> Call[InclusionProof]:
    """The proof that the log holds an entry; 409 `proof_pending` for up to a second at first."""
    return Call(
        method="GET", path=api("provenance", "entries", entry_id, "proof"), answer=InclusionProof
    )


def get_consistency(*, first: int, second: int | None = None) -> Call[ConsistencyProof]:
    """The proof that the log of `second` entries begins with the log of `first`."""
    return Call(
        method="GET",
        path=api("provenance", "consistency"),
        answer=ConsistencyProof,
        query={"first": first, "second": second},
    )


def get_ownership(sha256: str) -> Call[HashOwnership]:
    """Who published a file first, by its hash."""
    return Call(method="GET", path=api("provenance", "by-hash", sha256), answer=HashOwnership)


def append_events(
    events: Sequence[NotedEvent], *, idempotency_key: str | None = None
) -> Call[EventsAppended]:
    """Appends what happened to works of yours, up to 1,000 at once, all or none."""
    return Call(
        method="POST",
        path=api("provenance", "events"),
        answer=EventsAppended,
        body=EventsRequest(events=list(events)),
        idempotency_key=idempotency_key,
    )


def get_keys() -> Call[bytes]:
    """The public keys of the marketplace's log and licences, as it publishes them."""
    return Call(method="GET", path="/.well-known/souk-keys.json", answer=bytes)


class Licences(Namespace[S]):
    """The right to use works."""

    list = Endpoint(list_licences)
    get = Endpoint(get_licence)
    check = Endpoint(check_licence)
    use = Endpoint(use_licence)
    file = Endpoint(get_licence_file)
    seats = Endpoint(list_seats)
    give_seat = Endpoint(give_seat)
    free_seat = Endpoint(free_seat)
    revoke = Endpoint(revoke_licence)
    evidence = Endpoint(get_evidence)
    files = Endpoint(list_files)


class Provenance(Namespace[S]):
    """The public log of what happened to works."""

    log = Endpoint(get_log)
    entry = Endpoint(get_entry)
    head = Endpoint(get_head)
    checkpoint = Endpoint(get_checkpoint)
    proof = Endpoint(get_proof)
    consistency = Endpoint(get_consistency)
    by_hash = Endpoint(get_ownership)
    append = Endpoint(append_events)
    keys = Endpoint(get_keys)
