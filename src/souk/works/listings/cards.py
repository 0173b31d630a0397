"""Model cards: Markdown whose front matter fills the fields of a listing that were left out."""

from typing import Any, Final, TypeVar

import msgspec

from souk.kernel.errors import Invalid
from souk.works.listings.front_matter import Field, Value, read_front_matter
from souk_client.contracts.works import Compatibility, Metric, Region

T = TypeVar("T")

MAX_TAGS: Final = 40
MAX_TAG_CHARACTERS: Final = 60


class CardFields(msgspec.Struct, frozen=True, kw_only=True):
    """What a card's front matter says about its listing; empty where it says nothing.

    Read are `summary` (or `description`), `licence` (or `license`; `other` with `license_name`),
    `category`, `task` (or `pipeline_tag`), `tags`, `metrics`, `compatibility` (or `library_name`),
    `regions` (where it may be sold).
    Other fields are left alone: they stay in the card.
    """

    summary: str = ""
    licence: str | None = None
    category: str = ""
    task: str = ""
    tags: list[str] = []
    metrics: list[Metric] = []
    compatibility: Compatibility = Compatibility()
    regions: list[Region] = []


def read_card(card: str) -> CardFields:
    """The fields of a card.

    Raises:
        Invalid: `card_invalid` with the line.
    """
    found = read_front_matter(card)
    return CardFields(
        summary=_text(found, "summary", "description", limit=300, cut=True),
        licence=_licence(found),
        category=_text(found, "category", limit=60),
        task=_text(found, "task", "pipeline_tag", limit=60),
        tags=_tags(found),
        metrics=_metrics(found),
        compatibility=_compatibility(found),
        regions=_regions(found),
    )


def _field(found: dict[str, Field], *names: str) -> Field | None:
    return next((found[name] for name in names if name in found), None)


def _text(found: dict[str, Field], *names: str, limit: int, cut: bool = False) -> str:
    field = _field(found, *names)
    if field is None or field.value is None:
        return ""
    if isinstance(field.value, list | dict):
        raise _invalid(field.line, f"{names[0]} must be text")
    text = " ".join(str(field.value).split())
    if len(text) > limit and not cut:
        raise _invalid(field.line, f"{names[0]} may have at most {limit} characters")
    return text[:limit]


def _licence(found: dict[str, Field]) -> str | None:
    expression = _text(found, "licence", "license", limit=120)
    own_name = _text(found, "license_name", limit=100)
    if expression.casefold() == "other" and own_name:
        plain = "".join(c if c.isascii() and c.isalnum() else "-" for c in own_name)
        return f"LicenseRef-{plain}"
    return expression or None


def _tags(found: dict[str, Field]) -> list[str]:
    field = _field(found, "tags")
    if field is None or field.value is None:
        return []
    if not isinstance(field.value, list):
        raise _invalid(field.line, "tags must be a list")
    if len(field.value) > MAX_TAGS:
        raise _invalid(field.line, f"there may be at most {MAX_TAGS} tags")
    tags = [str(tag) for tag in field.value if isinstance(tag, str | int | float)]
    if len(tags) != len(field.value) or not all(1 <= len(t) <= MAX_TAG_CHARACTERS for t in tags):
        raise _invalid(field.line, f"a tag must be text of 1 to {MAX_TAG_CHARACTERS} characters")
    return tags


def _metrics(found: dict[str, Field]) -> list[Metric]:
    field = _field(found, "metrics")
    if field is None or not isinstance(field.value, list):
        return []
    if all(isinstance(item, str) for item in field.value):
        return []  # names of metrics without their values, as some hubs' cards have them
    return _convert(field, field.value, list[Metric])


def _compatibility(found: dict[str, Field]) -> Compatibility:
    field = _field(found, "compatibility")
    if field is not None:
        return _convert(field, field.value, Compatibility)
    library = _text(found, "library_name", limit=60)
    return Compatibility(frameworks=[library] if library else [])


def _regions(found: dict[str, Field]) -> list[Region]:
    field = _field(found, "regions")
    return (
        [] if field is None or field.value is None else _convert(field, field.value, list[Region])
    )


def _convert(field: Field, value: Value, kind: type[T]) -> T:
    unread: Any = value  # msgspec reads any plain value
    try:
        return msgspec.convert(unread, kind, strict=False)
    except msgspec.ValidationError as error:
        raise _invalid(field.line, str(error)) from error


def _invalid(line: int, why: str) -> Invalid:
    return Invalid("card_invalid", f"Line {line} of the card: {why}.", line=line)
