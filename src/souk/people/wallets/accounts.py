"""Accounts on EVM chains: addresses, and who signed a text. No I/O.

Sources: EIP-55 (checksums), EIP-191 (personal messages), EIP-1271 (contract wallets), CAIP-10.
"""

import re
from typing import Final

_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}")
SIGNATURE_BYTES: Final = 65


def keccak256(data: bytes) -> bytes:
    """Keccak-256, as Ethereum uses it."""
    from Crypto.Hash import keccak  # noqa: PLC0415  # takes a moment, and few processes need it

    return keccak.new(digest_bits=256, data=data).digest()


def is_address(text: str) -> bool:
    """Whether this is an address in hexadecimal, in any case."""
    return _ADDRESS.fullmatch(text) is not None


def with_checksum(address: str) -> str:
    """The address with capitals as EIP-55 has them."""
    plain = address[2:].lower()
    digest = keccak256(plain.encode()).hex()
    return "0x" + "".join(
        letter.upper() if int(nibble, 16) > 7 else letter
        for letter, nibble in zip(plain, digest, strict=False)
    )


def personal_digest(text: str) -> bytes:
    """What a wallet signs for `personal_sign`."""
    data = text.encode()
    return keccak256(b"\x19Ethereum Signed Message:\n" + str(len(data)).encode() + data)


def signer_of(digest: bytes, signature: bytes) -> str | None:
    """The address whose key signed, in lower case; None when this is no key's signature."""
    import coincurve  # noqa: PLC0415  # as above

    if len(signature) != SIGNATURE_BYTES:
        return None
    recovery = signature[64] - 27 if signature[64] >= 27 else signature[64]
    if recovery not in (0, 1):
        return None
    try:
        key = coincurve.PublicKey.from_signature_and_message(
            signature[:64] + bytes([recovery]), digest, hasher=None
        )
    except Exception:  # libsecp256k1's own kinds: these numbers are on no curve
        return None
    return "0x" + keccak256(key.format(compressed=False)[1:])[-20:].hex()


def did_pkh(chain_id: int, address: str) -> str:
    """The decentralised identifier of an account (did:pkh, CAIP-10)."""
    return f"did:pkh:eip155:{chain_id}:{with_checksum(address)}"
