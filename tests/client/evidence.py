"""A small marketplace on paper: keys, a log, a licence and the bundle that proves it."""

import hashlib
from datetime import UTC, datetime

from souk_client import proofs
from souk_client.proofs import (
    Checkpoint,
    EntryBody,
    EvidenceBundle,
    InclusionProof,
    KeySet,
    LicenceFacts,
    LicensedFile,
    Party,
    SigningKey,
)

ORIGIN = "souk.example/log"
NOW = datetime(2026, 11, 21, 12, 0, 0, 250_000, tzinfo=UTC)
LICENCE_KEY = SigningKey.from_seed(b"L" * 32, purpose=proofs.LICENCE)
LOG_KEY = SigningKey.from_seed(b"P" * 32, purpose=proofs.LOG)
TRUSTED = KeySet(
    origin=ORIGIN,
    keys=(
        SigningKey.from_seed(b"T" * 32, purpose="token").public,
        LICENCE_KEY.public,
        LOG_KEY.public,
    ),
)
CONTENTS = {"README.md": b"# Iris\n", "weights/iris.onnx": b"\x08\x07" * 40}
FILES = tuple(
    LicensedFile(path=path, sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content))
    for path, content in CONTENTS.items()
)
FILE_HASHES = {file.path: file.sha256 for file in FILES}
BUYER, SELLER = "org_" + "b" * 26, "org_" + "s" * 26


def licence_facts(**changes: object) -> LicenceFacts:
    facts = {
        "licence_id": "lic_" + "0" * 26,
        "issuer": ORIGIN,
        "issued_at": NOW,
        "listing_id": "lst_" + "0" * 26,
        "address": "ada/iris",
        "version": "1.0.0",
        "licensor": Party(organisation_id=SELLER, name="Ada’s Models"),
        "licensee": Party(organisation_id=BUYER, name="Böttcher & Söhne"),
        "kind": "perpetual",
        "spdx": "Apache-2.0",
        "valid_from": NOW,
        "files": FILES,
        "provenance_entry_id": "prv_" + "0" * 26,
    }
    return LicenceFacts(**(facts | changes))


def sale_entry(**changes: object) -> EntryBody:
    entry = {
        "id": "prv_" + "0" * 26,
        "kind": "sold",
        "created_at": NOW,
        "listing_id": "lst_" + "0" * 26,
        "actor_organisation_id": BUYER,
        "counterparty_organisation_id": SELLER,
        "version": "1.0.0",
        "content_sha256": proofs.content_digest(FILES),
        "order_id": "ord_" + "0" * 26,
        "licence_id": "lic_" + "0" * 26,
    }
    return EntryBody(**(entry | changes))


def make_bundle(
    *,
    facts: LicenceFacts | None = None,
    entry: EntryBody | None = None,
    licence_key: SigningKey = LICENCE_KEY,
    log_key: SigningKey = LOG_KEY,
    origin: str = ORIGIN,
) -> EvidenceBundle:
    """A bundle whose entry is the sixth of eleven in the log."""
    body = entry or sale_entry()
    leaves = [b"another entry %d" % number for number in range(11)]
    leaves[5] = proofs.leaf_of(body)
    nodes = dict(proofs.append(0, (), [proofs.leaf_hash(leaf) for leaf in leaves]).nodes)
    head = Checkpoint(
        origin=origin,
        tree_size=11,
        root=proofs.root_of(leaves),
        signed_at_s=int(NOW.timestamp()),
    )
    return EvidenceBundle(
        licence=proofs.sign_licence(facts or licence_facts(), licence_key),
        entry=body.members(),
        proof=InclusionProof(
            leaf_index=5,
            tree_size=11,
            hashes=proofs.hex_of(proofs.inclusion_proof(nodes.__getitem__, 5, 11)),
        ),
        checkpoint=proofs.sign_checkpoint(head, log_key),
        keys=KeySet(origin=origin, keys=(licence_key.public, log_key.public)),
    )
