"""The protected form of a licensed file: encrypted for the devices of one licence.

A header, then AES-256-GCM segments of one MiB of plaintext, each followed by its tag. The header
says in canonical JSON which licence and which file it is; the key of a file follows from the
licence's content key and the file's hash, so a device that holds the one opens all files of the
licence. Nonces count the segments and mark the last (STREAM: Hoang, Reyhanitabar, Rogaway, Vizár,
CRYPTO 2015; a key encrypts one file only), so the same file is always the same bytes, can be
fetched in ranges, and shows at the first wrong segment that it was cut, reordered or changed.
"""

import struct
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from souk_client.proofs.canonical import canonical_json, read_canonical
from souk_client.proofs.errors import ProofError

PROTECTED_SUFFIX: Final = ".protected"
"""What the name of a protected file ends with."""
SEGMENT_BYTES: Final = 2**20
TAG_BYTES: Final = 16
CONTENT_KEY_BYTES: Final = 32
MAX_HEADER_BYTES: Final = 4096
_MAGIC: Final = b"souk-protected/1\n"
_LENGTH: Final = struct.Struct(">H")


class ProtectedHeader(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a protected file says of itself; authenticated with every segment."""

    licence_id: str
    path: str
    sha256: str
    """Of the plaintext."""
    size_bytes: int


class ProtectedFile:
    """Encrypts and decrypts the segments of one protected file; used by any thread.

    Args:
        header: which file of which licence.
        content_key: the licence's content key, 32 bytes.
    """

    def __init__(self, header: ProtectedHeader, content_key: bytes) -> None:
        self.header = header
        payload = canonical_json(header)
        self.head = _MAGIC + _LENGTH.pack(len(payload)) + payload
        """The bytes that the file begins with."""
        self.count = max(1, -(-header.size_bytes // SEGMENT_BYTES))
        self._cipher = AESGCM(_file_key(content_key, header))

    @property
    def stored_bytes(self) -> int:
        """How long the protected file is."""
        return len(self.head) + self.header.size_bytes + self.count * TAG_BYTES

    def length_of(self, number: int) -> int:
        """How long segment `number`, from 0, is with its tag."""
        plain = min(SEGMENT_BYTES, self.header.size_bytes - number * SEGMENT_BYTES)
        return plain + TAG_BYTES

    def offset_of(self, number: int) -> int:
        """Where segment `number` begins in the protected file."""
        return len(self.head) + number * (SEGMENT_BYTES + TAG_BYTES)

    def seal(self, number: int, plain: bytes) -> bytes:
        """A segment as it is stored."""
        return self._cipher.encrypt(self._nonce(number), plain, self.head)

    def open(self, number: int, sealed: bytes) -> bytes:
        """The plaintext of a segment.

        Raises:
            ProofError: another key, or bytes that were changed, moved or cut off.
        """
        try:
            return self._cipher.decrypt(self._nonce(number), sealed, self.head)
        except (InvalidTag, ValueError) as error:
            raise ProofError(
                f"Segment {number} of {self.header.path} does not open with this licence's key: "
                "the file was changed or cut, or belongs to another licence."
            ) from error

    def _nonce(self, number: int) -> bytes:
        last = number == self.count - 1
        return number.to_bytes(11, "big") + bytes([last])


def read_header(head: bytes) -> tuple[ProtectedHeader, int]:
    """The header at the beginning of a protected file, and how many bytes it takes.

    Args:
        head: the first MAX_HEADER_BYTES of the file, or all of it.

    Raises:
        ProofError: it is no protected file.
    """
    start = len(_MAGIC) + _LENGTH.size
    if not head.startswith(_MAGIC) or len(head) < start:
        raise ProofError("This is no protected file.")
    (length,) = _LENGTH.unpack(head[len(_MAGIC) : start])
    payload = head[start : start + length]
    if len(payload) != length or length > MAX_HEADER_BYTES - start:
        raise ProofError("The protected file ends within its header.")
    return read_canonical(payload, ProtectedHeader, what="The header"), start + length


def _file_key(content_key: bytes, header: ProtectedHeader) -> bytes:
    # Path, too: one content under two names has two headers, and a key must meet one of them only.
    bound = f"souk/protected-file/1|{header.licence_id}|{header.sha256}|{header.path}"
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=bound.encode())
    return derivation.derive(content_key)
