"""What was read from the chains, as other contexts see it."""

from collections.abc import Sequence

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.errors import NotFound
from souk.rights.chain_index import store
from souk.rights.chain_index.api import Fact
from souk.rights.chain_index.events import KINDS, ChainEvent


class FactBook:
    """Implements `souk.rights.chain_index.api.ChainFacts`."""

    async def get(self, uow: UnitOfWork, fact_id: str, *, hold: bool = True) -> Fact:
        fact = await store.get(uow, fact_id, hold=hold)
        if fact is None:
            raise NotFound("fact_unknown", "Nothing of this id was read from a chain.")
        return fact

    async def of(
        self, uow: UnitOfWork, kind: str, *, network: str, key: str, undone: bool = False
    ) -> Sequence[Fact]:
        return await store.about(uow, kind, network=network, key=key, undone=undone)

    async def sales(
        self, uow: UnitOfWork, *, network: str, after: str = "", limit: int = 500
    ) -> Sequence[Fact]:
        return await store.standing(uow, network=network, kinds=["Sold"], after=after, limit=limit)


def event_of(fact: Fact) -> ChainEvent:
    """What is announced of a fact, at the stage where it is."""
    said = msgspec.structs.asdict(fact)
    arguments = said.pop("arguments")
    kind = KINDS[said.pop("kind")]
    return msgspec.convert({**said, **arguments, "fact_id": said.pop("id")}, kind)
