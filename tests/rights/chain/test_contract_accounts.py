"""Contract wallets asked on a real chain (EIP-1271)."""

import pytest
from eth_account.messages import encode_defunct

from souk.kernel.errors import Unavailable
from souk.people.wallets.accounts import personal_digest
from souk.rights.chain.contract_accounts import ContractAccounts
from souk.rights.chain.model import CHAINS
from souk.rights.chain.rpc import Rpc
from tests.chain import Chain, build_contracts

TEXT = "market.example wants you to sign in with your Ethereum account"
CHAIN_ID = 31337


async def test_a_contract_says_whose_signature_is_its_own(node: Chain) -> None:
    build_contracts()
    owner = node.account("owner of a wallet")
    contract = node.deploy("Wallet", owner.address)
    asked = ContractAccounts({CHAIN_ID: Rpc(CHAINS["local"], [node.url])})
    digest = personal_digest(TEXT)

    async def accepts(address: str, signature: bytes) -> bool:
        return await asked.accepts(
            chain_id=CHAIN_ID, address=address, digest=digest, signature=signature
        )

    signable = encode_defunct(text=TEXT)
    good = bytes(owner.sign_message(signable).signature)
    other = bytes(node.account("somebody else").sign_message(signable).signature)
    assert asked.chain_ids == {CHAIN_ID}
    assert await accepts(contract.address.lower(), good)
    assert not await accepts(contract.address.lower(), other)
    assert not await accepts(contract.address.lower(), b"\x01")  # it reverts
    assert not await accepts(owner.address.lower(), good)  # no contract is there
    await asked.close()


async def test_a_chain_that_is_away_is_no_refusal() -> None:
    asked = ContractAccounts({CHAIN_ID: Rpc(CHAINS["local"], ["http://127.0.0.1:9"])})
    with pytest.raises(Unavailable) as caught:
        await asked.accepts(
            chain_id=CHAIN_ID, address="0x" + "1" * 40, digest=bytes(32), signature=bytes(65)
        )
    assert caught.value.code == "chain_away"
    await asked.close()
