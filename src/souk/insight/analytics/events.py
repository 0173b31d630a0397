"""Facts that analytics announces."""

from typing import ClassVar

from souk.kernel.events import Event


class TrendingChanged(Event, frozen=True, kw_only=True):
    """The trending scores of these listings (at most 100) are not what they were."""

    topic: ClassVar[str] = "insight.trending_changed"
    listing_ids: list[str]
