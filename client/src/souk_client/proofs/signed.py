"""Documents that the marketplace signs: a JWS in compact form (RFC 7515) with EdDSA (RFC 8037).

Any JOSE library checks them with the marketplace's published keys. Header and payload are canonical
JSON, so one document has one form. All are signed by licence keys; the header's type tells them
apart, so that none is ever taken for another.
"""

from collections.abc import Callable
from typing import Final, Generic, Literal, Protocol, TypeVar

import msgspec

from souk_client.proofs.canonical import (
    canonical_json,
    decode_base64url,
    encode_base64url,
    read_canonical,
)
from souk_client.proofs.errors import ProofError
from souk_client.proofs.keys import LICENCE, KeySet, SigningKey

MEDIA_TYPE: Final = "application/jose"


class Facts(Protocol):
    """What a document says; at least, by whom."""

    @property
    def issuer(self) -> str: ...


F = TypeVar("F", bound=Facts)


class SignedForm(Generic[F]):
    """One kind of document.

    Args:
        facts: what it says.
        typ: the header's type; its own for every kind.
        name: what it is called in errors, such as "licence".
        check: rules of the facts; raises ProofError.
    """

    def __init__(
        self,
        facts: type[F],
        *,
        typ: str,
        name: str,
        check: Callable[[F], None] = lambda _: None,
    ) -> None:
        self._facts = facts
        self._typ = typ
        self._name = name
        self._check = check

    def sign(self, facts: F, key: SigningKey) -> str:
        """The document's text.

        Raises:
            ProofError: the facts break their own rules (naive times, …).
        """
        payload = canonical_json(facts)
        self._check(read_canonical(payload, self._facts, what=f"The {self._name}"))
        header = canonical_json(_Header(alg="EdDSA", kid=key.public.kid, typ=self._typ))
        signed = f"{encode_base64url(header)}.{encode_base64url(payload)}"
        return f"{signed}.{encode_base64url(key.sign(signed.encode()))}"

    def read(self, text: str) -> tuple[F, str]:
        """What a document says and the id of the key it names, without checking the signature.

        Raises:
            ProofError: it is no such document.
        """
        parts = text.split(".")
        if len(parts) != 3 or not text.isascii():
            raise ProofError(f"The {self._name} is not a compact JWS.")
        what = f"The {self._name}'s header"
        header = read_canonical(decode_base64url(parts[0], what=what), _Header, what=what)
        if header.typ != self._typ:
            raise ProofError(f"{what} says that it is a {header.typ!r}, not a {self._typ!r}.")
        what = f"The {self._name}'s payload"
        facts = read_canonical(decode_base64url(parts[1], what=what), self._facts, what=what)
        self._check(facts)
        return facts, header.kid

    def verify(self, text: str, trusted: KeySet) -> F:
        """What a document says that a trusted licence key signed.

        Raises:
            ProofError: another marketplace, an unknown key, a wrong signature or a malformed text.
        """
        facts, kid = self.read(text)
        if facts.issuer != trusted.origin:
            raise ProofError(f"The {self._name} is by {facts.issuer}, not by {trusted.origin}.")
        signed, _, signature = text.rpartition(".")
        what = f"The {self._name}'s signature"
        key = trusted.find(kid, purpose=LICENCE)
        key.verify(decode_base64url(signature, what=what), signed.encode())
        return facts


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    alg: Literal["EdDSA"]
    kid: str
    typ: str
