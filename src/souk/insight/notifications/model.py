"""Topics of notices: what a user can turn on and off, and which notices belong to each."""

from collections.abc import Mapping
from typing import Final

import msgspec

MAX_TITLE: Final = 300
MAX_BODY: Final = 2000


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """A group of kinds, with the ways it takes unless the user says otherwise."""

    name: str
    title: str
    text: str
    """What belongs to it, for somebody who chooses."""
    kinds: tuple[str, ...]
    """Kinds of notices: whole, or their first word with a dot behind it."""
    in_app: bool = True
    email: bool = False


class Ways(msgspec.Struct, frozen=True, kw_only=True):
    """How a notice reaches a user."""

    in_app: bool
    email: bool


TOPICS: Final = (
    Topic(
        name="purchases",
        title="Your purchases",
        text="Receipts, licences and refunds of what you buy.",
        kinds=("order_paid", "order_refunded"),
        email=True,
    ),
    Topic(
        name="sales",
        title="Your sales",
        text="Somebody bought one of your works, or gave it back.",
        kinds=("order_sold", "sale_refunded"),
        email=True,
    ),
    Topic(
        name="reviews",
        title="Reviews",
        text="New reviews of your works, and answers to yours.",
        kinds=("review.",),
    ),
    Topic(
        name="alerts",
        title="Saved searches",
        text="New works that match a search you saved.",
        kinds=("alert.",),
        email=True,
    ),
    Topic(
        name="sellers",
        title="Sellers you follow",
        text="They published something new.",
        kinds=("seller.",),
    ),
    Topic(
        name="moderation",
        title="Reports and decisions",
        text="What was decided about your works, reviews and reports.",
        kinds=("moderation.", "fraud.", "scan."),
        email=True,
    ),
    Topic(
        name="domains",
        title="Your domains",
        text="A certificate that you brought for a domain ends soon.",
        kinds=("domain.",),
        email=True,
    ),
    Topic(
        name="cdn",
        title="The CDN",
        text="For operators: a figure of the edge nodes has crossed a limit, or has come back.",
        kinds=("cdn.",),
        email=True,
    ),
    Topic(
        name="account",
        title="Your account",
        text="Something that can sign in to your account was added or taken away.",
        kinds=("account.",),
        email=True,
    ),
    Topic(
        name="other",
        title="Everything else",
        text="News about your organisations and works.",
        kinds=(),
    ),
)
"""In the order they are shown; the last one takes every kind that no other does."""
BY_NAME: Final[Mapping[str, Topic]] = {topic.name: topic for topic in TOPICS}


def topic_of(kind: str) -> Topic:
    """The topic that a kind of notice belongs to."""
    for topic in TOPICS:
        if kind in topic.kinds or f"{kind.partition('.')[0]}." in topic.kinds:
            return topic
    return TOPICS[-1]


def ways_of(topic: Topic, chosen: Mapping[str, Ways]) -> Ways:
    """The ways a topic takes for a user who has chosen these, by the topic's name."""
    return chosen.get(topic.name) or Ways(in_app=topic.in_app, email=topic.email)


def shortened(text: str, limit: int) -> str:
    """At most `limit` characters; what was cut off shows as an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
