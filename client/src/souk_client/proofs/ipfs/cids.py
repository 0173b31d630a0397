"""Content identifiers (CID): reading and writing them, version 0 and 1.

Understood are the codecs raw and dag-pb over sha2-256, and identity, where the content is in the
name itself. Source: the CID, multibase and multihash specifications of the multiformats project.
"""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from souk_client.proofs.errors import ProofError
from souk_client.proofs.ipfs.varint import encode_varint, read_varint

RAW: Final = 0x55
DAG_PB: Final = 0x70
SHA2_256: Final = 0x12
IDENTITY: Final = 0x00
MAX_CID_CHARACTERS: Final = 256
MAX_IDENTITY_BYTES: Final = 128

_CODECS: Final = frozenset({RAW, DAG_PB})
_DIGEST_BYTES: Final = 32
_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BASE36: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_V0_CHARACTERS: Final = 46


@dataclass(frozen=True, slots=True)
class Cid:
    """The name of a block."""

    codec: int
    digest: bytes
    """The sha2-256 of the block; of an identity CID the block itself."""
    hash_code: int = SHA2_256
    version: int = 1

    @property
    def binary(self) -> bytes:
        """As it stands in links and CAR files."""
        hashed = encode_varint(self.hash_code) + encode_varint(len(self.digest)) + self.digest
        if self.version == 0:
            return hashed
        return b"\x01" + encode_varint(self.codec) + hashed

    def names(self, block: bytes) -> bool:
        """Whether this is the name of these bytes."""
        if self.hash_code == IDENTITY:
            return self.digest == block
        return hashlib.sha256(block).digest() == self.digest

    def __str__(self) -> str:
        if self.version == 0:
            return _to_base58(self.binary)
        return "b" + base64.b32encode(self.binary).decode().lower().rstrip("=")


def raw_cid(digest: bytes) -> Cid:
    """The name of a leaf."""
    return Cid(RAW, digest)


def node_cid(block: bytes) -> Cid:
    """The name of a dag-pb block."""
    return Cid(DAG_PB, hashlib.sha256(block).digest())


def parse_cid(text: str) -> Cid:
    """A CID from its text, of any version and of the usual bases.

    Raises:
        ProofError: it is none, or of a codec or hash that is not understood.
    """
    if not 2 <= len(text) <= MAX_CID_CHARACTERS or not text.isascii():
        raise _unreadable(text)
    if len(text) == _V0_CHARACTERS and text.startswith("Qm"):
        binary = _from_base(text, _BASE58)
        if len(binary) != _DIGEST_BYTES + 2:
            raise _unreadable(text)
    else:
        decode = _BASES.get(text[0])
        if decode is None:
            raise ProofError(
                f"{text[:80]!r} is no CID: its base is none of {', '.join(_BASES)} (multibase)."
            )
        try:
            binary = decode(text[1:])
        except ValueError:
            raise _unreadable(text) from None
    cid, end = read_cid(binary, 0)
    if end != len(binary) or (cid.version == 0 and not text.startswith("Qm")):
        raise _unreadable(text)
    return cid


def read_cid(content: bytes | memoryview, at: int) -> tuple[Cid, int]:
    """The binary CID at `at`, and where it ends.

    Raises:
        ProofError: there is none, or it is of a codec or hash that is not understood.
    """
    if bytes(content[at : at + 2]) == b"\x12\x20":
        return _with_digest(content, at, codec=DAG_PB, version=0)
    version, at = read_varint(content, at, what="CID")
    if version != 1:
        raise ProofError(f"A CID is of version {version}, which nobody has defined.")
    codec, at = read_varint(content, at, what="CID")
    if codec not in _CODECS:
        raise ProofError(f"A CID is of codec {codec:#x}; understood are raw and dag-pb.")
    return _with_digest(content, at, codec=codec, version=1)


def _with_digest(
    content: bytes | memoryview, at: int, *, codec: int, version: int
) -> tuple[Cid, int]:
    hash_code, at = read_varint(content, at, what="CID")
    length, at = read_varint(content, at, what="CID")
    if hash_code == SHA2_256:
        fits = length == _DIGEST_BYTES
    elif hash_code == IDENTITY:
        fits = length <= MAX_IDENTITY_BYTES
    else:
        raise ProofError(f"A CID is of hash {hash_code:#x}; understood are sha2-256 and identity.")
    digest = bytes(content[at : at + length])
    if not fits or len(digest) != length:
        raise ProofError("A CID has a hash of the wrong length.")
    return Cid(codec, digest, hash_code, version), at + length


def _unreadable(text: str) -> ProofError:
    return ProofError(f"{text[:80]!r} is no CID.")


def _from_base32(text: str) -> bytes:
    if text != text.lower():
        raise ValueError(text)
    return base64.b32decode(text.upper() + "=" * (-len(text) % 8))


def _from_base32_upper(text: str) -> bytes:
    return base64.b32decode(text + "=" * (-len(text) % 8))


def _from_base64_url(text: str) -> bytes:
    if "+" in text or "/" in text:
        raise ValueError(text)
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _from_base(text: str, alphabet: str) -> bytes:
    number = 0
    for letter in text:
        place = alphabet.find(letter)
        if place < 0:
            raise _unreadable(text)
        number = number * len(alphabet) + place
    zeros = len(text) - len(text.lstrip(alphabet[0]))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def _to_base58(content: bytes) -> str:
    number = int.from_bytes(content, "big")
    letters = []
    while number:
        number, place = divmod(number, 58)
        letters.append(_BASE58[place])
    return "1" * (len(content) - len(content.lstrip(b"\0"))) + "".join(reversed(letters))


_BASES: Final[dict[str, Callable[[str], bytes]]] = {
    "b": _from_base32,
    "B": _from_base32_upper,
    "z": lambda text: _from_base(text, _BASE58),
    "k": lambda text: _from_base(text, _BASE36),
    "f": bytes.fromhex,
    "F": bytes.fromhex,
    "u": _from_base64_url,
}
