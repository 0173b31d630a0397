"""HTTP: which heads of the provenance log stand on a chain."""

from typing import Annotated

from litestar import get
from litestar.params import Parameter

from souk.infra.http.paging import Limit
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.paging import DEFAULT_LIMIT
from souk.rights.chain.service import AnchorBook
from souk_client.contracts.base import PageAnswer
from souk_client.contracts.rights import Anchor

Size = Annotated[int, Parameter(ge=1, le=2**62, description="how many entries")]


@get("/provenance/anchors", tags=["rights"])
async def get_anchors(
    uow: UnitOfWork,
    anchors: AnchorBook,
    cursor: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageAnswer[Anchor]:
    """Heads of the log that stand on a chain, or are on their way there; newest first.

    None where the marketplace works without a chain.
    """
    page = await anchors.page(uow, cursor=cursor, limit=limit)
    return PageAnswer(items=page.items, next_cursor=page.next_cursor)


@get("/provenance/anchors/{tree_size:int}", tags=["rights"])
async def get_anchor(tree_size: Size, uow: UnitOfWork, anchors: AnchorBook) -> Anchor:
    """The anchor of the head of this size."""
    return await anchors.of_size(uow, tree_size)


ROUTES = [get_anchors, get_anchor]
