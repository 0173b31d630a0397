"""The signed licence file and the evidence bundle: the shapes that `souk_client.proofs` checks."""

from msgspec import UNSET, UnsetType

from souk.infra.keyring import LICENCE, Keyring
from souk.rights.licences.store import LicenceRow
from souk_client.contracts.rights import InclusionProof
from souk_client.proofs import (
    ChainAnchor,
    EvidenceBundle,
    KeySet,
    LicenceFacts,
    LicensedFile,
    Party,
    sign_licence,
    signers,
    write_bundle,
)
from souk_client.proofs import InclusionProof as BundleProof


def facts_of(
    row: LicenceRow, files: tuple[LicensedFile, ...], *, version: str, issuer: str
) -> LicenceFacts:
    """What the licence file says about this version and its files."""
    return LicenceFacts(
        licence_id=row.id,
        issuer=issuer,
        issued_at=row.issued_at,
        listing_id=row.listing_id,
        address=row.listing_address,
        version=version,
        licensor=Party(organisation_id=row.licensor_id, name=row.licensor_name),
        licensee=Party(organisation_id=row.licensee_id, name=row.licensee_name),
        kind=row.kind,
        spdx=row.spdx,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        use_limit=row.use_limit,
        seats=row.seat_limit,
        files=files,
        provenance_entry_id=row.provenance_entry_id,
        licensee_salt=row.licensee_salt,
    )


async def licence_file(facts: LicenceFacts, keyring: Keyring) -> str:
    """The licence file's text, signed with the current key."""
    return sign_licence(facts, await keyring.current(LICENCE))


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


async def evidence(
    facts: LicenceFacts, proof: InclusionProof, *, keyring: Keyring, published: KeySet
) -> bytes:
    """The evidence bundle, with only the keys that signed what is in it."""
    key = await keyring.current(LICENCE)
    log_keys = signers(proof.head.checkpoint, published)
    bundle = EvidenceBundle(
        licence=sign_licence(facts, key),
        entry=proof.entry.body,
        proof=BundleProof(
            leaf_index=proof.leaf_index,
            tree_size=proof.head.tree_size,
            hashes=tuple(proof.path),
        ),
        checkpoint=proof.head.checkpoint,
        keys=KeySet(origin=published.origin, keys=(key.public, *log_keys)),
        anchor=_anchor(proof),
    )
    return write_bundle(bundle)
