"""Makes licences follow their tokens, as the chain stands now.

Each look compares the transfers that stand with who holds the licence here, so facts that come
twice, late or in another order lead to the same; a transfer that the chain took back gives the
licence back.
"""

from typing import Final

import structlog

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.errors import NotFound
from souk.rights.chain_index import ask_store, mint_store, store
from souk.rights.chain_index.api import AccountWallets, Fact
from souk.rights.chain_index.mint_store import MintRow
from souk.rights.licences.api import Licences
from souk_client.contracts.base import OwnerRef

_UNCLAIMED_AT_ONCE: Final = 200

log = structlog.get_logger("souk.chain_index")


class Holders:
    """Works in the system's scope.

    Args:
        licences: move to whoever has the token.
        wallets: whose wallet is whose.
    """

    def __init__(self, *, licences: Licences, wallets: AccountWallets) -> None:
        self._licences = licences
        self._wallets = wallets

    async def follow(self, uow: UnitOfWork, *, network: str, token_id: str) -> None:
        """Gives the licence to whoever has its token, and settles the asks for it."""
        minted = await mint_store.of_token(uow, network=network, token_id=token_id)
        if minted is None:
            return  # not one of this marketplace's
        transfers = await store.about(
            uow, "Transferred", network=network, key=token_id, undone=False
        )
        holder = minted.owner
        for fact in transfers:
            holder = await self._receiver(uow, minted, fact)
        await self._give(uow, minted, transfers, holder)
        await self._settle_asks(uow, minted, transfers)

    async def claim(self, uow: UnitOfWork) -> None:
        """Gives licences to accounts that have linked the wallet since."""
        for move in await mint_store.unclaimed(uow, limit=_UNCLAIMED_AT_ONCE):
            seen = await store.get(uow, move.fact_id, hold=False)
            if seen is None:
                continue
            chain_id = chain_of(seen.network)
            if await self._wallets.holder(uow, move.wallet, chain_id=chain_id) is None:
                continue
            fact = await store.get(uow, move.fact_id, hold=True)
            if fact is not None:
                await self.follow(
                    uow, network=fact.network, token_id=str(fact.arguments["licence_id"])
                )

    async def cancelled(self, uow: UnitOfWork, *, network: str, seller: str, nonce: str) -> None:
        """Takes an ask off the list that its seller made worthless on the chain."""
        ask = await ask_store.of_nonce(uow, network=network, seller=seller, nonce=nonce)
        if ask is not None and ask.state == "open":
            await ask_store.set_state(uow, [ask.id], "withdrawn")

    async def revoked(self, uow: UnitOfWork, licence_id: str) -> None:
        """Takes a licence that is worth nothing any more off the list."""
        ask = await ask_store.open_of(uow, licence_id)
        if ask is not None:
            await ask_store.set_state(uow, [ask.id], "withdrawn")

    async def _receiver(self, uow: UnitOfWork, minted: MintRow, fact: Fact) -> OwnerRef:
        """Who got the token by a transfer: decided once, when the wallet is known."""
        wallet = str(fact.arguments["recipient"])
        decided = await mint_store.move(uow, fact.id)
        holder = None if decided is None else decided.holder
        if holder is None:
            chain_id = chain_of(minted.network)
            holder = await self._wallets.holder(uow, wallet, chain_id=chain_id)
            await mint_store.decide(
                uow, fact.id, licence_id=minted.licence_id, wallet=wallet, holder=holder
            )
        return holder or nobody_here(wallet)

    async def _give(
        self, uow: UnitOfWork, minted: MintRow, transfers: list[Fact], holder: OwnerRef
    ) -> None:
        details = {"chain": minted.chain, "token_id": minted.token_id}
        if transfers:
            details["transaction_hash"] = transfers[-1].transaction_hash
        try:
            await self._licences.transfer(uow, minted.licence_id, to=holder, details=details)
        except NotFound:
            log.error("a token's licence is not here", licence=minted.licence_id)

    async def _settle_asks(self, uow: UnitOfWork, minted: MintRow, transfers: list[Fact]) -> None:
        """An ask is sold by the transfer from its seller, and counts only while the token is there;
        what the chain took back is for sale again: the signature still holds."""
        asks = await ask_store.of_token(uow, network=minted.network, token_id=minted.token_id)
        last = transfers[-1] if transfers else None
        now_with = minted.wallet if last is None else str(last.arguments["recipient"])
        for ask in asks:
            if ask.state == "open" and ask.seller != now_with:
                if last is not None and ask.seller == last.arguments["sender"]:
                    await ask_store.set_state(uow, [ask.id], "sold", fact_id=last.id)
                else:
                    await ask_store.set_state(uow, [ask.id], "withdrawn")
        if any(ask.state == "open" and ask.seller == now_with for ask in asks):
            return
        standing = {fact.id for fact in transfers}
        again = [
            ask
            for ask in asks
            if ask.state == "sold" and ask.fact_id not in standing and ask.seller == now_with
        ]
        if again:
            await ask_store.set_state(uow, [again[-1].id], "open")


def chain_of(network: str) -> int:
    """The chain's id in its name in the database."""
    return int(network.partition(":")[0])


def nobody_here(wallet: str) -> OwnerRef:
    """Who holds a licence whose token is in a wallet that nobody here has linked."""
    return OwnerRef(id=wallet, slug=wallet, name=f"Wallet {wallet[:6]}…{wallet[-4:]}")
