"""Contract wallets asked on their chains (EIP-1271)."""

from collections.abc import Mapping
from typing import Final

from souk.kernel.errors import Unavailable
from souk.rights.chain.rpc import ChainUnreachable, Rpc, RpcError

MAGIC: Final = bytes.fromhex("1626ba7e")
"""What `isValidSignature(bytes32,bytes)` is called by, and what it answers."""


class ContractAccounts:
    """Implements people's `ContractWallets`.

    Args:
        rpcs: the chains that can be asked, by their id.
    """

    def __init__(self, rpcs: Mapping[int, Rpc]) -> None:
        self._rpcs = rpcs

    @property
    def chain_ids(self) -> frozenset[int]:
        """The chains that can be asked."""
        return frozenset(self._rpcs)

    async def accepts(
        self, *, chain_id: int, address: str, digest: bytes, signature: bytes
    ) -> bool:
        """Whether the contract there says that the signature is its own; false without a contract.

        Raises:
            Unavailable: `chain_away`.
        """
        call = {"to": address, "data": "0x" + _question(digest, signature).hex()}
        try:
            answer = await self._rpcs[chain_id].call("eth_call", call, "latest")
        except RpcError:  # it reverts: that is a no
            return False
        except ChainUnreachable:
            raise Unavailable(
                "chain_away",
                "No node of the wallet's chain answers now, so a contract wallet cannot be "
                "checked. Try again later.",
            ) from None
        return isinstance(answer, str) and answer.lower() == "0x" + MAGIC.hex() + "00" * 28

    async def close(self) -> None:
        """Ends the connections."""
        for rpc in self._rpcs.values():
            await rpc.close()


def _question(digest: bytes, signature: bytes) -> bytes:
    """The call in the ABI's form: a word, and bytes of any length."""
    padding = bytes(-len(signature) % 32)
    head = digest + (64).to_bytes(32, "big") + len(signature).to_bytes(32, "big")
    return MAGIC + head + signature + padding
