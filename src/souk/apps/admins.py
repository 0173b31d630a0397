"""Makes a user an admin: what only the operator can do, with access to the database."""

from typing import Final

from souk.apps.container import Container
from souk.infra.postgres.scope import SYSTEM
from souk.kernel.actor import Actor
from souk.kernel.errors import NotFound
from souk.kernel.ids import UserId

_ADMINISTER: Final = frozenset({"marketplace:administer"})


async def make_admin(container: Container, email: str) -> bool:
    """Adds the role admin to the account with this e-mail address; False when it has it.

    Raises:
        NotFound: `user_unknown`, no account has this address.
    """
    access, wanted = container.people.access, email.strip().lower()
    async with container.opened(), container.core.database.transaction(SYSTEM) as uow:
        operator = Actor(user_id=UserId("operator"), permissions=_ADMINISTER)
        page = await access.users(uow, operator, query=wanted, cursor=None, limit=100)
        user = next((user for user in page.items if user.email == wanted), None)
        if user is None:
            raise NotFound("user_unknown", f"No account has the e-mail address {wanted}.")
        if "admin" in user.roles:
            return False
        await access.set_roles(uow, operator, user.id, roles=[*user.roles, "admin"])
        return True
