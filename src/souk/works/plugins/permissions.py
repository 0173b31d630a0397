"""What a plug-in may ask for: a closed list, each with what it means in plain words."""

import re
from collections.abc import Callable
from typing import Final

_HOST: Final = re.compile(
    r"(\*\.)?(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?"
    r"(:[1-9][0-9]{0,4})?"
)
_SECRET: Final = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
EVENTS: Final = {
    "listing.published": "a listing is published",
    "listing.edited": "a listing is edited",
    "listing.retired": "a listing is retired",
    "order.completed": "something is sold or bought",
    "order.refunded": "a sale is refunded",
    "licence.issued": "a licence is issued",
    "licence.revoked": "a licence is revoked",
    "version.downloaded": "a version is downloaded",
    "review.received": "a review is received",
}
"""Facts a plug-in may be told of, and when that is."""

_PLAIN: Final = {
    "storage": "Keep data of its own in the workspace",
    "listings:read": "Read the organisation's listings, drafts too",
    "listings:write": "Change the organisation's listings",
    "orders:read": "Read the organisation's orders",
    "licences:read": "Read the organisation's licences",
    "files:read": "Read files that the organisation owns or has licensed",
    "files:write": "Upload files for the organisation",
    "inference": "Call models that the organisation may use, which may cost money",
    "notices": "Send notices to members of the organisation",
}
_WITH_VALUE: Final[dict[str, tuple[Callable[[str], object], str, str]]] = {
    "network": (_HOST.fullmatch, "Connect to {} over the network", "network:api.example.org"),
    "secrets": (
        _SECRET.fullmatch,
        "Read the secret {} that the workspace gives it",
        "secrets:API_KEY",
    ),
    "events": (EVENTS.get, "Be told whenever {}", "events:listing.published"),
}
KNOWN: Final = [*sorted(_PLAIN), *(example for *_, example in _WITH_VALUE.values())]
"""Every kind of permission, those with a value by an example."""


def permission_problem(permission: str) -> str | None:
    """Why a manifest cannot ask for this; None when it can."""
    if permission in _PLAIN:
        return None
    name, _, value = permission.partition(":")
    if name in _WITH_VALUE:
        accepts, _, example = _WITH_VALUE[name]
        if accepts(value):
            return None
        if name == "events":
            return f"{value[:80]!r} is no event; there are {', '.join(EVENTS)}"
        return f"{value[:80]!r} cannot stand after {name!r}; write it as {example!r}"
    return f"{permission[:80]!r} is no permission; there are {', '.join(KNOWN)}"


def permission_words(permission: str) -> str:
    """What a permission means, for the person who grants it."""
    if permission in _PLAIN:
        return _PLAIN[permission]
    name, _, value = permission.partition(":")
    _, words, _ = _WITH_VALUE[name]
    return words.format(EVENTS.get(value, value) if name == "events" else value)
