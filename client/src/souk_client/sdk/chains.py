"""Asking a chain, by JSON-RPC alone, whether a head of the log stands on it."""

from datetime import UTC, datetime
from typing import Final

import httpx
import msgspec

from souk_client.proofs import ChainAnchor

TIMEOUT_S: Final = 20.0
_ANCHORED_AT: Final = "75d6527e"
"""The selector of `anchoredAt(address,uint64,bytes32)`: keccak-256, its first four bytes."""
_WORD: Final = 64
_MAX_TIME_S: Final = 2**40


class ChainProblem(Exception):
    """The node cannot say it: it is away, or of another chain."""


class _Answer(msgspec.Struct):
    result: str | None = None
    error: object = None


def anchored_at(rpc_url: str, anchor: ChainAnchor) -> datetime | None:
    """Since when the head stands on the chain; None when it does not.

    Args:
        rpc_url: a node that the caller trusts to say what is on the chain, best one's own.

    Raises:
        ChainProblem: it does not answer, or belongs to another chain.
    """
    try:
        with httpx.Client(timeout=TIMEOUT_S) as client:
            chain_id = _number(_ask(client, rpc_url, "eth_chainId", []))
            if chain_id != anchor.chain_id:
                raise ChainProblem(
                    f"the node is of chain {chain_id}; the head is on chain {anchor.chain_id}."
                )
            call = {"to": anchor.contract, "data": _question(anchor)}
            seconds = _number(_ask(client, rpc_url, "eth_call", [call, "latest"]))
    except (httpx.HTTPError, httpx.InvalidURL, msgspec.DecodeError) as error:
        raise ChainProblem(f"the node does not answer ({type(error).__name__}).") from error
    if not 0 <= seconds < _MAX_TIME_S:
        raise ChainProblem("the contract answers something that is no time.")
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def _question(anchor: ChainAnchor) -> str:
    """The call's data (Solidity ABI): three static words behind the selector."""
    words = (anchor.account[2:], f"{anchor.tree_size:x}", anchor.root)
    return f"0x{_ANCHORED_AT}" + "".join(word.zfill(_WORD) for word in words)


def _ask(client: httpx.Client, url: str, method: str, parameters: list[object]) -> str:
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
    response = client.post(url, json=body)
    answer = msgspec.json.decode(response.content, type=_Answer)
    if answer.error is not None or answer.result is None:
        raise ChainProblem("the node refuses the question.")
    return answer.result


def _number(text: str) -> int:
    try:
        return int(text, 16)
    except ValueError:
        raise ChainProblem("there is no such contract on the chain.") from None
