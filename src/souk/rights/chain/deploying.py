"""Puts Souk's contracts on a chain, each once, in the order in which they need each other."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.rights.chain import store
from souk.rights.chain.packaged import packaged
from souk.rights.chain.transactions import submit

TOKEN_SUPPLY: Final = 10**9 * 10**18
RENTAL_FEE_BPS: Final = 1000
ORDER: Final = ("Anchor", "Works", "Licences", "Market", "GENX", "FTNS", "RentalEscrow")
_NAMED: Final = "deploy:Licences.nameMarket"


class Deploying:
    """Deploys through ordinary transactions, so that a kill in between leaves nothing double."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def step(
        self, *, network: str, account: str, names: Collection[str] = ORDER
    ) -> Mapping[str, str]:
        """Wants whatever can be wanted now; answers the contracts that are there for good.

        Args:
            account: becomes owner, registrar, arbiter and treasury.
            names: which contracts are wanted.
        """
        async with self._database.transaction(SYSTEM) as uow:
            known = await store.contracts(uow, network)
            for name in ORDER:
                if name in known or name not in names:
                    continue
                data = _creation(name, known, account)
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
                    purpose=_NAMED,
                    data=packaged("Licences").call("nameMarket", known["Market"]),
                    recipient=known["Licences"],
                )
        return known


def _creation(name: str, known: Mapping[str, str], account: str) -> bytes | None:
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
            arguments = (account, account, known["Works"], known["Licences"], account)
        case "Works" | "Licences":
            arguments = (account, account)
        case "RentalEscrow":
            arguments = (account, account, account, RENTAL_FEE_BPS)
        case _:
            arguments = ()
    return packaged(name).creation(*arguments)
