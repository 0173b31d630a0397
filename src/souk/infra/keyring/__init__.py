"""Signing keys by purpose, and sealing of secrets, all under the marketplace's one secret."""

from souk.infra.keyring.keyring import (
    ACCESS,
    CREDENTIAL,
    KEPT_VERIFYING,
    PURPOSES,
    URLS,
    Keyring,
    KeyUnknown,
)
from souk.infra.keyring.sealing import SealBroken, Sealer
from souk_client.proofs import LICENCE, LOG

__all__ = [
    "ACCESS",
    "CREDENTIAL",
    "KEPT_VERIFYING",
    "LICENCE",
    "LOG",
    "PURPOSES",
    "URLS",
    "KeyUnknown",
    "Keyring",
    "SealBroken",
    "Sealer",
]
