"""Listings that several ways of finding propose, each with the reason of the way that says most."""

from collections.abc import Mapping, Sequence

from souk.discovery.recommendations.model import RANK_OFFSET, fuse
from souk_client.contracts.recommendations import Reason


class Candidates:
    """Rankings gathered one after the other."""

    def __init__(self) -> None:
        self._rankings: list[tuple[float, Sequence[str]]] = []
        self._reasons: dict[str, tuple[float, Reason]] = {}

    def __len__(self) -> int:
        return len(self._reasons)

    def rank(
        self, weight: float, ranked: Sequence[str], reasons: Reason | Mapping[str, Reason]
    ) -> None:
        """Adds a ranking, best first, with one reason for all or one for each."""
        self._rankings.append((weight, ranked))
        for rank, listing_id in enumerate(ranked):
            says = weight / (RANK_OFFSET + rank + 1)
            known = self._reasons.get(listing_id)
            if known is None or says > known[0]:
                reason = reasons if isinstance(reasons, Reason) else reasons[listing_id]
                self._reasons[listing_id] = (says, reason)

    def best(self) -> list[str]:
        """All, fused, best first."""
        return [listing_id for listing_id, _ in fuse(self._rankings)]

    def reason(self, listing_id: str) -> Reason:
        """Why this one is here."""
        return self._reasons[listing_id][1]
