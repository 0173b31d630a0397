"""Which content coding a client is sent (RFC 9110, 12.5.3). Pure."""

from collections.abc import Mapping
from typing import Final

IDENTITY: Final = "identity"
CODINGS: Final = ("br", "zstd", "gzip")
"""What texts are kept in; among those a client likes as much, the shortest is sent."""
_SAME: Final = {"x-gzip": "gzip"}
_MAX_HEADER: Final = 1000


def choose(accept: str | None, sizes: Mapping[str, int]) -> str | None:
    """The coding to send, or None when the client takes none of them.

    Args:
        accept: the header Accept-Encoding; without one only the plain form is sent.
        sizes: the bytes of each form there is, `identity` among them.
    """
    if accept is None or len(accept) > _MAX_HEADER:
        return IDENTITY
    weights = _weights(accept)
    rest = weights.get("*")

    def weight(coding: str) -> float:
        if coding in weights:
            return weights[coding]
        if coding == IDENTITY:
            return 0.0 if rest == 0 else 0.001  # acceptable unless it is refused, and liked least
        return rest or 0.0

    able = [(weight(coding), -size, coding) for coding, size in sizes.items()]
    best = max((one for one in able if one[0] > 0), default=None)
    return None if best is None else best[2]


def _weights(accept: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for part in accept.lower().split(","):
        name, *parameters = (text.strip() for text in part.split(";"))
        if name:
            found[_SAME.get(name, name)] = _quality(parameters)
    return found


def _quality(parameters: list[str]) -> float:
    """The weight; what is not understood counts as no weight, which is 1."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                number = float(value)
            except ValueError:
                return 1.0
            return min(max(number, 0.0), 1.0) if number == number else 1.0  # noqa: PLR0124  # NaN
    return 1.0
