"""Chains in the hand of the operator: how things stand, and putting contracts there."""

from collections.abc import Callable, Collection, Mapping

import msgspec

from souk.apps.container import Container
from souk.infra.postgres.scope import SYSTEM
from souk.rights.chain import store
from souk.rights.chain.store import NetworkRow
from souk.rights.chain_index.reconciling import Difference


class ChainState(msgspec.Struct, frozen=True, kw_only=True):
    """How things stand on a chain."""

    network: NetworkRow
    contracts: Mapping[str, str]


async def chain_states(container: Container) -> list[ChainState]:
    """Every chain that was seen, the last one first; from the database, the chain is not asked."""
    async with (
        container.opened(),
        container.core.database.transaction(SYSTEM, read_only=True) as uow,
    ):
        return [
            ChainState(network=network, contracts=await store.contracts(uow, network.key))
            for network in await store.networks(uow)
        ]


async def chain_differences(container: Container, name: str) -> list[str]:
    """What the database and this chain say differently. Raises ChainUnreachable."""
    worker = container.chain.workers[name]
    async with container.opened():
        try:
            return await worker.differences()
        finally:
            await worker.close()


async def chain_reconciled(container: Container, name: str) -> list[Difference]:
    """Every difference between a chain, what was read from it, licences, orders and books.

    Raises:
        ChainUnreachable, RpcError: the chain cannot be asked.
    """
    reconciliation = container.chain_index.reconciliations[name]
    async with container.opened():
        try:
            found = [
                Difference(between="chain and transactions", says=sentence)
                for sentence in await container.chain.workers[name].differences()
            ]
            found += [difference async for difference in reconciliation.differences()]
            async with container.core.database.transaction(SYSTEM, read_only=True) as uow:
                chains = await container.chain_index.chains.all(uow)
            networks = [chain.network for chain in chains if chain.name == name]
            # Comparing a sale holds its row for the moment, so this is no read-only transaction.
            async with container.core.database.transaction(SYSTEM) as uow:
                for network in networks:
                    found += [
                        Difference(between="chain, orders and books", says=sentence)
                        for sentence in await container.chain_sales.comparison.differences(
                            uow, network
                        )
                    ]
        finally:
            await container.chain.workers[name].close()
    return found


async def deploy_contracts(
    container: Container, name: str, contracts: Collection[str], *, ask: Callable[[str], None]
) -> Mapping[str, str]:
    """Puts contracts on a chain, waits until they are final; their addresses.

    Args:
        ask: gets the account that will pay, and raises when it shall not.

    Raises:
        ChainUnreachable, KeyUnusable, RpcError: it can be called again, and goes on.
    """
    worker = container.chain.workers[name]
    async with container.opened():
        ask(await worker.account())
        try:
            known = await worker.deploy(contracts)
        finally:
            await worker.close()
    return {name: known[name] for name in contracts}
