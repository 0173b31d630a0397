"""The statement about a marked copy: which licence's mark it carries, and of which file it is.

A marked copy has another hash than the file that the licence names. This says so, signed, so that
nobody has to take either for the other.
"""

from typing import Final

import msgspec

from souk_client.proofs.entries import Moment
from souk_client.proofs.keys import KeySet, SigningKey
from souk_client.proofs.signed import SignedForm

MARK_SUFFIX: Final = ".mark.jws"
"""What the name of a statement ends with, beside its file."""


class MarkedCopyFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the statement says."""

    issuer: str
    licence_id: str
    path: str
    source_sha256: str
    """Of the file as it was published."""
    sha256: str
    """Of the copy with the mark in it."""
    issued_at: Moment


def sign_marked_copy(facts: MarkedCopyFacts, key: SigningKey) -> str:
    """The statement's text."""
    return _FORM.sign(facts, key)


def verify_marked_copy(text: str, trusted: KeySet) -> MarkedCopyFacts:
    """What a statement says that a trusted licence key signed.

    Raises:
        ProofError: another marketplace, an unknown key, a wrong signature, or no statement.
    """
    return _FORM.verify(text.strip(), trusted)


_FORM: Final = SignedForm(MarkedCopyFacts, typ="souk-marked-copy+jws", name="statement")
