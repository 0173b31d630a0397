"""Evidence bundles: one `*.souk.json` that proves a licence and its files with no server.

The file is canonical JSON (RFC 8785) with one newline at its end: any changed bit shows.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

from souk_client.proofs.canonical import canonical_json, read_canonical
from souk_client.proofs.checking import Findings, Proven, Verification, check_keys, check_proofs
from souk_client.proofs.entries import content_digest
from souk_client.proofs.errors import ProofError
from souk_client.proofs.keys import KeySet
from souk_client.proofs.licence import LicenceFacts, check_term, verify_licence
from souk_client.proofs.parties import commit_party

MAX_BUNDLE_BYTES: Final = 32 * 1024 * 1024
SUFFIX: Final = ".souk.json"
_GRANTS: Final = ("sold", "licensed", "transferred")


class EvidenceBundle(Proven, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A licence file, the log entry it rests on, and the proof that the log holds that entry."""

    format: Literal["souk-evidence/1"] = "souk-evidence/1"
    licence: str


def write_bundle(bundle: EvidenceBundle) -> bytes:
    """The bundle's file."""
    return canonical_json(bundle) + b"\n"


def read_bundle(data: bytes) -> EvidenceBundle:
    """The bundle in a file, without checking what it claims.

    Raises:
        ProofError: it is no bundle, or not exactly as it was written.
    """
    if len(data) > MAX_BUNDLE_BYTES:
        raise ProofError(f"The bundle is longer than {MAX_BUNDLE_BYTES} bytes.")
    if not data.endswith(b"\n"):
        raise ProofError("The bundle is cut off: its last newline is missing.")
    return read_canonical(data[:-1], EvidenceBundle, what="The bundle")


def verify_bundle(
    data: bytes, *, file_hashes: Mapping[str, str], trusted: KeySet, now: datetime
) -> Verification:
    """Checks a bundle's file against the files beside it, with no server.

    Whether the licence was revoked since is not in a bundle: only the marketplace knows.

    Args:
        data: the bundle's bytes.
        file_hashes: sha256 in hexadecimal by path, of the files that the caller holds.
        trusted: the marketplace's keys, from a source the caller trusts (not from the bundle).
        now: the moment at which the licence shall hold.
    """
    findings = Findings()
    bundle = findings.run("bundle", lambda: read_bundle(data), "is well formed")
    if bundle is None:
        return findings.outcome()
    findings.run("keys", lambda: check_keys(bundle.keys, trusted), "are the trusted ones")
    facts = findings.run(
        "licence", lambda: verify_licence(bundle.licence, trusted), "is signed by a trusted key"
    )
    head = check_proofs(findings, bundle, trusted)
    if facts is None:
        findings.fail("files", "not checked: the licence is not trusted.")
        return findings.outcome(checkpoint=head)
    findings.run("term", lambda: check_term(facts, now), "the licence holds now")
    findings.run("entry", lambda: _check_entry(facts, bundle.entry), "records this licence")
    _check_files(findings, facts, file_hashes)
    return findings.outcome(licence=facts, checkpoint=head)


def _check_entry(facts: LicenceFacts, entry: Mapping[str, object]) -> None:
    expected = {
        "id": facts.provenance_entry_id,
        "listing_id": facts.listing_id,
        "licence_id": facts.licence_id,
    }
    if entry.get("version") == facts.version:  # a licence may since cover a later version too
        expected["content_sha256"] = content_digest(facts.files)
    for member, value in expected.items():
        if entry.get(member) != value:
            raise ProofError(f"The log's entry has another {member} than the licence.")
    if entry.get("kind") not in _GRANTS:
        raise ProofError(f"The log's entry says {entry.get('kind')}, which grants no licence.")
    licensee = facts.licensee.organisation_id
    if facts.licensee_salt is not None:
        licensee = commit_party(licensee, facts.licensee_salt)
    parties = {entry.get("actor_organisation_id"), entry.get("counterparty_organisation_id")}
    if parties != {licensee, facts.licensor.organisation_id}:
        raise ProofError("The log's entry names other parties than the licence.")


def _check_files(findings: Findings, facts: LicenceFacts, file_hashes: Mapping[str, str]) -> None:
    expected = {file.path: file.sha256 for file in facts.files}
    for path, sha256 in expected.items():
        found = file_hashes.get(path)
        if found is None:
            findings.fail(f"file {path}", "is missing.")
        elif found != sha256:
            findings.fail(f"file {path}", f"has the sha256 {found}, the licence says {sha256}.")
        else:
            findings.run(f"file {path}", lambda: None, "has the licensed content")
    for path in sorted(set(file_hashes) - set(expected)):
        findings.fail(f"file {path}", "is not covered by the licence.")
