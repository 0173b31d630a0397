"""A wallet of somebody's, linked over the public API."""

import secrets

import psycopg
from eth_account import Account
from eth_account.messages import encode_defunct

from tests.security.world import Person, World


def make_wallet(person: Person, name: str) -> dict[str, str]:
    """Links a fresh wallet; its id by the name that attacks use."""
    account = Account.from_key(secrets.token_bytes(32))
    asked = {"address": account.address, "chain_id": 1, "purpose": "link"}
    text = person.do("POST", "/auth/wallet/challenge", asked)["message"]
    signature = bytes(account.sign_message(encode_defunct(text=text)).signature).hex()
    body = {"message": text, "signature": f"0x{signature}", "name": name}
    return {"wallet_id": person.do("POST", "/me/wallets", body)["id"]}


def make_credential(connection: psycopg.Connection, world: World) -> None:
    """A credential of Ada's that was revoked, which nobody else need see."""
    connection.execute(
        "INSERT INTO badges.credentials (id, owner_organisation_id, list_number, list_index, "
        "token, issued_by, issued_at, expires_at, checked_at, revoked_at) VALUES ('crd_wall', %s, "
        "1, 1, '', %s, now(), now() + interval '1 day', now(), now()) ON CONFLICT DO NOTHING",
        [world.ids["personal_organisation"], world.ids["user_id"]],
    )
