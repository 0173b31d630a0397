"""Facts about organisations."""

from typing import ClassVar

from souk.kernel.events import Event


class MemberInvited(Event, frozen=True, kw_only=True):
    """Somebody was asked to join."""

    topic: ClassVar[str] = "people.member_invited"
    invitation_id: str
    organisation_id: str
    organisation_name: str
    email: str
    role: str


class MembershipChanged(Event, frozen=True, kw_only=True):
    """A user joined, left, or has another role."""

    topic: ClassVar[str] = "people.membership_changed"
    organisation_id: str
    user_id: str
