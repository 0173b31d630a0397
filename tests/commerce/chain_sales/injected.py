"""A wallet in the browser: announced by EIP-6963, asked by EIP-1193, backed by the local chain."""

from collections.abc import Callable
from typing import Any

from playwright.async_api import BrowserContext

from tests.chain import Chain

ANNOUNCE = """
(() => {
  const provider = {
    request: async ({ method, params }) => {
      const answer = await window.soukTestWallet(method, params ?? []);
      if (answer.error) throw answer.error;
      return answer.result;
    },
  };
  const info = {
    uuid: "6a1f5a0e-2b1c-4a52-9a3e-0c6f0c2f7e11",
    name: "Test wallet",
    icon: "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>",
    rdns: "example.wallet",
  };
  const announce = () => {
    const detail = Object.freeze({ info, provider });
    window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail }));
  };
  window.addEventListener("eip6963:requestProvider", announce);
  announce();
})();
"""


class InjectedWallet:
    """What its holder would click, as settings: the account, the chain it is on, a refusal."""

    def __init__(self, node: Chain, address: str) -> None:
        self.node = node
        self.address = address
        self.chain_id = 1
        self.refuses = False
        self.asked: list[str] = []

    async def into(self, context: BrowserContext) -> None:
        """Every page of this browser finds the wallet."""
        await context.expose_function("soukTestWallet", self._answer)
        await context.add_init_script(ANNOUNCE)

    def _answer(self, method: str, params: list[Any]) -> dict[str, Any]:
        self.asked.append(method)
        known: dict[str, Callable[[], Any]] = {
            "eth_requestAccounts": lambda: [self.address],
            "eth_accounts": lambda: [self.address],
            "eth_chainId": lambda: hex(self.chain_id),
            "wallet_switchEthereumChain": lambda: self._switch(params[0]["chainId"]),
            "eth_sendTransaction": lambda: self.node.rpc(method, *params),
        }
        if method not in known:
            return {"error": {"code": 4200, "message": "unsupported"}}
        if self.refuses and method == "eth_sendTransaction":
            return {"error": {"code": 4001, "message": "refused"}}
        return {"result": known[method]()}

    def _switch(self, chain_id: str) -> None:
        self.chain_id = int(chain_id, 16)
