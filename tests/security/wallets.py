"""A wallet of somebody's, linked over the public API."""

import secrets

from eth_account import Account
from eth_account.messages import encode_defunct

from tests.security.world import Person


def make_wallet(person: Person, name: str) -> dict[str, str]:
    """Links a fresh wallet; its id by the name that attacks use."""
    account = Account.from_key(secrets.token_bytes(32))
    asked = {"address": account.address, "chain_id": 1, "purpose": "link"}
    text = person.do("POST", "/auth/wallet/challenge", asked)["message"]
    signature = bytes(account.sign_message(encode_defunct(text=text)).signature).hex()
    body = {"message": text, "signature": f"0x{signature}", "name": name}
    return {"wallet_id": person.do("POST", "/me/wallets", body)["id"]}
