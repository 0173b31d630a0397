"""A certificate's bundle: the certificate, its log entry, the proofs of that entry and the keys.

Canonical JSON with one newline at its end, as an evidence bundle is; a certificate's PDF carries it
as an attachment.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

import msgspec

from souk_client.proofs.canonical import canonical_json, read_canonical
from souk_client.proofs.certificate import CertificateFacts, verify_signature
from souk_client.proofs.checking import Findings, Proven, Verification, check_keys, check_proofs
from souk_client.proofs.entries import content_digest
from souk_client.proofs.errors import ProofError
from souk_client.proofs.keys import KeySet
from souk_client.proofs.parties import commit_party

CERTIFICATE_SUFFIX: Final = ".certificate.json"
ATTACHMENT: Final = "proof.certificate.json"
"""The name of the bundle within a certificate's PDF."""


class CertificateBundle(Proven, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A certificate, the log entry it rests on, and the proof that the log holds that entry."""

    format: Literal["souk-certificate/1"] = "souk-certificate/1"
    certificate: str
    """A compact JWS."""


def write_certificate(bundle: CertificateBundle) -> bytes:
    """The bundle's file."""
    return canonical_json(bundle) + b"\n"


def read_certificate_bundle(data: bytes) -> CertificateBundle:
    """The bundle in a file, without checking what it claims.

    Raises:
        ProofError: it is no bundle, or not exactly as it was written.
    """
    if not data.endswith(b"\n"):
        raise ProofError("The certificate is cut off: its last newline is missing.")
    return read_canonical(data[:-1], CertificateBundle, what="The certificate")


def is_certificate(data: bytes) -> bool:
    """Whether this file calls itself a certificate's bundle."""
    try:
        return msgspec.json.decode(data, type=_Format).format.startswith("souk-certificate/")
    except msgspec.DecodeError:
        return False


def verify_certificate(
    data: bytes, *, file_hashes: Mapping[str, str], trusted: KeySet, now: datetime
) -> Verification:
    """Checks a certificate's bundle with no server, and those of its files that are at hand.

    Whether it still holds, or was revoked, is not in it: its `check_url` says so.

    Args:
        data: the bundle's bytes.
        file_hashes: sha256 by path of the files that the caller holds; none are needed.
        trusted: the marketplace's keys, from a source the caller trusts.
        now: the moment at which the licence shall hold.
    """
    findings = Findings()
    bundle = findings.run("bundle", lambda: read_certificate_bundle(data), "is well formed")
    if bundle is None:
        return findings.outcome()
    findings.run("keys", lambda: check_keys(bundle.keys, trusted), "are the trusted ones")
    facts = findings.run(
        "certificate",
        lambda: verify_signature(bundle.certificate, trusted),
        "is signed by a trusted key",
    )
    head = check_proofs(findings, bundle, trusted)
    if facts is None:
        return findings.outcome(checkpoint=head)
    findings.run("term", lambda: _check_term(facts, now), "the licence holds now")
    findings.run("entry", lambda: _check_entry(facts, bundle.entry), "records this licence")
    _check_files(findings, facts, file_hashes)
    return findings.outcome(certificate=facts, checkpoint=head)


class _Format(msgspec.Struct, frozen=True):
    format: str = ""


def _check_term(facts: CertificateFacts, now: datetime) -> None:
    if now < facts.valid_from:
        raise ProofError(f"The licence begins only at {facts.valid_from.isoformat()}.")
    if facts.valid_until is not None and now >= facts.valid_until:
        raise ProofError(f"The licence ended at {facts.valid_until.isoformat()}.")


def _check_entry(facts: CertificateFacts, entry: Mapping[str, object]) -> None:
    expected = {
        "id": facts.provenance_entry_id,
        "listing_id": facts.listing_id,
        "licence_id": facts.licence_id,
        "version": facts.version,
        "content_sha256": content_digest(facts.files),
    }
    for member, value in expected.items():
        if entry.get(member) != value:
            raise ProofError(f"The log's entry has another {member} than the certificate.")
    if entry.get("kind") not in ("sold", "licensed", "transferred"):
        raise ProofError(f"The log's entry says {entry.get('kind')}, which grants no licence.")
    parties = {entry.get("actor_organisation_id"), entry.get("counterparty_organisation_id")}
    if facts.licensor.organisation_id not in parties and entry.get("kind") != "transferred":
        raise ProofError("The log's entry names another seller than the certificate.")
    if facts.holder is not None and facts.holder_salt is not None:
        commitment = commit_party(facts.holder.organisation_id, facts.holder_salt)
        if commitment not in parties:
            raise ProofError("The log's entry is about another holder than the certificate.")


def _check_files(
    findings: Findings, facts: CertificateFacts, file_hashes: Mapping[str, str]
) -> None:
    expected = {file.path: file.sha256 for file in facts.files}
    for path, found in file_hashes.items():
        if path not in expected:
            findings.fail(f"file {path}", "is not covered by the certificate.")
        elif expected[path] != found:
            said = f"has the sha256 {found}, the certificate says {expected[path]}."
            findings.fail(f"file {path}", said)
        else:
            findings.run(f"file {path}", lambda: None, "has the certified content")
