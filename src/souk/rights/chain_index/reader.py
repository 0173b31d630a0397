"""A stretch of a chain as one node tells it, refused when the node contradicts itself."""

from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

import msgspec

from souk.rights.chain.api import Rpc, RpcError
from souk.rights.chain_index.model import (
    Found,
    Header,
    Log,
    LogUnreadable,
    found_in,
    joined,
    may_hold,
    topics,
)

T = TypeVar("T")

_BLOCK: Final = "eth_getBlockByNumber"
_HEADER: Final = msgspec.json.Decoder(Header)
_MAYBE_HEADER: Final[msgspec.json.Decoder[Header | None]] = msgspec.json.Decoder(Header | None)
_LOGS: Final = msgspec.json.Decoder(tuple[Log, ...])


class NodeDoubtful(Exception):
    """A node is away, lags or contradicts itself or others: another one is asked."""


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """What blocks hold."""

    headers: Mapping[int, Header]
    """Of blocks with logs, of the first and last, and of all that were to be read densely."""
    found: tuple[Found, ...]
    """In the chain's order."""
    last: Header


class Reader:
    """Reads logs of the followed contracts.

    Args:
        rpc: the chain's nodes.
        contracts: names by address.
    """

    def __init__(self, rpc: Rpc, *, contracts: Mapping[str, str]) -> None:
        self._rpc = rpc
        self._contracts = contracts

    async def head(self, node: int) -> Header:
        """The node's newest block. Raises NodeDoubtful."""
        found = await self._rpc.ask_node(node, _BLOCK, "latest", False)
        return _decoded(found, _HEADER)

    async def header(self, node: int, number: int) -> Header | None:
        """A block of the node's; None when it has none there. Raises NodeDoubtful."""
        found = await self._rpc.ask_node(node, _BLOCK, hex(number), False)
        header = _decoded(found, _MAYBE_HEADER)
        if header is not None and header.height != number:
            raise NodeDoubtful(f"it gave block {header.height} for {number}")
        return header

    async def headers(self, node: int, numbers: Sequence[int]) -> dict[int, Header]:
        """Blocks that the node has at these heights. Raises NodeDoubtful."""
        questions = [(hex(number), False) for number in numbers]
        answers = await self._rpc.ask_node_often(node, _BLOCK, questions)
        if answers is None:
            raise NodeDoubtful("it does not answer")
        headers = {}
        for number, answer in zip(numbers, answers, strict=True):
            header = _decoded(answer, _MAYBE_HEADER)
            if header is None:
                continue
            if header.height != number:
                raise NodeDoubtful(f"it gave block {header.height} for {number}")
            headers[number] = header
        return headers

    async def stretch(
        self, node: int, first: int, last: int, *, before: str | None, dense_from: int
    ) -> Stretch:
        """Reads blocks `first` to `last`.

        Args:
            before: the hash of the block before the first, where it is known.
            dense_from: from this block on every header is read: near the chain's end.

        Raises:
            RpcError: the node refuses, perhaps because the stretch is too long.
            NodeDoubtful: what it says does not fit together.
        """
        logs = await self._logs(node, {"fromBlock": hex(first), "toBlock": hex(last)})
        heights = {first, last, *range(max(first, dense_from), last + 1)}
        heights |= {int(log.block_number, 16) for log in logs}
        if min(heights) < first or max(heights) > last:
            raise NodeDoubtful("it gave logs of blocks that were not asked for")
        headers = await self.headers(node, sorted(heights))
        if len(headers) < len(heights):
            raise NodeDoubtful("it lacks blocks that it was said to have")
        self._check_parents(headers, first=first, before=before)
        self._check_logs(headers, logs)
        await self._check_blooms(node, headers, logs)
        return Stretch(headers=headers, found=self._facts(logs), last=headers[last])

    async def agrees(self, node: int, number: int, hash_: str) -> bool | None:
        """Whether a node has this block; None when it has none there, or does not answer."""
        try:
            header = await self.header(node, number)
        except NodeDoubtful:
            return None
        return None if header is None else header.hash == hash_

    def _check_parents(
        self, headers: Mapping[int, Header], *, first: int, before: str | None
    ) -> None:
        known = before
        for number in sorted(headers):
            if number != first and number - 1 not in headers:
                known = None
            if not joined([headers[number]], before=known):
                raise NodeDoubtful(f"block {number} has another parent than the block before it")
            known = headers[number].hash

    def _check_logs(self, headers: Mapping[int, Header], logs: Sequence[Log]) -> None:
        seen = set()
        for log in logs:
            number = int(log.block_number, 16)
            if log.removed or log.block_hash != headers[number].hash:
                raise NodeDoubtful(f"a log of block {number} belongs to another block")
            if log.address.lower() not in self._contracts:
                raise NodeDoubtful("it gave logs of contracts that were not asked for")
            if (number, log.log_index) in seen:
                raise NodeDoubtful(f"it gave a log of block {number} twice")
            seen.add((number, log.log_index))

    async def _check_blooms(
        self, node: int, headers: Mapping[int, Header], logs: Sequence[Log]
    ) -> None:
        """Where a block's filter says that there may be logs, and there were none, all are asked:
        the filter errs now and then, a node that hides logs does so always."""
        there = {(int(log.block_number, 16), log.address.lower()) for log in logs}
        for number, header in headers.items():
            hidden = any(
                (number, address) not in there and may_hold(header.logs_bloom, address, topic)
                for address, name in self._contracts.items()
                for contract, topic in topics()
                if contract == name
            )
            if hidden and await self._is_hidden(node, header, logs):
                raise NodeDoubtful(f"it hides logs of block {number}")

    async def _is_hidden(self, node: int, header: Header, logs: Sequence[Log]) -> bool:
        told = sum(log.block_hash == header.hash for log in logs)
        for other in range(self._rpc.nodes):
            try:
                found = await self._logs(other, {"blockHash": header.hash})
            except (NodeDoubtful, RpcError):
                continue
            if len(found) > told:
                return True
        return False

    async def _logs(self, node: int, where: Mapping[str, str]) -> tuple[Log, ...]:
        question = {**where, "address": sorted(self._contracts)}
        found = await self._rpc.ask_node(node, "eth_getLogs", question)
        return _decoded(found, _LOGS)

    def _facts(self, logs: Sequence[Log]) -> tuple[Found, ...]:
        try:
            found = [found_in(log, contracts=self._contracts) for log in logs]
        except (LogUnreadable, ValueError) as error:
            raise NodeDoubtful(f"it gave a log that cannot be read: {error}") from error
        kept = [one for one in found if one is not None]
        return tuple(sorted(kept, key=lambda one: (one.block_number, one.log_index)))


def _decoded(found: msgspec.Raw | None, decoder: "msgspec.json.Decoder[T]") -> T:
    if found is None:
        raise NodeDoubtful("it does not answer")
    try:
        return decoder.decode(found)
    except msgspec.DecodeError as error:
        raise NodeDoubtful(f"its answer cannot be read: {error}") from error
