"""Insight: in-app notices."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from souk_client.contracts.base import Answer, Request


class Notice(Answer, frozen=True, kw_only=True):
    id: str
    kind: str
    title: str
    body: str
    link: str | None
    created_at: datetime
    read_at: datetime | None = None


class NoticeCount(Answer, frozen=True, kw_only=True):
    unread: int


class NoticePreference(Answer, frozen=True, kw_only=True):
    """How notices of one topic reach the user."""

    topic: str
    title: str
    text: str
    in_app: bool
    email: bool


class NoticePreferences(Answer, frozen=True, kw_only=True):
    """Every topic, in the order to show them."""

    topics: list[NoticePreference]


class NoticeChoice(Request, frozen=True, kw_only=True):
    """A choice for one topic."""

    topic: Annotated[str, Meta(pattern="^[a-z_]{1,40}$")]
    in_app: bool
    email: bool


class NoticeChoices(Request, frozen=True, kw_only=True):
    """Choices to keep; topics that are left out stay as they are."""

    topics: Annotated[list[NoticeChoice], Meta(max_length=50)]
