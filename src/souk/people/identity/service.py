"""Use cases of accounts."""

from collections.abc import Sequence

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.errors import Conflict, NotFound, Unauthenticated
from souk.kernel.ids import OrganisationId, UserId
from souk.kernel.paging import Page, decode_cursor, page_of
from souk.kernel.texts import clean_name
from souk.people.identity import store
from souk.people.identity.api import UserFacts
from souk.people.identity.passwords import Passwords


class IdentityService:
    """Implements `IdentityApi`."""

    def __init__(self, passwords: Passwords) -> None:
        self._passwords = passwords

    async def get(self, uow: UnitOfWork, user_id: UserId) -> UserFacts:
        found = await store.get(uow, user_id)
        if found is None:
            raise NotFound("user_unknown", "There is no such user.")
        return found

    async def many(self, uow: UnitOfWork, user_ids: Sequence[str]) -> dict[str, UserFacts]:
        return {user.id: user for user in await store.many(uow, user_ids)}

    async def create(
        self,
        uow: UnitOfWork,
        *,
        user_id: UserId,
        email: str,
        name: str,
        password: str,
        roles: Sequence[str],
        organisation_id: OrganisationId,
    ) -> UserFacts:
        password_hash = await self._passwords.hash(password, email=email, name=name)
        user = UserFacts(
            id=user_id,
            email=email.lower(),
            name=clean_name(name, name="name"),
            bio="",
            roles=list(roles),
            organisation_id=organisation_id,
            created_at=uow.now,
        )
        if not await store.insert(uow, user, password_hash=password_hash):
            raise Conflict(
                "email_taken", "An account with this e-mail address exists; sign in instead."
            )
        return user

    async def by_password(self, uow: UnitOfWork, *, email: str, password: str) -> UserFacts:
        known = await store.password_of(uow, email.lower())
        stored = known.password_hash if known else None
        if not await self._passwords.verify(stored, password) or known is None:
            raise Unauthenticated("credentials_wrong", "The e-mail address or password is wrong.")
        return await self.get(uow, known.id)

    async def change_password(
        self, uow: UnitOfWork, user_id: UserId, *, current: str, new: str
    ) -> None:
        user = await self.get(uow, user_id)
        await self.by_password(uow, email=user.email, password=current)
        password_hash = await self._passwords.hash(new, email=user.email, name=user.name)
        await store.set_password(uow, user_id, password_hash=password_hash)

    async def update(
        self, uow: UnitOfWork, user_id: UserId, *, name: str | None, bio: str | None
    ) -> UserFacts:
        shown = None if name is None else clean_name(name, name="name")
        await store.update(uow, user_id, name=shown, bio=bio)
        return await self.get(uow, user_id)

    async def set_roles(
        self, uow: UnitOfWork, user_id: UserId, *, roles: Sequence[str]
    ) -> UserFacts:
        await store.set_roles(uow, user_id, roles=sorted(set(roles)))
        return await self.get(uow, user_id)

    async def with_role(self, uow: UnitOfWork, role: str) -> list[UserId]:
        return await store.with_role(uow, role)

    async def page(
        self, uow: UnitOfWork, *, query: str, cursor: str | None, limit: int
    ) -> Page[UserFacts]:
        key = decode_cursor(cursor, size=1)
        before = str(key[0]) if key else None
        rows = await store.page(uow, query=query, before=before, limit=limit + 1)
        return page_of(rows, limit=limit, key=lambda user: [user.id])
