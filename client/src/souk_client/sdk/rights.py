"""Licences, their files, and the provenance log."""

from souk_client.contracts.base import PageAnswer
from souk_client.contracts.delivery import LicensedFiles
from souk_client.contracts.rights import (
    ConsistencyProof,
    HashOwnership,
    InclusionProof,
    Licence,
    LicenceCheck,
    LicenceUse,
    ProvenanceEntry,
    TreeHead,
)
from souk_client.sdk.call import Call, Endpoint, Namespace, S, api


def list_licences(
    *, cursor: str | None = None, limit: int | None = None
) -> Call[PageAnswer[Licence]]:
    """The caller's licences, newest first."""
    query = {"cursor": cursor, "limit": limit}
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


def get_licence_file(licence_id: str) -> Call[bytes]:
    """The signed licence file: a compact JWS."""
    return Call(method="GET", path=api("licences", licence_id, "file"), answer=bytes)


def get_evidence(licence_id: str) -> Call[bytes]:
    """The evidence bundle, as it belongs in a `*.souk.json`.

    409 `proof_pending` for up to a second after a sale; the client waits for that.
    """
    return Call(method="GET", path=api("licences", licence_id, "bundle"), answer=bytes)


def list_files(licence_id: str, *, version: str | None = None) -> Call[LicensedFiles]:
    """The files a licence opens, with addresses that work for a few minutes."""
    return Call(
        method="GET",
        path=api("licences", licence_id, "files"),
        answer=LicensedFiles,
        query={"version": version},
    )


def get_log(
    *, cursor: str | None = None, limit: int | None = None
) -> Call[PageAnswer[ProvenanceEntry]]:
    """Entries of the public log, newest first."""
    query = {"cursor": cursor, "limit": limit}
    return Call(
        method="GET",
        path=api("provenance", "log"),
        answer=PageAnswer[ProvenanceEntry],
        query=query,
    )


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


def get_jwks() -> Call[bytes]:
    """The public keys of the marketplace's log and licences, as it publishes them."""
    return Call(method="GET", path="/.well-known/souk-keys.json", answer=bytes)


class Licences(Namespace[S]):
    """The right to use works."""

    list = Endpoint(list_licences)
    get = Endpoint(get_licence)
    check = Endpoint(check_licence)
    use = Endpoint(use_licence)
    file = Endpoint(get_licence_file)
    evidence = Endpoint(get_evidence)
    files = Endpoint(list_files)


class Provenance(Namespace[S]):
    """The public log of what happened to works."""

    log = Endpoint(get_log)
    head = Endpoint(get_head)
    proof = Endpoint(get_proof)
    consistency = Endpoint(get_consistency)
    by_hash = Endpoint(get_ownership)
    jwks = Endpoint(get_jwks)
