"""Facts about likeness."""

from typing import ClassVar

from souk.kernel.events import Event


class LikenessKnown(Event, frozen=True, kw_only=True):
    """A published file was looked at: it can be compared with others."""

    topic: ClassVar[str] = "works.likeness_known"
    sha256: str
