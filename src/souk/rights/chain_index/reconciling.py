"""Compares the chain with what was read from it, and licences with their tokens."""

from collections.abc import AsyncIterator, Mapping
from typing import Final

import msgspec

from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.errors import NotFound
from souk.rights.chain.api import ChainUnreachable, Rpc, RpcError, contracts
from souk.rights.chain_index import mint_store, store
from souk.rights.chain_index.api import Fact
from souk.rights.chain_index.holders import nobody_here
from souk.rights.chain_index.mint_store import MintRow
from souk.rights.chain_index.model import FOLLOWED, Found
from souk.rights.chain_index.reader import NodeDoubtful, Reader
from souk.rights.licences.api import Licence, Licences

_PAGE: Final = 500


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Something that two of us say differently."""

    between: str
    """`chain and index`, `chain and licences`, …"""
    says: str
    """One sentence."""


class Reconciliation:
    """Compares one chain.

    Args:
        database: the application's.
        rpc: the chain's nodes.
        licences: the licences.
        given: contracts that the settings name.
        most_blocks: how many blocks are asked for at once.
    """

    def __init__(
        self,
        database: Database,
        *,
        rpc: Rpc,
        licences: Licences,
        given: Mapping[str, str],
        most_blocks: int,
    ) -> None:
        self._database = database
        self._rpc = rpc
        self._licences = licences
        self._given = given
        self._range = most_blocks

    async def differences(self) -> AsyncIterator[Difference]:
        """Every difference.

        Raises:
            ChainUnreachable, RpcError: the chain cannot be asked.
        """
        network = await self._rpc.identify()
        async with self._database.transaction(SYSTEM, read_only=True) as uow:
            known = {**await contracts(uow, network), **self._given}
            cursor = await store.cursor(uow, network)
        if not set(FOLLOWED) <= known.keys():
            return
        if cursor is None or not cursor.indexed_hash:
            yield Difference(between="chain and index", says="The chain was never read.")
            return
        reader = Reader(self._rpc, contracts={known[name].lower(): name for name in FOLLOWED})
        first = cursor.started_block
        while first <= cursor.indexed_block:
            last = min(first + self._range - 1, cursor.indexed_block)
            found = await self._read(reader, first, last)
            if found is None:
                self._range = max(self._range // 2, 1)
                continue
            async for difference in self._of_index(network, first, last, found):
                yield difference
            first = last + 1
        async for difference in self._of_licences(network):
            yield difference

    async def close(self) -> None:
        """Lets go of the connections to the nodes."""
        await self._rpc.close()

    async def _read(self, reader: Reader, first: int, last: int) -> tuple[Found, ...] | None:
        """What the chain says; None when the nodes refuse so many blocks."""
        refusal: RpcError | None = None
        for node in range(self._rpc.nodes):
            try:
                stretch = await reader.stretch(node, first, last, before=None, dense_from=last + 1)
            except NodeDoubtful:
                continue
            except RpcError as error:
                refusal = error
                continue
            return stretch.found
        if refusal is None:
            raise ChainUnreachable(
                f"No node of {self._rpc.spec.name} gives answers that fit together."
            )
        if first == last:
            raise refusal
        return None

    async def _of_index(
        self, network: str, first: int, last: int, found: tuple[Found, ...]
    ) -> AsyncIterator[Difference]:
        async with self._database.transaction(SYSTEM, read_only=True) as uow:
            facts = await store.in_blocks(uow, network, first=first, last=last)
        here = {(fact.block_hash, fact.log_index): fact for fact in facts}
        there = {(one.block_hash, one.log_index): one for one in found}
        for place, one in there.items():
            fact = here.get(place)
            at = f"{one.kind} {one.key} in {one.transaction_hash}"
            if fact is None:
                yield _index(f"{at} is on the chain and was not read.")
            elif (fact.kind, dict(fact.arguments)) != (one.kind, dict(one.arguments)):
                yield _index(f"{at} says other things on the chain than here.")
        for place, fact in here.items():
            if place not in there:
                yield _index(
                    f"{fact.kind} {fact.id} in {fact.transaction_hash} is {fact.stage} here, and "
                    "the chain does not have it."
                )

    async def _of_licences(self, network: str) -> AsyncIterator[Difference]:
        after = ""
        while True:
            async with self._database.transaction(SYSTEM, read_only=True) as uow:
                rows = await mint_store.after(uow, network, licence_id=after, limit=_PAGE)
                told = [says for row in rows for says in await self._of_licence(uow, row)]
            for says in told:
                yield Difference(between="chain and licences", says=says)
            if len(rows) < _PAGE:
                break
            after = rows[-1].licence_id
        async with self._database.transaction(SYSTEM, read_only=True) as uow:
            strays = await mint_store.strays(uow, network)
        for token_id in strays:
            yield Difference(
                between="chain and licences",
                says=f"The token {token_id} is a licence on the chain that nobody here knows.",
            )

    async def _of_licence(self, uow: UnitOfWork, row: MintRow) -> list[str]:
        async def standing(kind: str) -> list[Fact]:
            return await store.about(uow, kind, network=row.network, key=row.token_id, undone=False)

        try:
            licence = await self._licences.get(uow, row.licence_id)
        except NotFound:
            return [f"{row.licence_id} is a token on {row.chain}, and no licence here."]
        minted, burnt = await standing("LicenceMinted"), await standing("LicenceBurnt")
        final = await mint_store.is_minted(uow, row)
        if final and not minted:
            return [f"{row.licence_id} is minted here, and the chain has no such token."]
        if minted and minted[0].arguments["holder"] != row.wallet:
            return [f"{row.licence_id} was minted to another wallet than {row.wallet}."]
        says = await self._of_holder(uow, row, licence, await standing("Transferred"))
        if licence.state == "revoked" and minted and not burnt:
            says.append(f"{row.licence_id} is revoked here, and its token is good on the chain.")
        if burnt and licence.state != "revoked":
            says.append(f"{row.licence_id} is good here, and its token was taken back.")
        return says

    async def _of_holder(
        self, uow: UnitOfWork, row: MintRow, licence: Licence, transfers: list[Fact]
    ) -> list[str]:
        meant = row.owner_organisation_id
        for fact in transfers:
            move = await mint_store.move(uow, fact.id)
            wallet = str(fact.arguments["recipient"])
            holder = None if move is None else move.holder
            meant = (holder or nobody_here(wallet)).id
        if licence.licensee.id == meant:
            return []
        return [f"{row.licence_id} is held by {licence.licensee.id} here, by the chain by {meant}."]


def _index(says: str) -> Difference:
    return Difference(between="chain and index", says=says)
