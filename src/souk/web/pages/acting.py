"""For which of their organisations somebody looks at a page."""

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.ids import OrganisationId
from souk.web.forms import PageRequest
from souk.web.market import Market


class Acting(msgspec.Struct, frozen=True, kw_only=True):
    """The organisation of this page, and those to choose from."""

    organisation_id: OrganisationId
    choices: list[tuple[str, str]]
    """Id and name of each organisation of the caller's, the personal one first."""
    personal: bool

    @property
    def query(self) -> str:
        """For addresses: empty for the personal organisation."""
        return "" if self.personal else self.organisation_id


async def acting(
    request: PageRequest, uow: UnitOfWork, actor: Actor, market: Market, *, chosen: str = ""
) -> Acting:
    """The organisation named in the form or the address, else the personal one.

    Raises:
        Unauthenticated: `sign_in_needed`.
        NotFound: `organisation_unknown`.
    """
    wanted = chosen or request.query_params.get("organisation", "")
    organisation_id = actor.acting_for(wanted or None)
    return Acting(
        organisation_id=organisation_id,
        choices=await organisation_choices(uow, actor, market),
        personal=organisation_id == actor.organisation_id,
    )


async def organisation_choices(
    uow: UnitOfWork, actor: Actor, market: Market
) -> list[tuple[str, str]]:
    """Id and name of each of the caller's organisations, the personal one first."""
    known = await market.organisations.many(uow, list(actor.memberships))
    ordered = sorted(known.values(), key=lambda one: (one.id != actor.organisation_id, one.name))
    return [(one.id, one.name) for one in ordered]
