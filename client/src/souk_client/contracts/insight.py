"""Insight: in-app notices."""

from datetime import datetime

from souk_client.contracts.base import Answer


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
