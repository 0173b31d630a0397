"""A contract wallet signs in on the chain that the marketplace works on, and on no other."""

from eth_account.messages import encode_defunct

from tests.chain import build_contracts
from tests.commerce.chain_sales.hand import Bazaar
from tests.market import connect, refused, sign_up

HERE_ID, ELSEWHERE_ID = 31337, 1


def test_a_contract_wallet_is_linked_and_signs_in_on_its_own_chain(bazaar: Bazaar) -> None:
    build_contracts()
    owner = bazaar.node.account("owner of a contract wallet")
    contract = bazaar.node.deploy("Wallet", owner.address)
    ada, base_url = sign_up(bazaar.market.base_url), bazaar.market.base_url

    def signed(purpose: str, chain_id: int = HERE_ID) -> dict[str, str]:
        message = ada.wallets.challenge(
            address=contract.address,
            chain_id=chain_id,
            purpose=purpose,  # type: ignore[arg-type]  # one of the two
        ).message
        signature = bytes(owner.sign_message(encode_defunct(text=message)).signature).hex()
        return {"message": message, "signature": f"0x{signature}"}

    linked = ada.wallets.link(**signed("link"), name="Safe")
    assert (linked.kind, linked.chain_id) == ("contract", HERE_ID)
    with connect(base_url) as somebody:
        somebody.wallets.sign_in(**signed("sign_in"))
        assert somebody.account.get().user.id == ada.account.get().user.id
    with refused("wallet_signature_wrong", 401):  # another chain may have another owner there
        connect(base_url).wallets.sign_in(**signed("sign_in", ELSEWHERE_ID))
