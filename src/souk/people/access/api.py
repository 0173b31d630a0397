"""What other contexts may ask of access."""

from datetime import datetime
from typing import Protocol

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.ids import ApiKeyId, UserId
from souk_client.contracts.people import Me, Session, User


class ApiKeyFacts(msgspec.Struct, frozen=True, kw_only=True):
    """An API key, without its secret."""

    id: ApiKeyId
    name: str
    hint: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class PageSession(msgspec.Struct, frozen=True, kw_only=True):
    """What a browser keeps in its cookie, and for how long."""

    cookie: str
    expires_at: datetime
    user: User


class AccessApi(Protocol):
    """Sign-up and sign-in, for routes and pages."""

    async def register(
        self, uow: UnitOfWork, *, email: str, password: str, name: str, handle: str | None
    ) -> User:
        """A new account with its personal organisation."""
        ...

    async def log_in(self, uow: UnitOfWork, *, email: str, password: str) -> Session:
        """Tokens for a program; raises Unauthenticated `credentials_wrong`, TooMany."""
        ...

    async def open_page_session(self, uow: UnitOfWork, *, email: str, password: str) -> PageSession:
        """A cookie for a browser; raises as `log_in`."""
        ...

    async def log_in_as(self, uow: UnitOfWork, user_id: UserId) -> Session:
        """Tokens for a user who has proved who they are in another way than by a password."""
        ...

    async def open_page_session_as(self, uow: UnitOfWork, user_id: UserId) -> PageSession:
        """A cookie for a user who has proved who they are in another way than by a password."""
        ...

    async def close_page_session(self, uow: UnitOfWork, cookie: str) -> None:
        """Ends the session of a cookie; harmless when it is unknown."""
        ...

    async def me(self, uow: UnitOfWork, actor: Actor) -> Me:
        """The caller's account, memberships and permissions."""
        ...

    async def make_key(
        self, uow: UnitOfWork, actor: Actor, *, name: str, expires_in_days: int | None
    ) -> tuple[ApiKeyFacts, str]:
        """A new API key and its text, which is never seen again."""
        ...

    async def keys(self, uow: UnitOfWork, actor: Actor) -> list[ApiKeyFacts]:
        """The caller's live API keys, newest first."""
        ...

    async def revoke_key(self, uow: UnitOfWork, actor: Actor, key_id: str) -> None:
        """Ends an API key at once; raises NotFound `key_unknown`."""
        ...
