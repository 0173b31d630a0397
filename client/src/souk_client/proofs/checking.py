"""What evidence bundles and certificates share: an entry with its proofs, and their checks."""

from collections.abc import Callable
from typing import Annotated, TypeVar

import msgspec

from souk_client.proofs.certificate import CertificateFacts
from souk_client.proofs.checkpoint import Checkpoint, verify_checkpoint
from souk_client.proofs.entries import Sha256, leaf_hash_of
from souk_client.proofs.errors import ProofError
from souk_client.proofs.keys import KeySet
from souk_client.proofs.licence import LicenceFacts
from souk_client.proofs.merkle import verify_inclusion

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


class Proven(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An entry of the log, and the proof that the log holds it."""

    entry: dict[str, object]
    """The entry's members, as the log's leaf has them."""
    proof: InclusionProof
    checkpoint: str
    keys: KeySet
    """Only the keys that signed what is in it."""
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
    certificate: CertificateFacts | None = None
    checkpoint: Checkpoint | None = None

    @property
    def ok(self) -> bool:
        """Whether every check holds."""
        return all(check.ok for check in self.checks)


class Findings:
    """Collects checks; a failed one does not stop those after it."""

    def __init__(self) -> None:
        self._checks: list[Check] = []

    def run(self, name: str, step: Callable[[], T], found: str) -> T | None:
        """What a step answers; None when it raised ProofError, which is a failed check."""
        try:
            result = step()
        except ProofError as error:
            self.fail(name, str(error))
            return None
        self._checks.append(Check(name=name, ok=True, detail=found))
        return result

    def fail(self, name: str, reason: str) -> None:
        """Notes a failed check."""
        self._checks.append(Check(name=name, ok=False, detail=reason))

    def outcome(
        self,
        *,
        licence: LicenceFacts | None = None,
        certificate: CertificateFacts | None = None,
        checkpoint: Checkpoint | None = None,
    ) -> Verification:
        """Everything that was found."""
        return Verification(
            checks=tuple(self._checks),
            licence=licence,
            certificate=certificate,
            checkpoint=checkpoint,
        )


def check_proofs(findings: Findings, bundle: Proven, trusted: KeySet) -> Checkpoint | None:
    """Checks head, inclusion and anchor; the head when a trusted key signed it."""
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
    return head


def check_keys(offered: KeySet, trusted: KeySet) -> None:
    """Checks that a bundle's keys are the trusted ones. Raises ProofError."""
    if offered.origin != trusted.origin:
        raise ProofError(f"The bundle is of {offered.origin}; the keys are of {trusted.origin}.")
    if not offered.keys:
        raise ProofError("The bundle names no keys.")
    for key in offered.keys:
        if trusted.find(key.kid, purpose=key.purpose) != key:
            raise ProofError(f"The key {key.kid} differs from the trusted one.")


def _check_inclusion(bundle: Proven, head: Checkpoint) -> None:
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


def _check_anchor(anchor: ChainAnchor, bundle: Proven) -> None:
    verify_inclusion(
        leaf_hash_of(bundle.entry),
        leaf_index=bundle.proof.leaf_index,
        tree_size=anchor.tree_size,
        proof=[bytes.fromhex(digest) for digest in anchor.hashes],
        root=bytes.fromhex(anchor.root),
    )
