"""Compares what was sold on a chain with the sales, orders and books here (system scope)."""

from collections.abc import AsyncIterator
from typing import Final

from souk.commerce.chain_sales import store
from souk.commerce.chain_sales.store import SaleRow
from souk.infra.postgres.uow import UnitOfWork
from souk.rights.chain_index.api import ChainFacts, Fact

BATCH: Final = 500


class SalesComparison:
    """Every difference, in a sentence each. Nothing is changed."""

    def __init__(self, *, facts: ChainFacts) -> None:
        self._facts = facts

    async def differences(self, uow: UnitOfWork, network: str) -> list[str]:
        """What chain, sales, orders and ledger say differently of one network."""
        return [
            *[sentence async for sentence in self._of_chain(uow, network)],
            *[sentence async for sentence in self._of_sales(uow, network)],
            *await self._of_books(uow, network),
        ]

    async def _of_chain(self, uow: UnitOfWork, network: str) -> AsyncIterator[str]:
        """From the chain's side: everything sold there has its sale here."""
        after = ""
        while True:
            facts = await self._facts.sales(uow, network=network, after=after, limit=BATCH)
            for fact in facts:
                nonce = str(fact.arguments["nonce"])
                row = await store.of_nonce(uow, network=network, nonce=nonce, lock=False)
                said = f"The sale {nonce} in {fact.transaction_hash}"
                if row is None:
                    yield f"{said} has no order here."
                elif row.state in ("pending", "undone"):
                    yield f"{said} is paid, and {row.id} here is {row.state}."
                elif row.state == "disputed":
                    yield f"{said} is disputed: {row.problem}"
                elif row.fact_id != fact.id:
                    yield f"{said} is in block {fact.block_number}, not {row.block_number}."
            if len(facts) < BATCH:
                return
            after = facts[-1].id

    async def _of_sales(self, uow: UnitOfWork, network: str) -> AsyncIterator[str]:
        """From this side: every paid sale stands on the chain, and its order says the same."""
        after = ""
        while True:
            rows = await store.settled_on(uow, network, after=after, limit=BATCH)
            for row in rows:
                for sentence in await self._of_sale(uow, row):
                    yield sentence
            if len(rows) < BATCH:
                return
            after = rows[-1].id

    async def _of_sale(self, uow: UnitOfWork, row: SaleRow) -> list[str]:
        facts = await self._facts.of(uow, "Sold", network=row.network, key=row.nonce)
        found: list[str] = []
        if not facts and row.state != "disputed":
            found.append(f"{row.id} is {row.state}, and the chain knows no such sale.")
        if facts and int(facts[-1].arguments["price"]) != row.price_units:
            found.append(_other_price(row, facts[-1]))
        state = await store.order_state(uow, row.order_id)
        meant = {"confirmed": "paid", "final": "paid", "refunded": "refunded"}.get(row.state)
        if meant is not None and row.order_id is not None and state != meant:
            found.append(f"{row.id} is {row.state}, and its order {row.order_id} is {state}.")
        return found

    async def _of_books(self, uow: UnitOfWork, network: str) -> list[str]:
        """What came in by the books is what was paid by the sales, in every currency."""
        return [
            f"The books say that {one.booked_minor} {one.currency} came in on {network}, the "
            f"sales {one.sold_minor}."
            for one in await store.money_in(uow, network)
            if one.booked_minor != one.sold_minor
        ]


def _other_price(row: SaleRow, fact: Fact) -> str:
    return f"{row.id} costs {row.price_units}, and {fact.arguments['price']} was paid."
