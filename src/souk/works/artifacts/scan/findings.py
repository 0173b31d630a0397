"""What a scan finds."""

from typing import Final, Literal

import msgspec

Fact = str | int | float | bool

MAX_REASONS: Final = 20
MAX_REASON_CHARACTERS: Final = 400


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of a scan; reasons say why a file is quarantined."""

    state: Literal["clean", "quarantined"]
    format: str
    media_type: str
    reasons: list[str] = []
    facts: dict[str, Fact] = {}


class Unsafe(Exception):
    """A file is refused, for this reason in plain words."""


class Report:
    """Collects what the checks of one file say."""

    def __init__(self, format_name: str, media_type: str) -> None:
        self.format_name = format_name
        self.media_type = media_type
        self.reasons: list[str] = []
        self.facts: dict[str, Fact] = {}

    def refuse(self, reason: str) -> None:
        """Adds a reason, each once."""
        text = "".join(sign if sign.isprintable() else "�" for sign in reason)
        text = text[:MAX_REASON_CHARACTERS]
        if text not in self.reasons and len(self.reasons) < MAX_REASONS:
            self.reasons.append(text)

    def finding(self) -> Finding:
        """The outcome."""
        return Finding(
            state="quarantined" if self.reasons else "clean",
            format=self.format_name,
            media_type=self.media_type,
            reasons=self.reasons,
            facts=self.facts,
        )
