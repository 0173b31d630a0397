"""The configured chains, as other contexts use them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog

from souk.infra.postgres.uow import UnitOfWork
from souk.rights.chain.api import (
    ChainSpec,
    ChainUnreachable,
    KeyUnusable,
    NetworkRow,
    Rpc,
    RpcError,
    Signer,
    TransactionRow,
    contracts,
    is_wired,
    networks,
    of_purpose,
    packaged,
    submit,
)
from souk.rights.chain_index import store
from souk.rights.chain_index.api import NATIVE, ChainTransaction, SaleChain, Token, Voucher
from souk.rights.chain_index.errors import ChainAway, ChainRefused, ChainUnknown
from souk.rights.chain_index.model import FOLLOWED
from souk.rights.chain_index.vouchers import typed_data

_DECIMALS: Final = 18
"""Of every coin of the known chains, and of both platform tokens."""
_PLATFORM_TOKENS: Final = ("GENX", "FTNS")

log = structlog.get_logger("souk.chain_index")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfiguredChain:
    """A chain as the settings name it."""

    spec: ChainSpec
    rpc: Rpc
    signer: Signer
    finality: int
    given: Mapping[str, str]
    """Contracts that the settings name."""
    treasury: str
    """Empty: the signer's account."""
    wallet_rpc: tuple[str, ...]


class ChainService:
    """Implements `souk.rights.chain_index.api.Chains`.

    Args:
        configured: the chains of the settings, in their order.
    """

    def __init__(self, configured: Sequence[ConfiguredChain]) -> None:
        self._configured = {one.spec.name: one for one in configured}

    @property
    def names(self) -> tuple[str, ...]:
        """The chains of the settings."""
        return tuple(self._configured)

    async def all(self, uow: UnitOfWork) -> Sequence[SaleChain]:
        seen = await networks(uow)  # the last one first
        found = [
            await self._sale_chain(uow, one, next(n for n in seen if n.name == name))
            for name, one in self._configured.items()
            if any(n.name == name for n in seen)
        ]
        return [chain for chain in found if chain is not None]

    async def get(self, uow: UnitOfWork, name: str) -> SaleChain:
        for chain in await self.all(uow):
            if chain.name == name:
                return chain
        raise ChainUnknown(name)

    async def sign(self, chain: SaleChain, kind: Voucher, message: Mapping[str, object]) -> bytes:
        signer = self._configured[chain.name].signer
        try:
            return await signer.sign_typed(typed_data(chain, kind, message))
        except KeyUnusable as error:
            log.error("vouchers cannot be signed", chain=chain.name, problem=str(error))
            raise ChainAway(chain.name) from error

    def typed_data(
        self, chain: SaleChain, kind: Voucher, message: Mapping[str, object]
    ) -> dict[str, Any]:  # the shape of eth_signTypedData_v4
        return typed_data(chain, kind, message)

    def call_data(self, contract: str, function: str, *arguments: Any) -> bytes:
        return packaged(contract).call(function, *arguments)

    async def read(
        self, chain: SaleChain, contract: str, function: str, *arguments: Any
    ) -> tuple[Any, ...]:  # what the contract's ABI says
        code = packaged("PlatformToken" if contract in _PLATFORM_TOKENS else contract)
        data = "0x" + code.call(function, *arguments).hex()
        call = {"to": chain.contracts[contract], "data": data}
        try:
            answer = await self._configured[chain.name].rpc.call("eth_call", call, "latest")
            return code.answer(function, bytes.fromhex(str(answer or "0x")[2:]))
        except ChainUnreachable as error:
            raise ChainAway(chain.name) from error
        except (RpcError, ValueError) as error:
            raise ChainRefused(chain.name, str(error)) from error

    async def submit(
        self, uow: UnitOfWork, chain: SaleChain, *, purpose: str, contract: str, data: bytes
    ) -> ChainTransaction:
        row = await submit(
            uow,
            network=chain.network,
            purpose=purpose,
            data=data,
            recipient=chain.contracts[contract],
        )
        return _transaction(row)

    async def transaction(
        self, uow: UnitOfWork, network: str, purpose: str
    ) -> ChainTransaction | None:
        row = await of_purpose(uow, network=network, purpose=purpose)
        return None if row is None else _transaction(row)

    async def token_of(self, uow: UnitOfWork, licence_id: str) -> str:
        token_id = _hashed(licence_id)
        await store.remember_token(uow, token_id=token_id, licence_id=licence_id)
        return token_id

    def work_token_of(self, listing_id: str) -> str:
        return _hashed(listing_id)

    async def close(self) -> None:
        """Lets go of the connections to the nodes."""
        for one in self._configured.values():
            await one.rpc.close()

    async def _sale_chain(
        self, uow: UnitOfWork, one: ConfiguredChain, seen: NetworkRow
    ) -> SaleChain | None:
        """None while its contracts are not there, or do not know each other."""
        known = {**await contracts(uow, seen.key), **one.given}
        if not set(FOLLOWED) <= known.keys():
            return None
        if "Market" not in one.given and not await is_wired(uow, seen.key):
            return None
        try:
            account = await one.signer.address()
        except KeyUnusable as error:
            log.error("the chain's key cannot be used", chain=seen.name, problem=str(error))
            return None
        cursor = await store.cursor(uow, seen.key)
        return SaleChain(
            name=seen.name,
            chain_id=one.spec.chain_id,
            network=seen.key,
            is_local=one.spec.is_local,
            finality=one.finality,
            block_s=one.spec.block_s,
            contracts=known,
            tokens=_tokens(one.spec.coin, known),
            registrar=account,
            treasury=one.treasury.lower() or account,
            rpc_urls=one.wallet_rpc,
            head_block=seen.head_block,
            indexed_block=-1 if cursor is None else cursor.indexed_block,
        )


def _tokens(coin: str, known: Mapping[str, str]) -> tuple[Token, ...]:
    return (
        Token(symbol=coin, address=NATIVE, decimals=_DECIMALS),
        *(
            Token(symbol=symbol, address=known[symbol], decimals=_DECIMALS)
            for symbol in _PLATFORM_TOKENS
            if symbol in known
        ),
    )


def _transaction(row: TransactionRow) -> ChainTransaction:
    return ChainTransaction(
        id=row.id,
        purpose=row.purpose,
        state=row.state,  # type: ignore[arg-type] # the table admits no other
        problem=row.problem,
        hash=row.hash,
        block_number=row.block_number,
    )


def _hashed(text: str) -> str:
    from eth_utils.crypto import keccak  # noqa: PLC0415

    return "0x" + keccak(text=text).hex()
