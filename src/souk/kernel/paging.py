"""Cursor paging: a page, and an opaque cursor that names where the next one starts."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

import msgspec

from souk.kernel.errors import Invalid

T = TypeVar("T")
U = TypeVar("U")

MAX_LIMIT: Final = 100
DEFAULT_LIMIT: Final = 20


class Page(msgspec.Struct, Generic[T], frozen=True):
    """Some items, and the cursor of the next page (None on the last)."""

    items: list[T]
    next_cursor: str | None = None

    def map(self, convert: Callable[[T], U]) -> "Page[U]":
        """The same page with every item converted."""
        return Page(items=[convert(item) for item in self.items], next_cursor=self.next_cursor)


def encode_cursor(key: Sequence[str | int | float | None]) -> str:
    """The sort key of the last item shown, as opaque URL-safe text."""
    return base64.urlsafe_b64encode(msgspec.json.encode(list(key))).decode().rstrip("=")


def decode_cursor(cursor: str | None, *, size: int) -> list[str | int | float | None] | None:
    """The sort key inside a cursor that has `size` parts; None when there is no cursor.

    Raises:
        Invalid: `cursor_invalid` when it is not one of ours.
    """
    if cursor is None:
        return None
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        key = msgspec.json.decode(raw, type=list[str | int | float | None])
    except (binascii.Error, ValueError, msgspec.DecodeError) as error:
        raise Invalid("cursor_invalid", "Pass next_cursor exactly as a page gave it.") from error
    if len(key) != size:
        raise Invalid("cursor_invalid", "This cursor belongs to another list.")
    return key


def page_of(
    rows: Sequence[T], *, limit: int, key: Callable[[T], Sequence[str | int | float | None]]
) -> Page[T]:
    """Makes a page from `limit + 1` rows: the extra row only tells that there is more."""
    items = list(rows[:limit])
    more = len(rows) > limit
    return Page(items=items, next_cursor=encode_cursor(key(items[-1])) if more else None)
