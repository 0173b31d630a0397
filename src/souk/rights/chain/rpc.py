"""JSON-RPC to a chain through several nodes: the next one answers when one fails, lags or lies."""

import itertools
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final, TypeVar

import httpx
import msgspec
import structlog

from souk.rights.chain.model import ChainSpec, network_key

TIMEOUT_S: Final = 10.0
MAX_LAG_BLOCKS: Final = 5
"""A node that is further behind than this is left out."""

MOST_AT_ONCE: Final = 100
"""Questions in one request."""

T = TypeVar("T")

log = structlog.get_logger("souk.chain")


class ChainUnreachable(Exception):
    """No node of the chain answers as it should."""


class RpcError(Exception):
    """A node refused a request."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Block(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What is needed of a block."""

    number: str
    hash: str
    timestamp: str
    base_fee_per_gas: str | None = None


class Receipt(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What is needed of a receipt."""

    transaction_hash: str
    block_number: str
    block_hash: str
    status: str
    gas_used: str
    contract_address: str | None = None


class _Answer(msgspec.Struct):
    result: msgspec.Raw = msgspec.Raw(b"null")
    error: dict[str, Any] | None = None  # nodes put what they like into `data`
    id: int | None = None


class Rpc:
    """One chain.

    Args:
        spec: which chain; a node of another one is never asked.
        urls: its nodes, best first. They may carry a key: they are never logged.
    """

    def __init__(
        self, spec: ChainSpec, urls: Sequence[str], *, timeout_s: float = TIMEOUT_S
    ) -> None:
        self.spec = spec
        self._urls = tuple(urls)
        self._timeout_s = timeout_s
        self._client: httpx.AsyncClient | None = None
        self._good: set[int] = set()
        self._genesis: str | None = None
        self._head = 0
        self._numbers = itertools.count(1)

    @property
    def genesis(self) -> str:
        """The first block's hash, once a node has been asked."""
        assert self._genesis is not None, "identify first"
        return self._genesis

    @property
    def network(self) -> str:
        """The chain's name in the database."""
        return network_key(self.spec.chain_id, self.genesis)

    @property
    def nodes(self) -> int:
        """How many nodes there are to ask."""
        return len(self._urls)

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def identify(self) -> str:
        """Finds out which chain this is; answers its name in the database.

        Raises:
            ChainUnreachable: no node is there, or none of the right chain.
        """
        await self.call("eth_chainId")
        return self.network

    async def call(self, method: str, *parameters: object) -> Any:  # the method's own answer
        """The answer of the first node that gives one.

        Raises:
            RpcError: a node refused.
            ChainUnreachable: none answered.
        """
        for number in range(len(self._urls)):
            found = await self._try(number, method, parameters)
            if found is not None:
                return msgspec.json.decode(found)
        raise ChainUnreachable(f"No node of the chain {self.spec.name} answers.")

    async def head(self) -> int:
        """The newest block's number; a node that is far behind what was seen is not believed."""
        for number in range(len(self._urls)):
            found = await self._try(number, "eth_blockNumber", ())
            if found is None:
                continue
            head = int(msgspec.json.decode(found, type=str), 16)
            if head >= self._head - MAX_LAG_BLOCKS or len(self._urls) == 1:
                self._head = head
                return head
            log.warning("a node of the chain lags", chain=self.spec.name, node=number, head=head)
        raise ChainUnreachable(f"Every node of the chain {self.spec.name} lags or is away.")

    async def block(self, number: int | str) -> Block | None:
        """A block by its number, or by a name such as `latest`."""
        tag = hex(number) if isinstance(number, int) else number
        return msgspec.convert(await self.call("eth_getBlockByNumber", tag, False), Block | None)

    async def receipt(self, transaction_hash: str) -> Receipt | None:
        """A transaction's receipt, when it is in a block."""
        found = await self.call("eth_getTransactionReceipt", transaction_hash)
        return msgspec.convert(found, Receipt | None)

    async def all_agree(self, block_number: int, block_hash: str) -> bool:
        """Whether every node that answers has this block there, and not another."""
        for number in range(len(self._urls)):
            parameters = (hex(block_number), False)
            found = await self._try(number, "eth_getBlockByNumber", parameters)
            block = None if found is None else msgspec.json.decode(found, type=Block | None)
            if block is not None and block.hash != block_hash:
                log.error(
                    "nodes of the chain contradict each other",
                    chain=self.spec.name,
                    node=number,
                    block=block_number,
                )
                return False
        return True

    async def ask_node(self, number: int, method: str, *parameters: object) -> msgspec.Raw | None:
        """What this one node answers; None when it is away, or belongs to another chain.

        Raises:
            RpcError: it refused.
        """
        return await self._try(number, method, parameters)

    async def ask_node_often(
        self, number: int, method: str, questions: Sequence[Sequence[object]]
    ) -> list[msgspec.Raw] | None:
        """What this one node answers to each, asked in as few requests as it takes.

        Raises:
            RpcError: it refused one of them.
        """
        answers: list[msgspec.Raw] = []
        for start in range(0, len(questions), MOST_AT_ONCE):
            part = questions[start : start + MOST_AT_ONCE]
            found = await self._guarded(number, partial(self._ask_often, number, method, part))
            if found is None:
                return None
            answers += found
        return answers

    async def _try(
        self, number: int, method: str, parameters: Sequence[object]
    ) -> msgspec.Raw | None:
        """The answer of one node; None when it is away, or belongs to another chain."""
        return await self._guarded(number, partial(self._ask, number, method, parameters))

    async def _guarded(self, number: int, ask: Callable[[], Awaitable[T]]) -> T | None:
        try:
            if number not in self._good:
                await self._meet(number)
            return await ask()
        except (httpx.HTTPError, msgspec.DecodeError, ChainUnreachable) as error:
            self._good.discard(number)  # it may be another chain's when it is back
            # Words of httpx name the address, which may hold a key.
            log.warning(
                "a node of the chain does not answer",
                chain=self.spec.name,
                node=number,
                problem=str(error) if isinstance(error, ChainUnreachable) else type(error).__name__,
            )
            return None

    async def _meet(self, number: int) -> None:
        chain_id = int(
            msgspec.json.decode(await self._ask(number, "eth_chainId", ()), type=str), 16
        )
        if chain_id != self.spec.chain_id:
            raise ChainUnreachable(
                f"It is a node of chain {chain_id}, and not of {self.spec.chain_id}."
            )
        genesis = (await self._first_block(number)).hash
        if self._genesis not in (None, genesis):
            raise ChainUnreachable("Its first block is another one than that of the others.")
        self._genesis = genesis
        self._good.add(number)

    async def _first_block(self, number: int) -> Block:
        """What tells this chain from others of its id.

        Anvil makes a new block 0 whenever it loads its state, so a local chain is known by block 1.
        """
        if not self.spec.is_local:
            found = await self._ask(number, "eth_getBlockByNumber", ("0x0", False))
            return msgspec.json.decode(found, type=Block)
        found = await self._ask(number, "eth_getBlockByNumber", ("0x1", False))
        block = msgspec.json.decode(found, type=Block | None)
        if block is not None:
            return block
        await self._ask(number, "evm_mine", ())
        found = await self._ask(number, "eth_getBlockByNumber", ("0x1", False))
        return msgspec.json.decode(found, type=Block)

    async def _ask(self, number: int, method: str, parameters: Sequence[object]) -> msgspec.Raw:
        body = self._request(method, parameters)
        return _result(msgspec.json.decode(await self._post(number, body), type=_Answer))

    async def _ask_often(
        self, number: int, method: str, questions: Sequence[Sequence[object]]
    ) -> list[msgspec.Raw]:
        body = [self._request(method, parameters) for parameters in questions]
        found = msgspec.json.decode(await self._post(number, body), type=list[_Answer] | _Answer)
        if isinstance(found, _Answer):  # it takes one at a time
            return [await self._ask(number, method, parameters) for parameters in questions]
        by_id = {answer.id: answer for answer in found}
        missing = _Answer(error={"message": "the node left a question out"})
        return [_result(by_id.get(request["id"], missing)) for request in body]

    def _request(self, method: str, parameters: Sequence[object]) -> dict[str, Any]:
        return {
            "jsonrpc": "2.0",
            "id": next(self._numbers),
            "method": method,
            "params": list(parameters),
        }

    async def _post(self, number: int, body: object) -> bytes:
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=self._timeout_s)
        response = await self._client.post(
            self._urls[number],
            content=msgspec.json.encode(body),
            headers={"Content-Type": "application/json"},
        )
        if response.status_code == httpx.codes.TOO_MANY_REQUESTS or response.is_server_error:
            response.raise_for_status()
        return response.content


def _result(answer: _Answer) -> msgspec.Raw:
    if answer.error is not None:
        code = answer.error.get("code")
        words = str(answer.error.get("message", "refused"))[:500]
        raise RpcError(code if isinstance(code, int) else 0, words)
    return answer.result
