"""The worker's task for one chain: contracts, anchors and transactions, step by step."""

import asyncio
import time
from collections.abc import Collection, Mapping
from typing import Final

import structlog

from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.rights.chain import store
from souk.rights.chain.anchoring import Anchoring
from souk.rights.chain.checking import differences
from souk.rights.chain.deploying import ORDER, Deploying
from souk.rights.chain.keys import KeyUnusable, Signer
from souk.rights.chain.rpc import ChainUnreachable, Rpc, RpcError
from souk.rights.chain.transactions import Sending

LONGEST_PAUSE_S: Final = 30.0
LOOK_AGAIN_S: Final = 2.0
"""Which chain it is, and what the local account has, is asked again after so long."""
_LOCAL_COINS: Final = 10**22
"""What the account has on the local chain, where coins cost nothing."""

log = structlog.get_logger("souk.chain")


class ChainWorker:
    """Works on one chain until cancelled. Others may run beside it: one at a time works.

    Args:
        database: the application's.
        rpc: the chain.
        signer: its account.
        sending: carries transactions.
        anchoring: writes heads; None where the log is not anchored.
        deploying: puts contracts there.
        deploys: whether it does so without being asked.
        contracts: those that are given.
        poll_s: how often it looks.
    """

    def __init__(
        self,
        database: Database,
        *,
        rpc: Rpc,
        signer: Signer,
        sending: Sending,
        anchoring: Anchoring | None,
        deploying: Deploying,
        deploys: bool,
        contracts: dict[str, str],
        poll_s: float,
    ) -> None:
        self._database = database
        self._rpc = rpc
        self._signer = signer
        self._sending = sending
        self._anchoring = anchoring
        self._deploying = deploying
        self._deploys = deploys
        self._contracts = contracts
        self._poll_s = poll_s
        self._asked_at = 0.0
        self._seen: tuple[str, int] | None = None
        """The chain and its newest block, as they were written down last."""

    async def run(self) -> None:
        """Works; a chain that is away is waited for with growing pauses."""
        pause_s = self._poll_s
        try:
            while True:
                try:
                    await self.step()
                    pause_s = self._poll_s
                except (ChainUnreachable, KeyUnusable, RpcError) as error:
                    log.warning("the chain waits", chain=self._rpc.spec.name, problem=str(error))
                    pause_s = min(max(pause_s * 2, 0.5), LONGEST_PAUSE_S)
                except Exception:
                    log.exception("working on the chain failed; trying again")
                    pause_s = min(max(pause_s * 2, 0.5), LONGEST_PAUSE_S)
                await asyncio.sleep(pause_s)
        finally:
            await self._rpc.close()

    async def step(self) -> None:
        """One look at the chain.

        Raises:
            ChainUnreachable, KeyUnusable, RpcError: nothing is lost; call it again.
        """
        async with self._database.transaction(SYSTEM) as turn:
            if await store.take_turn(turn, self._rpc.spec.chain_id):
                await self._work()

    async def deploy(self, names: Collection[str]) -> Mapping[str, str]:
        """Puts these contracts on the chain, where they are not there yet; waits until they are
        final. Killed in between, it goes on when it is called again.

        Raises:
            ChainUnreachable, KeyUnusable, RpcError: nothing is lost; call it again.
        """
        while True:
            async with self._database.transaction(SYSTEM) as turn:
                if await store.take_turn(turn, self._rpc.spec.chain_id):
                    network, account, head = await self._look()
                    known = await self._deploying.step(
                        network=network, account=account, names=names
                    )
                    await self._sending.step(head)
                    if await self._deploying.is_done(network, names):
                        return known
            await asyncio.sleep(self._poll_s)

    async def differences(self) -> list[str]:
        """What the database and the chain say differently. Raises ChainUnreachable."""
        return [sentence async for sentence in differences(self._database, self._rpc)]

    async def account(self) -> str:
        """Who pays and signs. Raises KeyUnusable."""
        return await self._signer.address()

    async def close(self) -> None:
        """Lets go of the connections to the nodes."""
        await self._rpc.close()

    async def _look(self) -> tuple[str, str, int]:
        """Which chain it is, our account there, and how far it is."""
        if time.monotonic() - self._asked_at > LOOK_AGAIN_S:
            await self._rpc.identify()
            if self._rpc.spec.is_local:
                await self._fill(await self._signer.address())
            self._asked_at, self._seen = time.monotonic(), None
        network, head = self._rpc.network, await self._rpc.head()
        if self._seen != (network, head):
            async with self._database.transaction(SYSTEM) as uow:
                await store.see_network(
                    uow,
                    key=network,
                    name=self._rpc.spec.name,
                    chain_id=self._rpc.spec.chain_id,
                    genesis=self._rpc.genesis,
                    head=head,
                )
            self._seen = (network, head)
        return network, await self._signer.address(), head

    async def _work(self) -> None:
        network, account, head = await self._look()
        names = ORDER if self._deploys else ()
        known = await self._deploying.step(network=network, account=account, names=names)
        contracts = {**known, **self._contracts}
        if self._anchoring is not None and "Anchor" in contracts:
            await self._anchoring.step(
                network=network, contract=contracts["Anchor"], account=account
            )
        await self._sending.step(head)

    async def _fill(self, account: str) -> None:
        balance = int(await self._rpc.call("eth_getBalance", account, "latest"), 16)
        if balance < _LOCAL_COINS // 2:
            await self._rpc.call("anvil_setBalance", account, hex(_LOCAL_COINS))
