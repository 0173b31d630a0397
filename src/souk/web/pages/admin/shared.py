"""What the operator's pages share."""

from typing import Final

from souk.web.forms import PageRequest

PERMISSION: Final = "marketplace:administer"
PAGE_SIZE: Final = 50


def cursor_of(request: PageRequest) -> str | None:
    """Where a list goes on."""
    return request.query_params.get("cursor") or None


def words_of(request: PageRequest) -> str:
    """What is looked for."""
    return request.query_params.get("find", "").replace("\0", "").strip()[:200]
