"""What is related to a listing, kept for a moment."""

from collections import OrderedDict
from collections.abc import Callable

from souk_client.contracts.recommendations import RelatedListings


class Pools:
    """The latest pools by listing; one that is too old is none."""

    def __init__(self, *, for_s: float, most: int, monotonic_s: Callable[[], float]) -> None:
        self._for_s = for_s
        self._most = most
        self._monotonic_s = monotonic_s
        self._kept: OrderedDict[str, tuple[float, RelatedListings]] = OrderedDict()

    def get(self, listing_id: str) -> RelatedListings | None:
        found = self._kept.get(listing_id)
        if found is None or found[0] <= self._monotonic_s():
            return None
        return found[1]

    def put(self, listing_id: str, pool: RelatedListings) -> None:
        self._kept[listing_id] = (self._monotonic_s() + self._for_s, pool)
        self._kept.move_to_end(listing_id)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
