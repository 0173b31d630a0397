"""What the decoding child tells its parent."""

from typing import Literal

import msgspec


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A picture it wrote."""

    width: int
    height: int
    name: str
    """The file's name in the child's folder."""


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it."""

    made: list[Made] = []
    problem: str = ""
    kind: Literal["fine", "unreadable", "too_large"] = "fine"
