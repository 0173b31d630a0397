"""What assets need of the nodes beside their sites. The wiring fulfils it."""

from collections.abc import Sequence
from typing import Protocol

from souk.infra.postgres.uow import UnitOfWork
from souk_client.contracts.cdn import PurgeAtNode


class Nodes(Protocol):
    """The nodes, as assets see them."""

    async def tell(self) -> Sequence[PurgeAtNode]:
        """Tells every node what is new to it, after a commit; what each has said."""
        ...

    async def is_node(self, uow: UnitOfWork, credential: str | None, *, address: str) -> bool:
        """Whether who asks is a node (system scope)."""
        ...

    async def near(self, *, organisation_id: str, thing: str, client_address: str) -> str | None:
        """The address of the node nearest to this client that may have it; None when none may."""
        ...
