"""How values read for people: money, sizes, times, kinds and licence terms in plain words."""

from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from souk.kernel.money import Money, format_money
from souk_client.contracts.works import LicenceTerms


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of listing as the pages name it."""

    key: str
    name: str
    plural: str
    icon: str
    about: str


KINDS: Final = {
    kind.key: kind
    for kind in (
        Kind(key="model", name="Model", plural="Models", icon="box", about="Weights, ready to run"),
        Kind(
            key="dataset", name="Dataset", plural="Datasets", icon="database", about="To learn from"
        ),
        Kind(key="api", name="API", plural="APIs", icon="plug", about="Hosted, call it"),
        Kind(
            key="plugin", name="Plug-in", plural="Plug-ins", icon="puzzle", about="Extends a tool"
        ),
        Kind(key="design", name="Design", plural="Designs", icon="palette", about="Drawn or built"),
        Kind(
            key="template",
            name="Template",
            plural="Templates",
            icon="layout-template",
            about="A good start",
        ),
        Kind(
            key="material", name="Material", plural="Materials", icon="shapes", about="For 3D work"
        ),
        Kind(key="agent", name="Agent", plural="Agents", icon="bot", about="Does a job"),
        Kind(key="compute", name="Compute", plural="Compute", icon="cpu", about="By the hour"),
    )
}

LICENCES: Final = {
    "MIT": "Use, change and sell it freely. Keep the copyright notice.",
    "Apache-2.0": "Use, change and sell it freely, with a patent grant. Keep the notices and say "
    "what you changed.",
    "BSD-3-Clause": "Use, change and sell it freely. Keep the notice; do not use the authors' "
    "names to advertise.",
    "BSD-2-Clause": "Use, change and sell it freely. Keep the copyright notice.",
    "GPL-3.0-only": "Use and change it freely. What you pass on must be under the same licence, "
    "with its source.",
    "GPL-3.0-or-later": "Use and change it freely. What you pass on must be under this licence or "
    "a later one, with its source.",
    "AGPL-3.0-only": "As the GPL, and people who use it over a network may ask for the source.",
    "MPL-2.0": "Use it freely, also in closed works. Changes to its own files stay open.",
    "CC0-1.0": "No rights reserved: do what you like, no credit needed.",
    "CC-BY-4.0": "Share and adapt it for any purpose. Give credit.",
    "CC-BY-SA-4.0": "Share and adapt it for any purpose. Give credit, share under the same terms.",
    "CC-BY-NC-4.0": "Share and adapt it, but not for commercial purposes. Give credit.",
    "Unlicense": "No rights reserved: do what you like.",
}
"""What the common licences mean, in one sentence each. The text of the licence is what counts."""

ENTRY_WORDS: Final = {
    "created": "Created",
    "edited": "Edited",
    "published": "Published",
    "retired": "Retired",
    "sold": "Sold",
    "licensed": "Licence issued",
    "transferred": "Transferred",
    "refunded": "Refunded",
    "revoked": "Licence revoked",
    "noted": "Told by the seller",
}

SORTS: Final = {
    "relevance": "Best match",
    "trending": "Trending",
    "newest": "Newest",
    "rating": "Best rated",
    "downloads": "Most downloaded",
    "price_asc": "Price: low to high",
    "price_desc": "Price: high to low",
}


_CATEGORY_ICONS: Final = (
    (("image", "vision", "photo", "picture", "video"), "image"),
    (("text", "language", "chat", "translation", "nlp", "embedding"), "languages"),
    (("audio", "speech", "music", "sound", "voice"), "audio-lines"),
    (("health", "medic", "bio", "clinic"), "heart-pulse"),
    (("tabular", "table", "regression"), "table-2"),
    (("classif", "cluster"), "shapes"),
    (("financ", "trading", "econom", "forecast", "market"), "trending-up"),
    (("science", "chem", "physic", "material", "research"), "flask-conical"),
    (("code", "develop", "tool"), "puzzle"),
    (("design", "art", "3d"), "palette"),
    (("agent", "robot"), "bot"),
)


def category_icon(name: str) -> str:
    """An icon for a category, by the words in its name; sellers name categories as they like."""
    plain = name.lower()
    for words, icon in _CATEGORY_ICONS:
        if any(word in plain for word in words):
            return icon
    return "layers"


def kind_of(key: str) -> Kind:
    """The kind with this key; one nobody has named yet reads as itself."""
    return KINDS.get(key) or Kind(
        key=key, name=key.title(), plural=key.title(), icon="box", about=""
    )


def money(amount_minor: int, currency: str) -> str:
    """`$12.00`; zero is an amount too (`price` says Free)."""
    return format_money(Money(amount_minor=amount_minor, currency=currency))


def signed_money(amount_minor: int, currency: str) -> str:
    """With a sign in front: `+$12.00`, `−$3.50` (a true minus)."""
    sign = "−" if amount_minor < 0 else "+"
    return sign + money(abs(amount_minor), currency)


def price(amount_minor: int | None, currency: str | None) -> str:
    """A price tag: `$12.00`, `Free`, or `No price yet`."""
    if amount_minor is None or currency is None:
        return "No price yet"
    return "Free" if amount_minor == 0 else money(amount_minor, currency)


def size(size_bytes: int) -> str:
    """`734 B`, `1.4 MB`; powers of 1000, as in `words.ts`."""
    value = float(size_bytes)
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            break
        value /= 1000
    shown = f"{value:.0f}" if unit == "B" or value >= 100 else f"{value:.1f}"
    return f"{shown} {unit}"


def seconds(value_s: float) -> str:
    """`0 s`, `42 s`, `5 min`, `3.5 h`, `2 d`."""
    value_s = max(0.0, value_s)
    if value_s < 90:
        return f"{value_s:.0f} s"
    if value_s < 5400:
        return f"{value_s / 60:.0f} min"
    unit_s, name = (3600, "h") if value_s < 129_600 else (86_400, "d")
    return f"{value_s / unit_s:.1f}".removesuffix(".0") + f" {name}"


def compact(count: int) -> str:
    """`950`, `1.2k`, `3.4M`."""
    for limit, suffix in ((1_000_000, "M"), (1_000, "k")):
        if count >= limit:
            return f"{count / limit:.1f}".rstrip("0").rstrip(".") + suffix
    return str(count)


def plural(count: int, one: str, many: str | None = None) -> str:
    """`1 file`, `3 files`, `1,204 files`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def day(at: datetime) -> str:
    """`21 Nov 2026`, in UTC."""
    return f"{at.astimezone(UTC):%-d %b %Y}"


def minute(at: datetime) -> str:
    """`21 Nov 2026, 09:41 UTC`."""
    return f"{at.astimezone(UTC):%-d %b %Y, %H:%M} UTC"


def ago(at: datetime, now: datetime) -> str:
    """`just now`, `5 minutes ago`, `yesterday`; past a month it is the date."""
    past = now - at
    if past < timedelta(minutes=1):
        return "just now"
    if past < timedelta(hours=1):
        return plural(past.seconds // 60, "minute") + " ago"
    if past < timedelta(days=1):
        return plural(past.seconds // 3600, "hour") + " ago"
    if past < timedelta(days=2):
        return "yesterday"
    if past < timedelta(days=31):
        return f"{past.days} days ago"
    return day(at)


def terms(value: LicenceTerms) -> str:
    """What a buyer gets, in one line."""
    match value.kind:
        case "timed":
            words = f"For {plural(value.duration_days or 0, 'day')}"
        case "counted":
            words = f"For {plural(value.uses or 0, 'use')}"
        case "seats":
            words = f"For {plural(value.seats or 0, 'person', 'people')} at a time"
        case _:
            words = "Yours for good"
    return words + (", may be passed on" if value.transferable else "")


def licence_words(spdx: str | None) -> str:
    """The licence in plain words, as far as its id tells."""
    if spdx is None:
        return "The seller has not named a licence for the content."
    known = LICENCES.get(spdx)
    if known is not None:
        return known
    if spdx.startswith("LicenseRef-"):
        return "The seller's own terms; read them in the files before you buy."
    return "Read the text of this licence before you rely on it."


def licence_name(spdx: str) -> str:
    """The licence as a short label: ids of the seller's own read as words."""
    return "Seller's terms" if spdx.startswith("LicenseRef-") else spdx


def figure(value: float) -> str:
    """A measured value with at most four significant decimals: `0.9731`, `12.5`, `1,204`."""
    if value == int(value) and abs(value) < 10**12:
        return f"{int(value):,}"
    return f"{value:,.4f}".rstrip("0").rstrip(".") if abs(value) >= 0.0001 else f"{value:.3g}"


def initials(name: str) -> str:
    """One or two capital letters for an avatar."""
    words = [word for word in name.split() if word[:1].isalnum()]
    return "".join(
        word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)
    ).upper()
