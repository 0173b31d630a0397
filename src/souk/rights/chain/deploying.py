"""Puts Souk's contracts on a chain, each once, in the order in which they need each other."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.postgres.uow import UnitOfWork
from souk.rights.chain import store
from souk.rights.chain.packaged import packaged
from souk.rights.chain.transactions import submit

TOKEN_SUPPLY: Final = 10**9 * 10**18
RENTAL_FEE_BPS: Final = 1000
ORDER: Final = ("Anchor", "Works", "Licences", "Market", "GENX", "FTNS", "RentalEscrow")
NAMED: Final = "deploy:Licences.nameMarket"
"""What lets the market issue and move licences: nothing is sold before it is final."""


class Deploying:
    """Deploys through ordinary transactions, so that a kill in between leaves nothing double.

    Args:
        database: the application's.
        treasury: gets the fees; the account itself when empty.
    """

    def __init__(self, database: Database, *, treasury: str = "") -> None:
        self._database = database
        self._treasury = treasury

    async def step(
        self, *, network: str, account: str, names: Collection[str] = ORDER
    ) -> Mapping[str, str]:
        """Wants whatever can be wanted now; answers the contracts that are there for good.

        Args:
            account: becomes owner, registrar and arbiter.
            names: which contracts are wanted.
        """
        async with self._database.transaction(SYSTEM) as uow:
            known = await store.contracts(uow, network)
            for name in ORDER:
                if name in known or name not in names:
                    continue
                data = _creation(name, known, account, self._treasury or account)
                if data is None:
                    continue
                row = await submit(
                    uow, network=network, purpose=f"deploy:{name}", data=data, recipient=None
                )
                if row.state == "final" and row.contract_address is not None:
                    address = row.contract_address.lower()
                    await store.know_contract(uow, network=network, name=name, address=address)
                    known[name] = address
            if {"Market", "Licences"} <= known.keys():
                await submit(
                    uow,
                    network=network,
                    purpose=NAMED,
                    data=packaged("Licences").call("nameMarket", known["Market"]),
                    recipient=known["Licences"],
                )
        return known

    async def is_done(self, network: str, names: Collection[str]) -> bool:
        """Whether these contracts are there for good, and know each other."""
        async with self._database.transaction(SYSTEM, read_only=True) as uow:
            known = await store.contracts(uow, network)
            return set(names) <= known.keys() and (
                "Market" not in names or await is_wired(uow, network)
            )


async def is_wired(uow: UnitOfWork, network: str) -> bool:
    """Whether the licences' contract that Souk put there knows its market, for good."""
    named = await store.of_purpose(uow, network=network, purpose=NAMED)
    return named is not None and named.state == "final"


def _creation(name: str, known: Mapping[str, str], account: str, treasury: str) -> bytes | None:
    """The data that creates a contract; None while one that it needs is missing."""
    arguments: tuple[Any, ...]
    match name:
        case "GENX":
            return packaged("PlatformToken").creation("Genx", "GENX", TOKEN_SUPPLY, account)
        case "FTNS":
            return packaged("PlatformToken").creation("Fortunes", "FTNS", TOKEN_SUPPLY, account)
        case "Market":
            if not {"Works", "Licences"} <= known.keys():
                return None
            arguments = (account, account, known["Works"], known["Licences"], treasury)
        case "Works" | "Licences":
            arguments = (account, account)
        case "RentalEscrow":
            arguments = (account, account, treasury, RENTAL_FEE_BPS)
        case _:
            arguments = ()
    return packaged(name).creation(*arguments)
