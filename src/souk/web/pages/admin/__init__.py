"""For the operator: one small file a page, and the handlers of all of them."""

from souk.web.pages.admin import (
    cdn,
    dead_letters,
    identity,
    listings,
    moderation,
    organisations,
    quarantine,
    schedules,
    system,
    users,
)

_PAGES = (
    users,
    organisations,
    identity,
    listings,
    moderation,
    quarantine,
    dead_letters,
    schedules,
    cdn,
    system,
)

ROUTES = [route for page in _PAGES for route in page.ROUTES]
