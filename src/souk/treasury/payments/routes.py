"""HTTP: the wallet, deposits, transfers, the statement."""

from typing import Annotated

from litestar import get, post
from litestar.params import Parameter

from souk.infra.http.dependencies import Service
from souk.infra.http.paging import Limit
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.money import currency as currency_of
from souk.kernel.paging import DEFAULT_LIMIT
from souk.treasury.ledger.api import Ledger
from souk.treasury.payments.service import PaymentService
from souk_client.contracts.base import PageAnswer
from souk_client.contracts.treasury import (
    Deposit,
    DepositRequest,
    StatementLine,
    Transfer,
    TransferRequest,
    Wallet,
)

CurrencyFilter = Annotated[
    str | None, Parameter(max_length=5, description="one currency; all of them when left out")
]


@get("/wallet", tags=["treasury"])
async def get_wallet(
    uow: UnitOfWork, actor: Actor, payments: PaymentService, organisation_id: str | None = None
) -> Wallet:
    """Balances of an organisation of the caller's; the personal one when left out."""
    return await payments.wallet(uow, actor, organisation_id)


@post("/wallet/deposits", tags=["treasury"], opt={"idempotency": "required"})
async def create_deposit(
    data: DepositRequest, uow: UnitOfWork, actor: Actor, payments: PaymentService
) -> Deposit:
    """Puts money into a wallet through a payment provider; `test` settles at once."""
    return await payments.deposit(uow, actor, data)


@get("/wallet/deposits/{deposit_id:str}", tags=["treasury"])
async def get_deposit(
    deposit_id: str, uow: UnitOfWork, actor: Actor, payments: PaymentService
) -> Deposit:
    """A deposit, and whether it is settled."""
    return await payments.get_deposit(uow, actor, deposit_id)


@post("/wallet/transfers", tags=["treasury"], opt={"idempotency": "required"})
async def create_transfer(
    data: TransferRequest, uow: UnitOfWork, actor: Actor, payments: PaymentService
) -> Transfer:
    """Sends money to another organisation's wallet; managers only."""
    return await payments.transfer(uow, actor, data)


@get("/wallet/statement", tags=["treasury"])
async def get_statement(
    uow: UnitOfWork,
    actor: Actor,
    ledger: Service[Ledger],
    organisation_id: str | None = None,
    currency: CurrencyFilter = None,
    cursor: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageAnswer[StatementLine]:
    """Every posting on a wallet, newest first, each with the balance it left."""
    page = await ledger.statement(
        uow,
        actor.acting_for(organisation_id),
        currency_of(currency).code if currency else None,
        cursor=cursor,
        limit=limit,
    )
    return PageAnswer(
        items=[
            StatementLine(
                transfer_id=line.transfer_id,
                kind=line.kind,
                amount_minor=line.amount_minor,
                currency=line.currency,
                balance_after_minor=line.balance_after_minor,
                note=line.note,
                reference=line.reference,
                created_at=line.created_at,
            )
            for line in page.items
        ],
        next_cursor=page.next_cursor,
    )


ROUTES = [get_wallet, create_deposit, get_deposit, create_transfer, get_statement]
