"""What every page shows around its content: who is signed in, the theme, the bell, the tokens."""

from datetime import datetime
from typing import Final, Literal

import msgspec

from souk.kernel.actor import Actor

THEME_COOKIE: Final = "souk_theme"
Theme = Literal["day", "night", "system"]


class Shell(msgspec.Struct, frozen=True, kw_only=True):
    """The surroundings of one page for one visitor."""

    actor: Actor
    now: datetime
    path: str
    """Path and query of this page, to come back to after signing in."""
    csrf_token: str
    handle: str = ""
    """Slug of the visitor's personal organisation."""
    theme: Theme = "system"
    unread: int = 0
    query: str = ""
    """The words in the search box."""
    development: bool = False
    """Whether the test payment provider is on."""

    @property
    def signed_in(self) -> bool:
        return self.actor.user_id is not None


def theme_of(cookie: str | None) -> Theme:
    """The theme a cookie asks for; anything unknown follows the visitor's system."""
    match cookie:
        case "day":
            return "day"
        case "night":
            return "night"
        case _:
            return "system"
