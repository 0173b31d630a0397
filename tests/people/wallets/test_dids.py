"""Documents of decentralised identifiers, where each method looks for them."""

import secrets
from typing import Any

import httpx
import pytest
from eth_account import Account

from souk_client.contracts.wallets import WalletUpdate
from tests.market import sign_up, slug_of
from tests.people.wallets.test_linking import link, new_wallet


def document(base_url: str, path: str, status: int = 200) -> Any:
    answer = httpx.get(f"{base_url}{path}")
    assert answer.status_code == status, answer.text
    return answer.json()


def market_of(base_url: str) -> str:
    return "did:web:" + base_url.removeprefix("http://").replace(":", "%3A")


def test_the_marketplace_names_the_keys_that_sign_credentials(base_url: str) -> None:
    found = document(base_url, "/.well-known/did.json")
    assert found["id"] == market_of(base_url)
    assert found["@context"][0] == "https://www.w3.org/ns/did/v1"
    methods = [method["id"] for method in found["verificationMethod"]]
    assert methods and methods == found["assertionMethod"]
    assert all(method["controller"] == found["id"] for method in found["verificationMethod"])
    assert document(base_url, f"/api/v1/dids/{found['id'].replace('%', '%25')}") == found


def test_a_seller_shows_the_wallets_that_it_published_and_no_others(base_url: str) -> None:
    ada, shown = sign_up(base_url), new_wallet()
    published = link(ada, shown)
    link(ada, new_wallet())
    path = f"/organisations/{slug_of(ada)}/did.json"
    before = document(base_url, path)
    assert before["id"] == f"{market_of(base_url)}:organisations:{slug_of(ada)}"
    assert before["controller"] == market_of(base_url)
    assert before["service"][0]["serviceEndpoint"] == f"{base_url}/{slug_of(ada)}"
    assert "verificationMethod" not in before
    ada.wallets.change(published.id, WalletUpdate(published=True))
    after = document(base_url, path)
    (method,) = after["verificationMethod"]
    assert method["blockchainAccountId"] == f"eip155:1:{shown.address}"
    assert after["authentication"] == [method["id"]]
    assert published.did in after["alsoKnownAs"]
    ada.wallets.unlink(published.id)
    assert document(base_url, path) == before
    assert document(base_url, "/organisations/nobody-here/did.json", 404)["code"] == (
        "organisation_unknown"
    )


def test_any_wallet_has_a_document(base_url: str) -> None:
    address = Account.from_key(secrets.token_bytes(32)).address
    did = f"did:pkh:eip155:137:{address}"
    found = document(base_url, f"/api/v1/dids/{did}")
    assert found["id"] == did
    (method,) = found["verificationMethod"]
    assert method["blockchainAccountId"] == f"eip155:137:{address}"
    assert found["authentication"] == found["assertionMethod"] == [method["id"]]


@pytest.mark.parametrize(
    "did",
    [
        "did:pkh:eip155:1:0x123",
        "did:pkh:eip155:0:0x9D85ca56217D2bb651b00f15e694EB7E713637D4",
        "did:pkh:eip155:1:0x9d85ca56217D2bb651b00f15e694EB7E713637D4",  # a wrong checksum
        "did:pkh:solana:1:0x9D85ca56217D2bb651b00f15e694EB7E713637D4",
        "did:web:example.org",
        "did:web:example.org:organisations:ada",
        "did:key:z6Mk",
        "nothing",
    ],
)
def test_what_is_not_known_here_is_said_to_be_so(base_url: str, did: str) -> None:
    assert document(base_url, f"/api/v1/dids/{did}", 404)["code"] == "did_unknown"
