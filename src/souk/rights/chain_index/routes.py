"""HTTP: licences as tokens, and their resale by their holders."""

from typing import Annotated

from litestar import Response, get, post
from litestar.params import Parameter

from souk.infra.http.paging import Limit
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import NotFound
from souk.kernel.paging import DEFAULT_LIMIT
from souk.rights.chain_index.asking import Asking
from souk.rights.chain_index.minting import Minting
from souk_client.contracts.base import PageAnswer
from souk_client.contracts.chain import (
    AskPurchase,
    AskRequest,
    AskSignature,
    LicenceAsk,
    LicenceToken,
    MintRequest,
    OwnAsk,
)

Wallet = Annotated[str, Parameter(pattern="^0x[0-9a-fA-F]{40}$", description="who will pay")]
TokenId = Annotated[str, Parameter(pattern="^0x[0-9a-fA-F]{64}$", description="a work's token")]


@post(
    "/licences/{licence_id:str}/mint",
    tags=["rights"],
    status_code=202,
    opt={"idempotency": "required"},
)
async def mint_licence(
    licence_id: str, data: MintRequest, uow: UnitOfWork, actor: Actor, tokens: Minting
) -> LicenceToken:
    """Wants the licence as a token in one of the caller's linked wallets.

    Souk pays for it. The answer comes at once; `GET …/token` says when it is on the chain. While
    the chain is away it waits, and nothing is lost.
    """
    return await tokens.mint(uow, actor, licence_id, data)


@get("/licences/{licence_id:str}/token", tags=["rights"])
async def get_licence_token(
    licence_id: str, uow: UnitOfWork, actor: Actor, tokens: Minting
) -> LicenceToken:
    """The licence's token and how far it is. 404 `token_unknown` while nobody wanted one."""
    found = await tokens.token(uow, actor, licence_id)
    if found is None:
        raise NotFound("token_unknown", "This licence is no token.")
    return found


@get("/chain/works/{token_id:str}", tags=["rights"], media_type="application/json")
async def get_work_metadata(token_id: TokenId, uow: UnitOfWork, tokens: Minting) -> Response[bytes]:
    """What a work's token says of it: exactly the bytes whose SHA-256 the token has."""
    text = await tokens.metadata(uow, token_id)
    return Response(content=text.encode(), media_type="application/json")


@post(
    "/licences/{licence_id:str}/asks",
    tags=["rights"],
    opt={"idempotency": "required"},
)
async def open_ask(
    licence_id: str, data: AskRequest, uow: UnitOfWork, actor: Actor, asks: Asking
) -> OwnAsk:
    """Begins to sell a licence on: answers what the wallet with its token has to sign.

    The creator's royalty and the marketplace's fee come out of the price, by the contract.
    """
    return await asks.open(uow, actor, licence_id, data)


@get("/asks", tags=["rights"])
async def list_asks(
    uow: UnitOfWork,
    asks: Asking,
    listing_id: str | None = None,
    cursor: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageAnswer[LicenceAsk]:
    """Licences that their holders sell on, newest first."""
    page = await asks.page(uow, listing_id=listing_id, cursor=cursor, limit=limit)
    return PageAnswer(items=page.items, next_cursor=page.next_cursor)


@get("/asks/{ask_id:str}", tags=["rights"])
async def get_ask(ask_id: str, uow: UnitOfWork, actor: Actor, asks: Asking) -> OwnAsk:
    """One of the caller's own asks, with what its wallet has to sign and to send."""
    return await asks.own(uow, actor, ask_id)


@post("/asks/{ask_id:str}/signature", tags=["rights"], status_code=200)
async def sign_ask(
    ask_id: str, data: AskSignature, uow: UnitOfWork, actor: Actor, asks: Asking
) -> OwnAsk:
    """Puts an ask up by the wallet's signature; an earlier one for the licence is withdrawn.

    It can be bought once the wallet has sent `approve` as well.
    """
    return await asks.sign(uow, actor, ask_id, data.signature)


@post("/asks/{ask_id:str}/withdraw", tags=["rights"], status_code=200)
async def withdraw_ask(ask_id: str, uow: UnitOfWork, actor: Actor, asks: Asking) -> OwnAsk:
    """Takes an ask off the list.

    Whoever has asked how to buy it has the signature: send `cancel` to make it worthless for good.
    """
    return await asks.withdraw(uow, actor, ask_id)


@get("/asks/{ask_id:str}/purchase", tags=["rights"])
async def get_ask_purchase(
    ask_id: str, wallet: Wallet, uow: UnitOfWork, actor: Actor, asks: Asking
) -> AskPurchase:
    """The transaction by which one of the caller's wallets buys the licence.

    Once it is in a block, the licence is the caller's here as well.
    """
    return await asks.purchase(uow, actor, ask_id, wallet=wallet)


ROUTES = [
    mint_licence,
    get_licence_token,
    get_work_metadata,
    open_ask,
    list_asks,
    get_ask,
    sign_ask,
    withdraw_ask,
    get_ask_purchase,
]
