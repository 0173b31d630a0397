"""A wallet in the browser: announced by EIP-6963, its key in the test, its chain a real one.

`wallet = await BrowserWallet.put_into(visitor)` before the first page is opened. What the page asks
is in `wallet.asked`; `wallet.refuses.add("personal_sign")` makes its owner say no to a method.
"""

import json
import secrets
from typing import Any, Final

import httpx
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data
from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address

from tests.e2e.browser.visitor import Visitor

_ICON: Final = (
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'>"
    "<circle cx='4' cy='4' r='4' fill='teal'/></svg>"
)
_PROVIDER: Final = """
(() => {
  const provider = {
    async request(ask) {
      const answer = JSON.parse(await window[%(name)s](JSON.stringify(ask)));
      if (answer.error) {
        throw Object.assign(new Error(answer.error.message), { code: answer.error.code });
      }
      return answer.result;
    },
    on() {},
    removeListener() {},
  };
  const info = Object.freeze(%(info)s);
  const announce = () => window.dispatchEvent(
    new CustomEvent("eip6963:announceProvider", { detail: Object.freeze({ info, provider }) }),
  );
  window.addEventListener("eip6963:requestProvider", announce);
  announce();
})();
"""


class Refused(Exception):
    """What a wallet answers instead of a result (EIP-1193)."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class BrowserWallet:
    """One account on one chain; `rpc_urls` are the chains that it can reach, by their id."""

    def __init__(
        self,
        *,
        account: LocalAccount | None = None,
        name: str = "Test wallet",
        chain_id: int = 1,
        rpc_urls: dict[int, str] | None = None,
    ) -> None:
        self.account: LocalAccount = account or Account.from_key(secrets.token_bytes(32))
        self.name = name
        self.chain_id = chain_id
        self.known_chains = {chain_id, *(rpc_urls or {})}
        self.rpc_urls = dict(rpc_urls or {})
        self.refuses: set[str] = set()
        """Methods that its owner declines."""
        self.asked: list[str] = []

    @classmethod
    async def put_into(cls, visitor: Visitor, **options: Any) -> "BrowserWallet":
        """A wallet in this visitor's browser, from the next page on."""
        wallet = cls(**options)
        name = f"wallet_{secrets.token_hex(4)}"
        info = {
            "uuid": secrets.token_hex(16),
            "name": wallet.name,
            "icon": _ICON,
            "rdns": "org.example.wallet",
        }
        await visitor.context.expose_function(name, wallet.answer)
        script = _PROVIDER % {"name": json.dumps(name), "info": json.dumps(info)}
        await visitor.context.add_init_script(script)
        return wallet

    async def answer(self, asked: str) -> str:
        """The answer to a request of the page, both as JSON."""
        ask = json.loads(asked)
        self.asked.append(ask["method"])
        try:
            result = await self._result(ask["method"], ask.get("params", []))
        except Refused as refused:
            return json.dumps({"error": {"code": refused.code, "message": str(refused)}})
        return json.dumps({"result": result})

    async def _result(self, method: str, params: list[Any]) -> Any:
        if method in self.refuses:
            raise Refused(4001, "User rejected the request.")
        match method:
            case "eth_accounts" | "eth_requestAccounts":
                return [self.account.address.lower()]
            case "eth_chainId":
                return hex(self.chain_id)
            case "wallet_switchEthereumChain":
                return self._switch(int(params[0]["chainId"], 16))
            case "wallet_addEthereumChain":
                return self._add(params[0])
            case "personal_sign":
                text = bytes.fromhex(params[0][2:])
                return _hex(self.account.sign_message(encode_defunct(text)).signature)
            case "eth_signTypedData_v4":
                signable = encode_typed_data(full_message=json.loads(params[1]))
                return _hex(self.account.sign_message(signable).signature)
            case "eth_sendTransaction":
                return await self._send(params[0])
        return await self.rpc(method, *params)

    def _switch(self, chain_id: int) -> None:
        if chain_id not in self.known_chains:
            raise Refused(4902, "Unrecognized chain ID.")
        self.chain_id = chain_id

    def _add(self, chain: dict[str, Any]) -> None:
        chain_id = int(chain["chainId"], 16)
        self.rpc_urls.setdefault(chain_id, chain["rpcUrls"][0])
        self.known_chains.add(chain_id)

    async def _send(self, wanted: dict[str, Any]) -> str:
        address = self.account.address
        block = await self.rpc("eth_getBlockByNumber", "latest", False)
        gas = await self.rpc("eth_estimateGas", {**wanted, "from": address})
        signed = self.account.sign_transaction(
            {
                "type": 2,
                "chainId": self.chain_id,
                "nonce": int(await self.rpc("eth_getTransactionCount", address, "pending"), 16),
                "to": to_checksum_address(wanted["to"]),
                "value": int(wanted.get("value", "0x0"), 16),
                "data": wanted.get("data", "0x"),
                "gas": int(gas, 16) * 12 // 10,
                "maxFeePerGas": 2 * int(block["baseFeePerGas"], 16) + 10**9,
                "maxPriorityFeePerGas": 10**9,
            }
        )
        return str(await self.rpc("eth_sendRawTransaction", _hex(signed.raw_transaction)))

    async def rpc(self, method: str, *params: Any) -> Any:
        """Asks a node of the chain that the wallet is on."""
        url = self.rpc_urls.get(self.chain_id)
        if url is None:
            raise Refused(4901, "No node of this chain.")
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        async with httpx.AsyncClient() as client:
            answer = (await client.post(url, json=body)).json()
        if "error" in answer:
            raise Refused(answer["error"]["code"], answer["error"]["message"])
        return answer["result"]


def _hex(data: bytes) -> str:
    return "0x" + bytes(data).hex()
