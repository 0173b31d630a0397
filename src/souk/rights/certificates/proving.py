"""The signed certificate and its bundle: the shapes that `souk_client.proofs` checks."""

from datetime import datetime

from msgspec import UNSET, UnsetType

from souk.rights.provenance.api import InclusionProof
from souk_client.proofs import (
    CertificateBundle,
    CertificateFacts,
    ChainAnchor,
    KeySet,
    LicenceFacts,
    PublicKey,
    signers,
)
from souk_client.proofs import InclusionProof as BundleProof


def facts_of(
    licence: LicenceFacts,
    *,
    title: str,
    certificate_id: str,
    check_url: str,
    made_at: datetime,
    shows_holder: bool,
) -> CertificateFacts:
    """What the certificate says; who holds the licence only where they want that."""
    return CertificateFacts(
        certificate_id=certificate_id,
        check_url=check_url,
        made_at=made_at,
        issuer=licence.issuer,
        licence_id=licence.licence_id,
        listing_id=licence.listing_id,
        address=licence.address,
        title=title,
        version=licence.version,
        licensor=licence.licensor,
        holder=licence.licensee if shows_holder else None,
        holder_salt=licence.licensee_salt if shows_holder else None,
        kind=licence.kind,
        spdx=licence.spdx,
        valid_from=licence.valid_from,
        valid_until=licence.valid_until,
        use_limit=licence.use_limit,
        seats=licence.seats,
        files=licence.files,
        provenance_entry_id=licence.provenance_entry_id,
    )


def bundle_of(
    certificate: str, proof: InclusionProof, *, key: PublicKey, published: KeySet
) -> CertificateBundle:
    """The certificate with its proofs, and only the keys that signed what is in it."""
    return CertificateBundle(
        certificate=certificate,
        entry=proof.entry.body,
        proof=BundleProof(
            leaf_index=proof.leaf_index,
            tree_size=proof.head.tree_size,
            hashes=tuple(proof.path),
        ),
        checkpoint=proof.head.checkpoint,
        keys=KeySet(
            origin=published.origin, keys=(key, *signers(proof.head.checkpoint, published))
        ),
        anchor=_anchor(proof),
    )


def _anchor(proof: InclusionProof) -> ChainAnchor | UnsetType:
    if proof.anchored is None:
        return UNSET
    anchor = proof.anchored.anchor
    return ChainAnchor(
        chain_id=anchor.chain_id,
        contract=anchor.contract,
        account=anchor.account,
        tree_size=anchor.tree_size,
        root=anchor.root_hash,
        hashes=tuple(proof.anchored.path),
    )
