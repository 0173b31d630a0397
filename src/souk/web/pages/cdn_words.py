"""Words for the CDN's figures."""

from collections.abc import Sequence
from typing import Final

import msgspec

from souk_client.contracts.cdn import Region
from souk_client.contracts.cdn_figures import Served

MAP_WIDTH: Final = 720
MAP_HEIGHT: Final = 284
_TONES: Final = {"ready": "success", "joining": "info", "draining": "warning", "down": "error"}
_WORST: Final = ("down", "draining", "joining", "ready")
_RIGHT: Final = 600
"""A label further right than this goes to the left of its mark."""


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """A region on the map."""

    x: float
    y: float
    radius: float
    tone: str
    name: str
    says: str
    words: str
    """All of it, for who does not see the map."""
    left: bool


def priced(micros: int | None, currency: str | None) -> str:
    """Millionths of a currency: `0.0412 USD`, `1,204.50 USD`; a dash without a price."""
    if micros is None or currency is None:
        return "–"
    value = micros / 1_000_000
    digits = 2 if abs(value) >= 1 or micros == 0 else 4
    return f"{value:,.{digits}f} {currency}".replace("-", "−")


def marks(regions: Sequence[Region], served: Sequence[Served]) -> list[Mark]:
    """Every region on a map whose x is 2 (longitude + 180) and whose y is 2 (84 - latitude)."""
    rates = {one.key: one for one in served}
    most = max((one.bytes_sent for one in served), default=0)
    found = []
    for region in regions:
        states = [node.state for node in region.nodes]
        worst = next((state for state in _WORST if state in states), None)
        ready = states.count("ready")
        traffic = rates.get(region.name)
        share = traffic.bytes_sent / most if traffic is not None and most else 0.0
        says = f"{ready}/{len(states)}" if states else "none"
        words = f"{region.title}: {ready} of {len(states)} nodes ready"
        if traffic is not None and traffic.hit_ratio is not None:
            words += f", {traffic.hit_ratio:.0%} from the cache"
        x, y = 2 * (region.longitude + 180), 2 * (84 - region.latitude)
        found.append(
            Mark(
                x=round(x, 1),
                y=round(y, 1),
                radius=round(9 + 16 * share**0.5, 1),
                tone="neutral" if worst is None else _TONES[worst],
                name=region.name,
                says=says,
                words=words,
                left=x > _RIGHT,
            )
        )
    return found
