"""Values that travel as signed text: in addresses and tokens, checked without asking anybody.

Such a text is `<payload>.<signature>`, both base64url: the payload is JSON, the signature Ed25519
by the marketplace's key of the purpose `urls`, over a prefix of the kind and the payload, so that
no kind passes for another.
"""

from typing import Protocol, TypeVar

import msgspec

from souk.infra.keyring.keyring import URLS, Keyring, KeyUnknown
from souk_client.proofs import ProofError
from souk_client.proofs.canonical import decode_base64url, encode_base64url


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """What a value that is signed as text begins with."""

    key_id: str = msgspec.field(name="k", default="")
    """The key that signed it; set by `sign_text`."""


class KeyNamed(Protocol):
    """A `Signed` value, or one of a layer below that names its key likewise."""

    @property
    def key_id(self) -> str: ...


S = TypeVar("S", bound=KeyNamed)


class NotSignedHere(Exception):
    """The text is malformed, of another kind, or nothing that this marketplace has signed."""


async def sign_text(keyring: Keyring, value: Signed, *, prefix: bytes = b"") -> str:
    """The value as signed text."""
    key = await keyring.current(URLS)
    signed = msgspec.structs.replace(value, key_id=key.public.kid)
    payload = encode_base64url(msgspec.json.encode(signed))
    return f"{payload}.{encode_base64url(key.sign(prefix + payload.encode()))}"


async def read_text(keyring: Keyring, text: str, kind: type[S], *, prefix: bytes = b"") -> S:
    """The value, once its signature is checked; whether it is still in time is for the caller.

    Raises:
        NotSignedHere: nobody here has signed this.
    """
    payload, _, signature = text.partition(".")
    try:
        value = msgspec.json.decode(decode_base64url(payload, what="text"), type=kind)
        key = await keyring.verifier(URLS, value.key_id)
        key.verify(decode_base64url(signature, what="signature"), prefix + payload.encode())
    except (ProofError, KeyUnknown, msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise NotSignedHere() from error
    return value
