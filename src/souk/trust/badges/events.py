"""Facts about checks of sellers."""

from typing import ClassVar

from souk.kernel.events import Event


class WebsiteCheckWanted(Event, frozen=True, kw_only=True):
    """A seller says that a website is its own; somebody should look."""

    topic: ClassVar[str] = "badges.website_check_wanted"
    organisation_id: str
    website: str
