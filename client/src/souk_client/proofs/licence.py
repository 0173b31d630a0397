"""The signed licence file."""

from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec

from souk_client.proofs.entries import LicensedFile, Moment
from souk_client.proofs.errors import ProofError
from souk_client.proofs.keys import KeySet, SigningKey
from souk_client.proofs.parties import Salt
from souk_client.proofs.signed import SignedForm

LicenceKind = Literal["perpetual", "timed", "counted", "seats"]
Positive = Annotated[int, msgspec.Meta(ge=1)]


class Party(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An organisation as a licence names it."""

    organisation_id: str
    name: str


class LicenceFacts(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True
):
    """What a licence says: who may use which files of what, from when to when, how much."""

    licence_id: str
    issuer: str
    """The marketplace, by the origin of its key set."""
    issued_at: Moment
    listing_id: str
    address: str
    """`owner/slug`."""
    version: str
    licensor: Party
    licensee: Party
    kind: LicenceKind
    spdx: str | None = None
    """The SPDX expression of the work's own licence."""
    valid_from: Moment
    valid_until: Moment | None = None
    """The first moment at which it no longer holds; None: for ever."""
    use_limit: Positive | None = None
    """How many uses (kind `counted`)."""
    seats: Positive | None = None
    """How many people (kind `seats`)."""
    files: tuple[LicensedFile, ...]
    provenance_entry_id: str
    licensee_salt: Salt | None = None
    """Opens the entry's commitment to the licensee; None: the entry names the licensee by id."""


def sign_licence(facts: LicenceFacts, key: SigningKey) -> str:
    """The licence file's text.

    Raises:
        ProofError: the facts break their own rules (naive times, a kind without its limit, …).
    """
    return _FORM.sign(facts, key)


def read_licence(text: str) -> tuple[LicenceFacts, str]:
    """The facts of a licence file and the id of the key it names, without checking the signature.

    Raises:
        ProofError: it is not a licence file.
    """
    return _FORM.read(text)


def verify_licence(text: str, trusted: KeySet) -> LicenceFacts:
    """The facts of a licence file that a trusted licence key signed.

    Raises:
        ProofError: another marketplace, an unknown key, a wrong signature or a malformed file.
    """
    return _FORM.verify(text, trusted)


def check_term(facts: LicenceFacts, now: datetime) -> None:
    """Checks that the licence holds at this moment.

    Raises:
        ProofError: it has not begun, or is over.
    """
    if now < facts.valid_from:
        raise ProofError(f"The licence begins only at {facts.valid_from.isoformat()}.")
    if facts.valid_until is not None and now >= facts.valid_until:
        raise ProofError(f"The licence ended at {facts.valid_until.isoformat()}.")


def _check(facts: LicenceFacts) -> None:
    limits = {"timed": facts.valid_until, "counted": facts.use_limit, "seats": facts.seats}
    if limits.get(facts.kind, True) is None:
        raise ProofError(f"A {facts.kind} licence needs its limit.")
    if facts.valid_until is not None and facts.valid_until <= facts.valid_from:
        raise ProofError("The licence ends before it begins.")
    if not facts.files or len({file.path for file in facts.files}) != len(facts.files):
        raise ProofError("The licence names no files, or one path twice.")


_FORM: Final = SignedForm(LicenceFacts, typ="souk-licence+jws", name="licence", check=_check)
