"""Trust."""

from dataclasses import dataclass

from souk.apps.wiring.parts import Core, Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    parts: Parts


def wire_trust(core: Core) -> Trust:
    del core
    return Trust(parts=Parts())
