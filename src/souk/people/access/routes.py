"""HTTP: sign-up, sign-in, the caller's own account, API keys, users for admins."""

from litestar import delete, get, patch, post
from litestar.params import Parameter

from souk.infra.http.paging import Limit
from souk.infra.keyring import ACCESS, Keyring
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.paging import DEFAULT_LIMIT
from souk.people.access.service import AccessService
from souk.people.access.views import key_of
from souk_client.contracts.base import Answer, PageAnswer
from souk_client.contracts.people import (
    ApiKey,
    ApiKeyCreated,
    ApiKeyRequest,
    LoginRequest,
    LogoutRequest,
    Me,
    MeUpdate,
    PasswordChange,
    RefreshRequest,
    RegisterRequest,
    RoleChange,
    Session,
    User,
)
from souk_client.proofs import PublicKey


class JwkSet(Answer, frozen=True, kw_only=True):
    """Public keys that verify access tokens (RFC 7517)."""

    keys: list[PublicKey]


@post("/auth/register", tags=["people"])
async def register(data: RegisterRequest, uow: UnitOfWork, access: AccessService) -> Session:
    """Makes an account with its personal organisation, and signs it in."""
    await access.register(
        uow, email=data.email, password=data.password, name=data.name, handle=data.handle
    )
    return await access.log_in(uow, email=data.email, password=data.password)


@post("/auth/login", tags=["people"], status_code=200)
async def log_in(data: LoginRequest, uow: UnitOfWork, access: AccessService) -> Session:
    """Signs in with e-mail address and password."""
    return await access.log_in(uow, email=data.email, password=data.password)


@post("/auth/refresh", tags=["people"], status_code=200, opt={"transaction": "own"})
async def refresh(data: RefreshRequest, access: AccessService) -> Session:
    """Exchanges a refresh token, which works once, for new tokens."""
    return await access.refresh(data.refresh_token)


@post("/auth/logout", tags=["people"], status_code=204)
async def log_out(
    data: LogoutRequest, uow: UnitOfWork, actor: Actor, access: AccessService
) -> None:
    """Ends the session of a refresh token, or every session when none is given."""
    await access.log_out(uow, actor, data.refresh_token)


@get("/me", tags=["people"])
async def me(uow: UnitOfWork, actor: Actor, access: AccessService) -> Me:
    """The caller's account, organisations and permissions."""
    return await access.me(uow, actor)


@patch("/me", tags=["people"])
async def update_me(data: MeUpdate, uow: UnitOfWork, actor: Actor, access: AccessService) -> User:
    """Changes the caller's profile."""
    return await access.update_me(uow, actor, name=data.name, bio=data.bio)


@post("/me/password", tags=["people"], status_code=204)
async def change_password(
    data: PasswordChange, uow: UnitOfWork, actor: Actor, access: AccessService
) -> None:
    """Replaces the password and ends every session."""
    await access.change_password(uow, actor, current=data.current_password, new=data.new_password)


@post("/api-keys", tags=["people"])
async def make_key(
    data: ApiKeyRequest, uow: UnitOfWork, actor: Actor, access: AccessService
) -> ApiKeyCreated:
    """Makes an API key. Its text is shown this once."""
    facts, text = await access.make_key(
        uow, actor, name=data.name, expires_in_days=data.expires_in_days
    )
    return ApiKeyCreated(
        id=facts.id,
        name=facts.name,
        hint=facts.hint,
        created_at=facts.created_at,
        expires_at=facts.expires_at,
        key=text,
    )


@get("/api-keys", tags=["people"])
async def list_keys(uow: UnitOfWork, actor: Actor, access: AccessService) -> PageAnswer[ApiKey]:
    """The caller's live API keys, newest first."""
    return PageAnswer(items=[key_of(key) for key in await access.keys(uow, actor)])


@delete("/api-keys/{key_id:str}", tags=["people"])
async def revoke_key(key_id: str, uow: UnitOfWork, actor: Actor, access: AccessService) -> None:
    """Ends an API key at once."""
    await access.revoke_key(uow, actor, key_id)


@get("/admin/users", tags=["admin"])
async def list_users(
    uow: UnitOfWork,
    actor: Actor,
    access: AccessService,
    q: str = Parameter(default="", max_length=120),
    cursor: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageAnswer[User]:
    """Admin: users, newest first."""
    page = await access.users(uow, actor, query=q, cursor=cursor, limit=limit)
    return PageAnswer(items=page.items, next_cursor=page.next_cursor)


@patch("/admin/users/{user_id:str}", tags=["admin"])
async def set_roles(
    user_id: str, data: RoleChange, uow: UnitOfWork, actor: Actor, access: AccessService
) -> User:
    """Admin: sets what a user may do."""
    return await access.set_roles(uow, actor, user_id, roles=list(data.roles))


@get("/.well-known/jwks.json", tags=["people"], opt={"transaction": "own"})
async def jwks(keyring: Keyring) -> JwkSet:
    """The public keys that verify access tokens."""
    return JwkSet(keys=list(await keyring.public_keys(ACCESS)))


ROUTES = [
    register,
    log_in,
    refresh,
    log_out,
    me,
    update_me,
    change_password,
    make_key,
    list_keys,
    revoke_key,
    list_users,
    set_roles,
]
WELL_KNOWN = [jwks]
