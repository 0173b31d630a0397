"""A local chain for tests: anvil, the packaged contracts, and an independent client (web3.py)."""

import fcntl
import json
import re
import shutil
import socket
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount

with warnings.catch_warnings():  # it imports a part of websockets that is on its way out
    warnings.simplefilter("ignore", DeprecationWarning)
    from web3 import HTTPProvider, Web3
    from web3.exceptions import ContractCustomError, ContractLogicError, Web3RPCError

CONTRACTS = Path(__file__).parent.parent / "contracts"
PACKAGED = CONTRACTS.parent / "src" / "souk" / "rights" / "chain" / "abi"
ANVIL = CONTRACTS / "node_modules" / ".bin" / "anvil"
NATIVE = "0x" + "0" * 40
GAS = 3_000_000


class Reverted(Exception):
    """A transaction was refused; the text is the contract's own error."""


class Chain:
    """A running chain. Accounts are named; each has coins, and a key that signs vouchers."""

    def __init__(self, url: str, *, process_id: int = 0) -> None:
        self.url = url
        self.process_id = process_id
        self.web3 = Web3(HTTPProvider(url))
        self.web3.provider.cache_allowed_requests = True
        self.chain_id = self.web3.eth.chain_id
        self._accounts: dict[str, LocalAccount] = {}
        self._errors: dict[str, str] = {}

    def account(self, name: str) -> LocalAccount:
        """The account of this name, with a million coins, usable without signing."""
        if name not in self._accounts:
            made = Account.from_key(Web3.keccak(text=f"souk test account {name}"))
            self.rpc("anvil_setBalance", made.address, hex(10**24))
            self.rpc("anvil_impersonateAccount", made.address)
            self._accounts[name] = made
        return self._accounts[name]

    def rpc(self, method: str, *parameters: Any) -> Any:
        answer = self.web3.provider.make_request(method, list(parameters))  # type: ignore[arg-type] # anvil's own
        if "error" in answer:
            raise Reverted(str(answer["error"]))
        return answer["result"]

    def now(self) -> int:
        return int(self.web3.eth.get_block("latest")["timestamp"])

    def pass_time(self, seconds: int) -> None:
        """Lets the chain's clock go on, and mines a block then."""
        self.rpc("evm_increaseTime", seconds)
        self.rpc("evm_mine")

    def deploy(self, name: str, *arguments: Any, sender: str = "owner") -> Any:
        """A fresh contract, packaged or of the tests."""
        path = PACKAGED / f"{name}.json"
        found = json.loads(
            (path if path.exists() else CONTRACTS / "build" / f"{name}.json").read_text()
        )
        self._learn_errors(found["abi"])
        factory = self.web3.eth.contract(abi=found["abi"], bytecode=found["bytecode"])
        data = factory.constructor(*arguments).data_in_transaction
        receipt = self._mined(
            {"from": self.account(sender).address, "data": data, "gas": hex(8_000_000)}
        )
        assert receipt["status"] == "0x1"
        address = Web3.to_checksum_address(receipt["contractAddress"])
        return self.web3.eth.contract(address=address, abi=found["abi"])

    def send(self, call: Any, sender: str, value: int = 0) -> dict[str, Any]:
        """Sends a call and answers its receipt; raises Reverted with the contract's words."""
        address = self.account(sender).address
        try:
            call.call({"from": address, "value": value, "gas": GAS})
            fixed = {"gas": GAS, "gasPrice": 0, "nonce": 0, "chainId": self.chain_id}
            data = call.build_transaction({"from": address, "value": value, **fixed})["data"]
        except (ContractCustomError, ContractLogicError, Web3RPCError) as error:
            raise Reverted(self._words(error)) from error
        transaction = {
            "from": address,
            "to": call.address,
            "data": data,
            "value": hex(value),
            "gas": hex(GAS),
        }
        receipt = self._mined(transaction)
        assert receipt["status"] == "0x1", "worked when tried, failed when sent"
        return receipt

    def gas_of(self, call: Any, sender: str, value: int = 0) -> int:
        return int(self.send(call, sender, value)["gasUsed"], 16)

    def sign(self, signer: str, contract: Any, kind: str, message: dict[str, Any]) -> bytes:
        """An EIP-712 signature, its types taken from the contract's ABI and not from its code."""
        return sign_typed(self.account(signer), contract, kind, message, chain_id=self.chain_id)

    def _mined(self, transaction: dict[str, Any]) -> dict[str, Any]:
        digest = self.rpc("eth_sendTransaction", transaction)
        receipt: dict[str, Any] | None = self.rpc("eth_getTransactionReceipt", digest)
        while receipt is None:  # not every chain of the tests mines at once
            time.sleep(0.01)
            receipt = self.rpc("eth_getTransactionReceipt", digest)
        return receipt

    def _learn_errors(self, abi: list[dict[str, Any]]) -> None:
        for entry in abi:
            if entry["type"] == "error":
                text = f"{entry['name']}({','.join(part['type'] for part in entry['inputs'])})"
                self._errors[Web3.keccak(text=text)[:4].hex()] = entry["name"]

    def _words(self, error: Exception) -> str:
        found = re.search(r"0x([0-9a-f]{8})", str(error))
        return self._errors.get(found[1], str(error)) if found else str(error)


def sign_typed(
    account: LocalAccount, contract: Any, kind: str, message: dict[str, Any], *, chain_id: int
) -> bytes:
    """Signs a struct that the contract knows, for its domain."""
    types = {kind: _fields(kind)}
    if kind == "Offer":
        types["Share"] = _fields("Share")
    domain = {
        "name": NAMES[_names(kind)],
        "version": "1",
        "chainId": chain_id,
        "verifyingContract": contract.address,
    }
    return bytes(account.sign_message(encode_typed_data(domain, types, message)).signature)


NAMES = {"Works": "Souk Works", "Licences": "Souk Licences", "Market": "Souk Market"}
_FIELDS = {
    "WorkVoucher": "uint256 workId,address creator,uint96 royaltyBps,bytes32 contentHash,"
    "bytes32 metadata,uint64 deadline",
    "ContentVoucher": "uint256 workId,uint64 revision,bytes32 contentHash,bytes32 metadata,"
    "uint64 deadline",
    "LicenceVoucher": "uint256 licenceId,uint256 workId,address holder,uint8 kind,"
    "bool transferable,uint64 expires,uint64 uses,uint64 used,uint64 deadline",
    "UseReceipt": "uint256 licenceId,uint64 used,uint64 deadline",
    "Offer": "uint256 nonce,uint256 workId,uint256 licenceId,uint8 kind,bool transferable,"
    "uint64 duration,uint64 uses,address buyer,address token,uint128 price,uint16 feeBps,"
    "uint32 refundWindow,uint64 deadline,Share[] shares",
    "Share": "address account,uint16 bps",
    "Ask": "uint256 nonce,uint256 licenceId,address seller,address buyer,address token,"
    "uint128 price,uint16 maxFeeBps,uint16 maxRoyaltyBps,uint64 deadline",
}


def _fields(kind: str) -> list[dict[str, str]]:
    pairs = (field.split() for field in _FIELDS[kind].split(","))
    return [{"type": type_, "name": name} for type_, name in pairs]


def _names(kind: str) -> str:
    if kind in {"WorkVoucher", "ContentVoucher"}:
        return "Works"
    return "Market" if kind in {"Offer", "Ask"} else "Licences"


def install_chain(*, compile_too: bool = False) -> None:
    """Installs what contracts/package.json asks for, unless it is there."""
    with (Path(tempfile.gettempdir()) / "souk-contracts.lock").open(
        "w"
    ) as lock:  # test processes beside this one do the same
        fcntl.flock(lock, fcntl.LOCK_EX)
        installed = CONTRACTS / "node_modules" / ".installed"
        if not installed.exists():
            subprocess.run(["npm", "ci", "--loglevel=error"], cwd=CONTRACTS, check=True)
            installed.touch()
        if not compile_too:
            return
        checked = subprocess.run(
            ["node", "scripts/build.mjs", "--check"],
            cwd=CONTRACTS,
            capture_output=True,
            text=True,
            check=False,
        )
    assert checked.returncode == 0, checked.stderr


def build_contracts() -> None:
    """Compiles the sources (once for the same ones) and compares them with what is packaged."""
    install_chain(compile_too=True)


@contextmanager
def running_chain(*options: str) -> Iterator[Chain]:
    """An anvil of its own, which ends with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # The package's command is a script that starts the real program; a signal to it ends both.
    binary = next(CONTRACTS.glob("node_modules/@foundry-rs/anvil-*/bin/anvil"), None)
    command = [str(binary or shutil.which("anvil")), "--port", str(port), "--silent", *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        await_port(port, process)
        yield Chain(f"http://127.0.0.1:{port}", process_id=process.pid)
    finally:
        process.terminate()
        process.wait()


def await_port(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, "the local chain ended"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError("the local chain does not answer")
