"""A fingerprint in weights: a secret pattern of tiny changes, another for each licence.

Spread spectrum (Cox, Kilian, Leighton, Shamoon: Secure Spread Spectrum Watermarking for Multimedia,
IEEE Transactions on Image Processing, 1997): every chosen weight w becomes w · (1 ± STRENGTH), the
signs following from the marketplace's secret, the licence and the array. Whoever has the original
divides it out and asks whose signs the rest goes along with. The whole pattern is one codeword, so
any part of it that survives counts; that is its error correction.

Under chance the sum of n signs, weighted by r, passes z times its spread with a probability of at
most exp(-z²/2) (Hoeffding 1963), whatever the rest of the file looks like: signs of a licence that
had no part in it are independent of it. That bound, times the number of licences asked for, is what
`chance` says.
"""

import hashlib
import hmac
import math
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

STRENGTH: Final = 2.0**-11
"""How much of itself a weight changes: about the rounding error of a cast to 16 bits."""
MOST_WEIGHTS: Final = 2**20
"""How many weights carry the pattern; of larger files an even choice of them."""
LEAST_WEIGHTS: Final = 512
"""Under so few nothing is put in: it could not be told from chance once a file was changed."""
_CLIP: Final = 4.0
"""Changes beyond this many strengths count as this many: retrained weights tell nothing more."""

Arrays = Mapping[str, NDArray[np.float32]]


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """How well a file goes along with a licence's pattern."""

    licence_id: str
    score: float
    """In standard deviations of chance."""
    chance: float
    """The most that the probability can be that any licence asked for scores so by chance."""
    weights: int
    """How many weights could be compared."""


def mark(arrays: Arrays, *, secret: bytes, licence_id: str) -> dict[str, NDArray[np.float32]]:
    """Copies of the arrays with the licence's pattern in them; as they are when too small.

    No weight changes by more than STRENGTH of itself, and none that is 0 changes.
    """
    if usable_weights(arrays) < LEAST_WEIGHTS:
        return {name: array.copy() for name, array in arrays.items()}
    marked = {}
    for name, chosen in _chosen(arrays).items():
        copy = arrays[name].copy().reshape(-1)
        signs = _signs(secret, licence_id, name, len(copy[chosen]))
        copy[chosen] = (copy[chosen] * (1.0 + STRENGTH * signs)).astype(np.float32)
        marked[name] = copy.reshape(arrays[name].shape)
    return marked


def usable_weights(arrays: Arrays) -> int:
    """How many weights a pattern could be in."""
    return sum(int(np.count_nonzero(array)) for array in arrays.values())


def trace(
    original: Arrays, suspect: Arrays, *, secret: bytes, licence_ids: Sequence[str]
) -> list[Match]:
    """How well a file goes along with each licence's pattern, the best first."""
    changes = _changes(original, suspect)
    count = sum(int(np.count_nonzero(change)) for change in changes.values())
    spread = math.sqrt(sum(float(np.dot(change, change)) for change in changes.values()))
    matches = []
    for licence_id in licence_ids:
        along = sum(
            float(np.dot(change, _signs(secret, licence_id, name, len(change))))
            for name, change in changes.items()
        )
        score = along / spread if spread else 0.0
        chance = min(1.0, len(licence_ids) * math.exp(-(max(score, 0.0) ** 2) / 2))
        matches.append(Match(licence_id=licence_id, score=score, chance=chance, weights=count))
    return sorted(matches, key=lambda match: -match.score)


def _changes(original: Arrays, suspect: Arrays) -> dict[str, NDArray[np.float64]]:
    """By how many strengths the chosen weights differ; 0 where that cannot be said.

    A change that all weights of an array share, such as another scale, is no part of a pattern.
    """
    changes = {}
    for name, chosen in _chosen(original).items():
        other = suspect.get(name)
        if other is None or other.size != original[name].size:
            continue
        first = original[name].reshape(-1)[chosen].astype(np.float64)
        second = other.reshape(-1)[chosen].astype(np.float64)
        known = (first != 0) & (second != 0) & np.isfinite(second)
        change = np.zeros(len(first))
        change[known] = (second[known] / first[known] - 1.0) / STRENGTH
        if known.any():
            change[known] -= np.median(change[known]) if _is_scaled(change[known]) else 0.0
        changes[name] = np.clip(change, -_CLIP, _CLIP)
    return changes


def _is_scaled(change: NDArray[np.float64]) -> bool:
    """Whether nearly all went the same way by more than any pattern does."""
    return bool(abs(np.median(change)) > _CLIP)


def _chosen(arrays: Arrays) -> dict[str, slice]:
    """Which weights carry the pattern: every n-th of the whole file."""
    step = max(1, -(-sum(array.size for array in arrays.values()) // MOST_WEIGHTS))
    return {name: slice(0, None, step) for name in sorted(arrays)}


def _signs(secret: bytes, licence_id: str, name: str, count: int) -> NDArray[np.float64]:
    """+1 and -1, as the secret, the licence and the array say."""
    said = f"souk/fingerprint/1|{licence_id}|{name}".encode()
    seed = hmac.new(secret, said, hashlib.sha256).digest()
    bits = np.frombuffer(hashlib.shake_256(seed).digest(-(-count // 8)), dtype=np.uint8)
    return np.unpackbits(bits)[:count].astype(np.float64) * 2.0 - 1.0
