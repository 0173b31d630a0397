"""Compute."""

from dataclasses import dataclass

from souk.apps.wiring.parts import Core, Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Compute:
    parts: Parts


def wire_compute(core: Core) -> Compute:
    del core
    return Compute(parts=Parts())
