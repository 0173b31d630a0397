"""Signed heads of the provenance log: C2SP tlog-checkpoint in the signed-note format.

    souk.example/log            the origin: which log this is
    1024                        how many entries it has
    CsUYapGGPo4dkMgIAU…=        base 64 of the RFC 6962 root
                                (an empty line ends the signed text)
    — souk.example/log Az3gr…   an Ed25519 signature of the text (type 0x01)
    — souk.example/log jWbPP…   the same head with the time it was signed (type 0x04)

Both lines are by the log's key, under a key name equal to the origin. Tools for signed notes and
checkpoints (Go's sumdb/note, Sigstore, witnesses) read the first; the second is the timestamped
form of C2SP tlog-cosignature, and binds the time.

Sources: c2sp.org/signed-note, c2sp.org/tlog-checkpoint, c2sp.org/tlog-cosignature.
"""

import base64
import hashlib
from typing import Final

import msgspec

from souk_client.proofs.canonical import decode_base64
from souk_client.proofs.errors import ProofError
from souk_client.proofs.keys import LOG, KeySet, PublicKey, SigningKey
from souk_client.proofs.merkle import HASH_BYTES

_PLAIN: Final = b"\x01"
_TIMED: Final = b"\x04"
_TIME_BYTES: Final = 8
_MAX_SIGNATURES: Final = 16
_MAX_BYTES: Final = 16_384
_MAX_SIZE: Final = 2**63 - 1


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A head of the log: its first `tree_size` entries have this root, said at `signed_at_s`."""

    origin: str
    tree_size: int
    root: bytes
    signed_at_s: int
    """Seconds since 1970 (UTC)."""

    def text(self) -> str:
        """The note text: what the plain signature covers."""
        root = base64.b64encode(self.root).decode()
        return f"{self.origin}\n{self.tree_size}\n{root}\n"


def sign_checkpoint(checkpoint: Checkpoint, key: SigningKey) -> str:
    """The signed note of a head.

    Raises:
        ProofError: the origin cannot be one, or a number or the root is out of range.
    """
    _check(checkpoint)
    text = checkpoint.text()
    origin, public = checkpoint.origin, key.public
    plain = _key_id(origin, public, _PLAIN) + key.sign(text.encode())
    signed_at = checkpoint.signed_at_s.to_bytes(_TIME_BYTES, "big")
    timed_signature = key.sign(_timed_message(text, checkpoint.signed_at_s))
    timed = _key_id(origin, public, _TIMED) + signed_at + timed_signature
    lines = [f"— {origin} {base64.b64encode(value).decode()}\n" for value in (plain, timed)]
    return f"{text}\n{''.join(lines)}"


def verify_checkpoint(note: str, trusted: KeySet) -> Checkpoint:
    """The head inside a note signed by one of the trusted log keys.

    Lines of unknown keys (witnesses, say) are passed over; both lines of the log must be there.

    Raises:
        ProofError: another log, no trusted key, a wrong signature or a malformed note.
    """
    text, lines = _split(note)
    origin, tree_size, root = _read_text(text)
    if origin != trusted.origin:
        raise ProofError(f"The checkpoint is of the log {origin}, not of {trusted.origin}.")
    signatures = [_read_line(line) for line in lines]
    times: list[int] = []
    for key in trusted.with_purpose(LOG):
        times += _times_signed(text, key, signatures, origin=origin)
    if not times:
        raise ProofError(f"No trusted key of {origin} signed this checkpoint.")
    checkpoint = Checkpoint(origin=origin, tree_size=tree_size, root=root, signed_at_s=max(times))
    _check(checkpoint)
    return checkpoint


def signers(note: str, trusted: KeySet) -> tuple[PublicKey, ...]:
    """The trusted log keys that have a line in this note (not whether the line is right).

    Raises:
        ProofError: the note is malformed.
    """
    _, lines = _split(note)
    named = {(name, value[:4]) for name, value in map(_read_line, lines)}
    return tuple(
        key
        for key in trusted.with_purpose(LOG)
        if (trusted.origin, _key_id(trusted.origin, key, _PLAIN)) in named
    )


def verifier_key(origin: str, key: PublicKey) -> str:
    """The log's key as tools for signed notes take it: `name+hash+base64`."""
    encoded = base64.b64encode(_PLAIN + key.raw()).decode()
    return f"{origin}+{_key_id(origin, key, _PLAIN).hex()}+{encoded}"


def _times_signed(
    text: str, key: PublicKey, signatures: list[tuple[str, bytes]], *, origin: str
) -> list[int]:
    """When this key says it signed; empty when it has no line. Raises on a wrong signature."""
    plain_id, timed_id = (_key_id(origin, key, kind) for kind in (_PLAIN, _TIMED))
    mine = [value for name, value in signatures if name == origin]
    plain = [value[4:] for value in mine if value[:4] == plain_id]
    timed = [value[4:] for value in mine if value[:4] == timed_id]
    for signature in plain:
        key.verify(signature, text.encode())
    times: list[int] = []
    for value in timed:
        signed_at_s = int.from_bytes(value[:_TIME_BYTES], "big")
        key.verify(value[_TIME_BYTES:], _timed_message(text, signed_at_s))
        times.append(signed_at_s)
    if bool(plain) != bool(times):
        raise ProofError(f"The checkpoint lacks a signature line of {origin}.")
    return times


def _timed_message(text: str, signed_at_s: int) -> bytes:
    return f"cosignature/v1\ntime {signed_at_s}\n{text}".encode()


def _key_id(name: str, key: PublicKey, kind: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + kind + key.raw()).digest()[:4]


def _split(note: str) -> tuple[str, list[str]]:
    """The signed text (with its last newline), and the signature lines."""
    if len(note) > _MAX_BYTES or any(char < " " and char != "\n" for char in note):
        raise ProofError("The checkpoint is too long, or holds control characters.")
    text, separator, signatures = note.rpartition("\n\n")
    lines = signatures.split("\n")
    if not separator or lines[-1] != "" or not 1 < len(lines) <= _MAX_SIGNATURES + 1:
        raise ProofError("The checkpoint is not a signed note.")
    return text + "\n", lines[:-1]


def _read_text(text: str) -> tuple[str, int, bytes]:
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] != "":
        raise ProofError("The checkpoint's text is not three lines.")
    origin, size, root = lines[:3]
    if not (size.isascii() and size.isdecimal() and len(size) < 20 and str(int(size)) == size):
        raise ProofError("The checkpoint's tree size is not a number.")
    return origin, int(size), decode_base64(root, what="The checkpoint's root")


def _read_line(line: str) -> tuple[str, bytes]:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "—" or not parts[1]:
        raise ProofError("A signature line of the checkpoint is malformed.")
    value = decode_base64(parts[2], what="A signature line of the checkpoint")
    if len(value) < 5:
        raise ProofError("A signature line of the checkpoint is too short.")
    return parts[1], value


def _check(checkpoint: Checkpoint) -> None:
    origin = checkpoint.origin
    if not origin or "+" in origin or not origin.isprintable() or any(map(str.isspace, origin)):
        raise ProofError(f"{origin!r} cannot name a log: no spaces, '+' or control characters.")
    if origin == "cosignature/v1":
        raise ProofError("A log cannot be named like the header of a cosignature.")
    if not (0 <= checkpoint.tree_size <= _MAX_SIZE and 0 <= checkpoint.signed_at_s <= _MAX_SIZE):
        raise ProofError("The checkpoint's tree size or time is out of range.")
    if len(checkpoint.root) != HASH_BYTES:
        raise ProofError(f"The checkpoint's root is not {HASH_BYTES} bytes long.")
