"""Use cases of access: sign-up, sign-in, sessions, API keys."""

from datetime import datetime, timedelta

from souk.infra.http.limits import RateLimiter
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Conflict, NotFound, Unauthenticated
from souk.kernel.ids import ApiKeyId, OrganisationId, SessionId, UserId, new_id
from souk.kernel.paging import Page
from souk.people.access import store
from souk.people.access.api import ApiKeyFacts, PageSession
from souk.people.access.keys import KeySecrets
from souk.people.access.model import (
    DEFAULT_ROLES,
    compose,
    digest,
    matches,
    new_secret,
    take_apart,
)
from souk.people.access.settings import AccessSettings
from souk.people.access.tokens import Tokens
from souk.people.access.views import me_of, user_of
from souk.people.identity.api import CallerChanges, IdentityApi, UserFacts
from souk.people.organisations.api import OrganisationsApi
from souk_client.contracts.people import Me, Session, User


class AccessService:
    """Implements `AccessApi`."""

    def __init__(
        self,
        *,
        database: Database,
        identity: IdentityApi,
        organisations: OrganisationsApi,
        tokens: Tokens,
        keys: KeySecrets,
        news: CallerChanges,
        settings: AccessSettings,
    ) -> None:
        self._database = database
        self._identity = identity
        self._organisations = organisations
        self._tokens = tokens
        self._keys = keys
        self._news = news
        self._settings = settings
        self._attempts = RateLimiter(settings.sign_in_per_minute)

    async def register(
        self, uow: UnitOfWork, *, email: str, password: str, name: str, handle: str | None
    ) -> User:
        """A new account with its personal organisation."""
        user_id = UserId(new_id("usr", uow.now))
        organisation_id = OrganisationId(new_id("org", uow.now))
        async with uow.as_system():  # nobody is signed in yet
            await self._identity.create(
                uow,
                user_id=user_id,
                email=email,
                name=name,
                password=password,
                roles=DEFAULT_ROLES,
                organisation_id=organisation_id,
            )
            await self._organisations.create(
                uow,
                owner_id=user_id,
                slug=handle,
                name=name,
                personal=True,
                organisation_id=organisation_id,
            )
            user = await self._identity.get(uow, user_id)
            return await self._user(uow, user)

    async def log_in(self, uow: UnitOfWork, *, email: str, password: str) -> Session:
        """Tokens for a program; raises Unauthenticated `credentials_wrong`, TooMany."""
        async with uow.as_system():  # nobody is signed in yet
            user = await self._by_password(uow, email=email, password=password)
            session_id, secret, _ = await self._open(uow, user.id, kind="token")
            return await self._session(uow, user, session_id=session_id, secret=secret)

    async def refresh(self, refresh_token: str) -> Session:
        """New tokens for a refresh token, which works once.

        A second use of one means that somebody else has it: the session ends, durably, although
        the answer is an error. Hence a transaction of its own.

        Raises:
            Unauthenticated: `refresh_token_invalid`.
        """
        parts = take_apart(refresh_token, word="srt", prefix="ses")
        async with self._database.transaction(SYSTEM) as uow:
            row = await store.lock_session(uow, parts.row_id)
            alive = (
                row is not None
                and row.kind == "token"
                and row.revoked_at is None
                and row.expires_at > uow.now
            )
            if row is not None and alive and matches(parts.secret, row.secret_hash):
                secret = new_secret()
                await store.rotate_session(
                    uow, row.id, secret_hash=digest(secret), expires_at=self._expiry(uow.now)
                )
                user = await self._identity.get(uow, row.user_id)
                return await self._session(uow, user, session_id=row.id, secret=secret)
            if row is not None and matches(parts.secret, row.previous_hash):
                await store.revoke_session(uow, row.id)
                await self._news.changed(uow, row.id)
        raise Unauthenticated(
            "refresh_token_invalid", "This refresh token is no longer good; sign in again."
        )

    async def log_out(self, uow: UnitOfWork, actor: Actor, refresh_token: str | None) -> None:
        """Ends the session of a refresh token, or, without one, all sessions of the caller."""
        user_id = actor.require_user()
        if refresh_token is None:
            await store.revoke_sessions_of(uow, user_id)
            await self._news.changed(uow, user_id)
            return
        parts = take_apart(refresh_token, word="srt", prefix="ses")
        row = await store.session(uow, parts.row_id)
        if row is not None and matches(parts.secret, row.secret_hash):
            await store.revoke_session(uow, row.id)
            await self._news.changed(uow, row.id)

    async def open_page_session(self, uow: UnitOfWork, *, email: str, password: str) -> PageSession:
        """A cookie for a browser; raises as `log_in`."""
        async with uow.as_system():  # nobody is signed in yet
            user = await self._by_password(uow, email=email, password=password)
            return await self._page_session(uow, user)

    async def log_in_as(self, uow: UnitOfWork, user_id: UserId) -> Session:
        """Tokens for a user who has proved who they are in another way than by a password."""
        async with uow.as_system():  # nobody is signed in yet
            user = await self._identity.get(uow, user_id)
            session_id, secret, _ = await self._open(uow, user.id, kind="token")
            return await self._session(uow, user, session_id=session_id, secret=secret)

    async def open_page_session_as(self, uow: UnitOfWork, user_id: UserId) -> PageSession:
        """A cookie for a user who has proved who they are in another way than by a password."""
        async with uow.as_system():  # nobody is signed in yet
            return await self._page_session(uow, await self._identity.get(uow, user_id))

    async def close_page_session(self, uow: UnitOfWork, cookie: str) -> None:
        """Ends the session of a cookie; harmless when it is unknown."""
        try:
            parts = take_apart(cookie, word="sps", prefix="ses")
        except Unauthenticated:
            return
        row = await store.session(uow, parts.row_id)
        if row is not None and matches(parts.secret, row.secret_hash):
            await store.revoke_session(uow, row.id)
            await self._news.changed(uow, row.id)

    async def change_password(
        self, uow: UnitOfWork, actor: Actor, *, current: str, new: str
    ) -> None:
        """Replaces the password and ends every session."""
        user_id = actor.require_user()
        self._attempts.count(actor.email)
        await self._identity.change_password(uow, user_id, current=current, new=new)
        await store.revoke_sessions_of(uow, user_id)
        await self._news.changed(uow, user_id)

    async def me(self, uow: UnitOfWork, actor: Actor) -> Me:
        """The caller's account, memberships and permissions."""
        user = await self._identity.get(uow, actor.require_user())
        memberships = await self._organisations.memberships(uow, user.id)
        return me_of(await self._user(uow, user), memberships)

    async def update_me(
        self, uow: UnitOfWork, actor: Actor, *, name: str | None, bio: str | None
    ) -> User:
        """Changes the caller's profile."""
        user_id = actor.require_user()
        user = await self._identity.update(uow, user_id, name=name, bio=bio)
        await self._news.changed(uow, user_id)
        return await self._user(uow, user)

    async def make_key(
        self, uow: UnitOfWork, actor: Actor, *, name: str, expires_in_days: int | None
    ) -> tuple[ApiKeyFacts, str]:
        """A new API key and its text, which is never seen again."""
        user_id = actor.require_user()
        if len(await store.keys_of(uow, user_id)) >= self._settings.max_api_keys:
            raise Conflict(
                "too_many_keys",
                f"At most {self._settings.max_api_keys} live API keys; revoke one first.",
            )
        key_id, secret = ApiKeyId(new_id("key", uow.now)), new_secret()
        text = compose("vk", key_id, secret)
        expires_at = uow.now + timedelta(days=expires_in_days) if expires_in_days else None
        row = store.ApiKeyRow(
            id=key_id,
            user_id=user_id,
            name=name,
            hint=text[:15],
            secret_hash=await self._keys.hash(secret),
            created_at=uow.now,
            expires_at=expires_at,
            last_used_at=None,
            revoked_at=None,
        )
        await store.insert_key(uow, row)
        return _key_facts(row), text

    async def keys(self, uow: UnitOfWork, actor: Actor) -> list[ApiKeyFacts]:
        """The caller's live API keys, newest first."""
        return [_key_facts(row) for row in await store.keys_of(uow, actor.require_user())]

    async def revoke_key(self, uow: UnitOfWork, actor: Actor, key_id: str) -> None:
        """Ends an API key at once; raises NotFound `key_unknown`."""
        if not await store.revoke_key(uow, key_id=key_id, user_id=actor.require_user()):
            raise NotFound("key_unknown", "You have no such live API key.")
        await self._news.changed(uow, key_id)

    async def set_roles(
        self, uow: UnitOfWork, actor: Actor, user_id: str, *, roles: list[str]
    ) -> User:
        """Admin: what a user may do; the last admin cannot step down by their own hand."""
        own_id = actor.require("marketplace:administer")
        if user_id == own_id and "admin" not in roles:
            raise Conflict("own_admin_role", "Let another admin take this role from you.")
        await self._identity.get(uow, UserId(user_id))
        user = await self._identity.set_roles(uow, UserId(user_id), roles=roles)
        await self._news.changed(uow, user_id)
        return await self._user(uow, user)

    async def users(
        self, uow: UnitOfWork, actor: Actor, *, query: str, cursor: str | None, limit: int
    ) -> Page[User]:
        """Admin: users, newest first, whose e-mail address or name holds the query."""
        actor.require("marketplace:administer")
        page = await self._identity.page(uow, query=query, cursor=cursor, limit=limit)
        ids = [user.organisation_id for user in page.items]
        organisations = await self._organisations.many(uow, ids)
        return page.map(lambda user: user_of(user, organisations[user.organisation_id]))

    async def _by_password(self, uow: UnitOfWork, *, email: str, password: str) -> UserFacts:
        self._attempts.count(email.lower())
        return await self._identity.by_password(uow, email=email, password=password)

    async def _open(
        self, uow: UnitOfWork, user_id: UserId, *, kind: str
    ) -> tuple[SessionId, str, datetime]:
        session_id, secret = SessionId(new_id("ses", uow.now)), new_secret()
        expires_at = self._expiry(uow.now)
        await store.insert_session(
            uow,
            session_id=session_id,
            user_id=user_id,
            kind=kind,
            secret_hash=digest(secret),
            expires_at=expires_at,
        )
        return session_id, secret, expires_at

    async def _page_session(self, uow: UnitOfWork, user: UserFacts) -> PageSession:
        session_id, secret, expires_at = await self._open(uow, user.id, kind="page")
        return PageSession(
            cookie=compose("sps", session_id, secret),
            expires_at=expires_at,
            user=await self._user(uow, user),
        )

    async def _session(
        self, uow: UnitOfWork, user: UserFacts, *, session_id: SessionId, secret: str
    ) -> Session:
        token = await self._tokens.issue(user_id=user.id, session_id=session_id, now=uow.now)
        return Session(
            access_token=token,
            refresh_token=compose("srt", session_id, secret),
            expires_in_s=int(self._tokens.lifetime.total_seconds()),
            user=await self._user(uow, user),
        )

    async def _user(self, uow: UnitOfWork, user: UserFacts) -> User:
        return user_of(user, await self._organisations.get(uow, user.organisation_id))

    def _expiry(self, now: datetime) -> datetime:
        return now + timedelta(days=self._settings.session_days)


def _key_facts(row: store.ApiKeyRow) -> ApiKeyFacts:
    return ApiKeyFacts(
        id=row.id,
        name=row.name,
        hint=row.hint,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
    )
