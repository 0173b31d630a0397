"""The fields that may be written in a query: their names, and what values they take."""

from difflib import get_close_matches
from typing import Final, get_args

import msgspec

from souk.discovery.search.model import normal
from souk_client.contracts.base import ListingKind
from souk_client.contracts.works import Region

KINDS: Final = get_args(ListingKind)
REGIONS: Final = get_args(Region)

_REGION_NAMES: Final = {
    "africa": "af",
    "asia": "as",
    "europe": "eu",
    "north-america": "na",
    "oceania": "oc",
    "south-america": "sa",
}


class WordField(msgspec.Struct, frozen=True):
    """A field whose values are words."""

    name: str
    filter: str
    """The attribute of Filters that takes its values."""
    choices: tuple[str, ...] = ()
    """The only values there are; empty for any."""
    names: dict[str, str] = {}
    """Other words for the choices."""

    def known(self, value: str) -> str | None:
        """The value as it is filtered by; None when there can be no such value."""
        folded = normal(value)
        if not self.choices:
            return folded
        given = self.names.get(folded.replace(" ", "-"), folded)
        return next((one for one in (given, given.removesuffix("s")) if one in self.choices), None)


WORD_FIELDS: Final = {
    field.name: field
    for field in (
        WordField("kind", "kinds", KINDS),
        WordField("task", "tasks"),
        WordField("category", "categories"),
        WordField("tag", "tags"),
        WordField("licence", "licences"),
        WordField("framework", "frameworks"),
        WordField("hardware", "hardware"),
        WordField("region", "regions", REGIONS, _REGION_NAMES),
        WordField("owner", "owners"),
    )
}
CURRENCY: Final = "currency"
PRICE: Final = "price"
PUBLISHED: Final = "published"
MEMORY: Final = "min_memory_gb"
FIGURE_FIELDS: Final = (
    PRICE,
    "rating",
    "accuracy",
    "latency",
    "size",
    MEMORY,
    "downloads",
    PUBLISHED,
)
FIELDS: Final = (*WORD_FIELDS, CURRENCY, *FIGURE_FIELDS)
ALIASES: Final = {
    "license": "licence",
    "licences": "licence",
    "licenses": "licence",
    "type": "kind",
    "tags": "tag",
    "seller": "owner",
    "author": "owner",
    "memory": MEMORY,
    "min_memory": MEMORY,
    "stars": "rating",
}


def field_named(name: str) -> str | None:
    """The field of this name, whatever its case, or of a name that stands for it."""
    folded = name.lower()
    folded = ALIASES.get(folded, folded)
    return folded if folded in FIELDS else None


def nearest(word: str, choices: tuple[str, ...]) -> str | None:
    """What was most likely meant."""
    told_apart = [choice for choice in choices if len(choice) > 2]
    found = get_close_matches(word.lower(), told_apart, n=1, cutoff=0.6)
    return found[0] if found else None


def nearest_field(name: str) -> str | None:
    """The field that was most likely meant."""
    found = nearest(name, (*FIELDS, *ALIASES))
    return None if found is None else ALIASES.get(found, found)
