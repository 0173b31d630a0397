"""For the operator: one small file a page, and the handlers of all of them."""

from souk.web.pages.admin import (
    cdn,
    cdn_alerts,
    cdn_report,
    cdn_scaling,
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
    cdn_report,
    cdn_alerts,
    cdn_scaling,
    system,
)

ROUTES = [route for page in _PAGES for route in page.ROUTES]
