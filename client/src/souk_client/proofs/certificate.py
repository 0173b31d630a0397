"""Certificates of ownership: what a holder shows of a licence, signed.

A certificate names the holder only where the holder agrees to it.
"""

from typing import Final

import msgspec

from souk_client.proofs.entries import LicensedFile, Moment
from souk_client.proofs.errors import ProofError
from souk_client.proofs.keys import KeySet, SigningKey
from souk_client.proofs.licence import LicenceKind, Party, Positive
from souk_client.proofs.parties import Salt
from souk_client.proofs.signed import SignedForm


class CertificateFacts(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True
):
    """What a certificate says: that a licence for this content is held, and where to ask."""

    certificate_id: str
    check_url: str
    """Where anybody sees whether it still holds."""
    made_at: Moment
    issuer: str
    """The marketplace, by the origin of its key set."""
    licence_id: str
    listing_id: str
    address: str
    """`owner/slug`."""
    title: str
    version: str
    licensor: Party
    holder: Party | None = None
    """None: the holder does not want to be named."""
    holder_salt: Salt | None = None
    """Opens the entry's commitment to the holder; only where the holder is named."""
    kind: LicenceKind
    spdx: str | None = None
    valid_from: Moment
    valid_until: Moment | None = None
    """The first moment at which it no longer holds; None: for ever."""
    use_limit: Positive | None = None
    seats: Positive | None = None
    files: tuple[LicensedFile, ...]
    provenance_entry_id: str


def sign_certificate(facts: CertificateFacts, key: SigningKey) -> str:
    """The certificate's text.

    Raises:
        ProofError: the facts break their own rules.
    """
    return _FORM.sign(facts, key)


def read_certificate(text: str) -> tuple[CertificateFacts, str]:
    """The facts and the id of the key they name, without checking the signature.

    Raises:
        ProofError: it is no certificate.
    """
    return _FORM.read(text)


def verify_signature(text: str, trusted: KeySet) -> CertificateFacts:
    """The facts of a certificate that a trusted licence key signed.

    Raises:
        ProofError: another marketplace, an unknown key, a wrong signature or a malformed text.
    """
    return _FORM.verify(text, trusted)


def _check(facts: CertificateFacts) -> None:
    if (facts.holder is None) != (facts.holder_salt is None):
        raise ProofError("The certificate names a holder without the proof of it.")
    if facts.valid_until is not None and facts.valid_until <= facts.valid_from:
        raise ProofError("The licence ends before it begins.")
    if not facts.files or len({file.path for file in facts.files}) != len(facts.files):
        raise ProofError("The certificate names no files, or one path twice.")


_FORM: Final = SignedForm(
    CertificateFacts, typ="souk-certificate+jws", name="certificate", check=_check
)
