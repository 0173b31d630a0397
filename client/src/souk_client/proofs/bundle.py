"""Evidence bundles: one `*.souk.json` that proves a licence and its files with no server.

The file is canonical JSON (RFC 8785) with one newline at its end: any changed bit shows.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Final, Literal, TypeVar

import msgspec

from souk_client.proofs.canonical import canonical_json, read_canonical
from souk_client.proofs.checkpoint import Checkpoint, verify_checkpoint
from souk_client.proofs.entries import Sha256, content_digest, leaf_hash_of
from souk_client.proofs.errors import ProofError
from souk_client.proofs.keys import KeySet
from souk_client.proofs.licence import LicenceFacts, check_term, verify_licence
from souk_client.proofs.merkle import verify_inclusion
from souk_client.proofs.parties import commit_party

MAX_BUNDLE_BYTES: Final = 32 * 1024 * 1024
SUFFIX: Final = ".souk.json"
_GRANTS: Final = ("sold", "licensed", "transferred")

T = TypeVar("T")
Address = Annotated[str, msgspec.Meta(pattern="^0x[0-9a-f]{40}$")]
Count = Annotated[int, msgspec.Meta(ge=0)]


class InclusionProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where an entry stands in the log, and its audit path in the tree of `tree_size` entries."""

    leaf_index: Count
    tree_size: Count
    hashes: tuple[Sha256, ...]
    """From the leaf's sibling up."""


class ChainAnchor(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A head of the log that stands on a chain, and the entry's audit path in it."""

    chain_id: Count
    contract: Address
    """Of the contract `Anchor`."""
    account: Address
    """Who wrote it there."""
    tree_size: Count
    root: Sha256
    hashes: tuple[Sha256, ...]


class EvidenceBundle(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A licence file, the log entry it rests on, and the proof that the log holds that entry."""

    format: Literal["souk-evidence/1"] = "souk-evidence/1"
    licence: str
    entry: dict[str, object]
    """The entry's members, as the log's leaf has them."""
    proof: InclusionProof
    checkpoint: str
    keys: KeySet
    """Only the keys that signed the licence and the checkpoint."""
    anchor: ChainAnchor | msgspec.UnsetType = msgspec.UNSET
    """Left out while no head with the entry is final on a chain."""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was checked: its name, whether it holds, and what was found."""

    name: str
    ok: bool
    detail: str


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of verifying a bundle: every check, in order."""

    checks: tuple[Check, ...]
    licence: LicenceFacts | None = None
    checkpoint: Checkpoint | None = None

    @property
    def ok(self) -> bool:
        """Whether every check holds."""
        return all(check.ok for check in self.checks)


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
    findings = _Findings()
    bundle = findings.run("bundle", lambda: read_bundle(data), "is well formed")
    if bundle is None:
        return findings.outcome()
    findings.run("keys", lambda: _check_keys(bundle.keys, trusted), "are the trusted ones")
    facts = findings.run(
        "licence", lambda: verify_licence(bundle.licence, trusted), "is signed by a trusted key"
    )
    head = findings.run(
        "checkpoint",
        lambda: verify_checkpoint(bundle.checkpoint, trusted),
        "is signed by a trusted key",
    )
    if head is None:
        findings.fail("inclusion", "not checked: the checkpoint is not trusted.")
    else:
        findings.run("inclusion", lambda: _check_inclusion(bundle, head), "the log holds the entry")
    if bundle.anchor is not msgspec.UNSET:
        anchor = bundle.anchor
        findings.run(
            "anchor",
            lambda: _check_anchor(anchor, bundle),
            f"a head for chain {anchor.chain_id} holds the entry",
        )
    if facts is None:
        findings.fail("files", "not checked: the licence is not trusted.")
        return findings.outcome(checkpoint=head)
    findings.run("term", lambda: check_term(facts, now), "the licence holds now")
    findings.run("entry", lambda: _check_entry(facts, bundle.entry), "records this licence")
    _check_files(findings, facts, file_hashes)
    return findings.outcome(licence=facts, checkpoint=head)


class _Findings:
    """Collects checks; a failed one does not stop those after it."""

    def __init__(self) -> None:
        self._checks: list[Check] = []

    def run(self, name: str, step: Callable[[], T], found: str) -> T | None:
        try:
            result = step()
        except ProofError as error:
            self.fail(name, str(error))
            return None
        self._checks.append(Check(name=name, ok=True, detail=found))
        return result

    def fail(self, name: str, reason: str) -> None:
        self._checks.append(Check(name=name, ok=False, detail=reason))

    def outcome(
        self, *, licence: LicenceFacts | None = None, checkpoint: Checkpoint | None = None
    ) -> Verification:
        return Verification(checks=tuple(self._checks), licence=licence, checkpoint=checkpoint)


def _check_keys(offered: KeySet, trusted: KeySet) -> None:
    if offered.origin != trusted.origin:
        raise ProofError(f"The bundle is of {offered.origin}; the keys are of {trusted.origin}.")
    if not offered.keys:
        raise ProofError("The bundle names no keys.")
    for key in offered.keys:
        if trusted.find(key.kid, purpose=key.purpose) != key:
            raise ProofError(f"The key {key.kid} differs from the trusted one.")


def _check_inclusion(bundle: EvidenceBundle, head: Checkpoint) -> None:
    proof = bundle.proof
    if proof.tree_size != head.tree_size:
        raise ProofError("The proof is for another size of the log than the checkpoint.")
    verify_inclusion(
        leaf_hash_of(bundle.entry),
        leaf_index=proof.leaf_index,
        tree_size=head.tree_size,
        proof=[bytes.fromhex(digest) for digest in proof.hashes],
        root=head.root,
    )


def _check_anchor(anchor: ChainAnchor, bundle: EvidenceBundle) -> None:
    verify_inclusion(
        leaf_hash_of(bundle.entry),
        leaf_index=bundle.proof.leaf_index,
        tree_size=anchor.tree_size,
        proof=[bytes.fromhex(digest) for digest in anchor.hashes],
        root=bytes.fromhex(anchor.root),
    )


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


def _check_files(findings: _Findings, facts: LicenceFacts, file_hashes: Mapping[str, str]) -> None:
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
