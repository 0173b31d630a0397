"""Wallets over HTTP: linked, listed, unlinked, and signed in with."""

import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from eth_account import Account
from eth_account.messages import encode_defunct
from eth_account.signers.local import LocalAccount

from souk_client.contracts.wallets import LinkedWallet, WalletChallenge, WalletUpdate
from souk_client.sdk import Souk, SoukApiError
from tests.market import connect, refused, sign_up, slug_of


def new_wallet() -> LocalAccount:
    made: LocalAccount = Account.from_key(secrets.token_bytes(32))
    return made


def signature_of(wallet: LocalAccount, text: str) -> str:
    return "0x" + bytes(wallet.sign_message(encode_defunct(text=text)).signature).hex()


def ask(client: Souk, wallet: LocalAccount, *, purpose: str, chain_id: int = 1) -> WalletChallenge:
    return client.wallets.challenge(address=wallet.address, chain_id=chain_id, purpose=purpose)  # type: ignore[arg-type]  # one of the two


def link(client: Souk, wallet: LocalAccount, **options: str) -> LinkedWallet:
    text = ask(client, wallet, purpose="link").message
    return client.wallets.link(message=text, signature=signature_of(wallet, text), **options)


def enter(client: Souk, wallet: LocalAccount, text: str | None = None) -> None:
    text = text or ask(client, wallet, purpose="sign_in").message
    client.wallets.sign_in(message=text, signature=signature_of(wallet, text))


def test_a_linked_wallet_signs_in_to_its_account(base_url: str) -> None:
    ada, wallet = sign_up(base_url), new_wallet()
    linked = link(ada, wallet, name=" Laptop ")
    assert (linked.address, linked.kind, linked.name) == (wallet.address, "key", "Laptop")
    assert linked.did == f"did:pkh:eip155:1:{wallet.address}"
    assert not linked.published
    assert linked.last_used_at is None
    with connect(base_url) as somebody:
        enter(somebody, wallet)
        assert somebody.account.get().user.id == ada.account.get().user.id
        used = somebody.wallets.list().items[0]
        assert used.id == linked.id
        assert used.last_used_at is not None


def test_the_message_says_what_signing_does(base_url: str) -> None:
    ada, wallet = sign_up(base_url), new_wallet()
    host = base_url.removeprefix("http://")
    linking = ask(ada, wallet, purpose="link")
    assert f"@{slug_of(ada)} of {host}" in linking.message
    assert linking.message.startswith(f"http://{host} wants you to sign in")
    entering = ask(connect(base_url), wallet, purpose="sign_in")
    assert entering.statement == f"Sign in to {host}."
    assert timedelta(0) < entering.expires_at - datetime.now(UTC) <= timedelta(minutes=10)


def test_several_wallets_are_listed_named_and_unlinked(base_url: str) -> None:
    ada = sign_up(base_url)
    first, second = link(ada, new_wallet()), link(ada, new_wallet())
    assert [one.id for one in ada.wallets.list().items] == [second.id, first.id]
    changed = ada.wallets.change(first.id, WalletUpdate(name="Safe", published=True))
    assert (changed.name, changed.published) == ("Safe", True)
    assert ada.wallets.change(first.id, WalletUpdate()).name == "Safe"
    ada.wallets.unlink(first.id)
    ada.wallets.unlink(second.id)
    assert ada.wallets.list().items == []
    with refused("wallet_unknown", 404):
        ada.wallets.unlink(second.id)
    # The password is always left, so nobody is shut out.
    email = ada.account.get().user.email
    connect(base_url).auth.login(email=email, password="a long enough password")


def test_an_unlinked_wallet_opens_nothing_and_may_be_linked_elsewhere(base_url: str) -> None:
    ada, bob, wallet = sign_up(base_url), sign_up(base_url), new_wallet()
    linked = link(ada, wallet)
    with refused("wallet_taken", 409):
        link(bob, wallet)
    with refused("wallet_taken", 409):
        link(ada, wallet)
    ada.wallets.unlink(linked.id)
    with refused("wallet_not_linked", 401):
        enter(connect(base_url), wallet)
    link(bob, wallet)
    with connect(base_url) as somebody:
        enter(somebody, wallet)
        assert somebody.account.get().user.id == bob.account.get().user.id


def test_a_message_works_once_and_for_one_thing(base_url: str) -> None:
    ada, bob, wallet = sign_up(base_url), sign_up(base_url), new_wallet()
    link(ada, wallet)
    stranger = connect(base_url)
    text = ask(stranger, wallet, purpose="sign_in").message
    enter(stranger, wallet, text)
    with refused("wallet_nonce_used", 422):
        enter(connect(base_url), wallet, text)
    other = new_wallet()
    for_ada = ask(ada, other, purpose="link").message
    with refused("wallet_nonce_unknown"):  # bob cannot spend what ada asked for
        bob.wallets.link(message=for_ada, signature=signature_of(other, for_ada))
    with refused("wallet_nonce_unknown"):  # nor does it sign in
        enter(connect(base_url), other, for_ada)
    invented = for_ada.replace(for_ada.split("Nonce: ")[1][:32], "1" * 32)
    with refused("wallet_nonce_unknown"):
        ada.wallets.link(message=invented, signature=signature_of(other, invented))
    reworded = for_ada.replace("Link this wallet", "Look at this wallet")
    with refused("wallet_message_invalid"):
        ada.wallets.link(message=reworded, signature=signature_of(other, reworded))
    ada.wallets.link(message=for_ada, signature=signature_of(other, for_ada))


def test_a_message_used_twice_at_once_counts_once(base_url: str) -> None:
    ada, wallet = sign_up(base_url), new_wallet()
    link(ada, wallet)
    text = ask(ada, wallet, purpose="sign_in").message

    def attempt(_: int) -> str:
        try:
            enter(connect(base_url), wallet, text)
        except SoukApiError as error:
            return str(error.code)
        return "in"

    with ThreadPoolExecutor(4) as pool:
        found = sorted(pool.map(attempt, range(4)))
    assert found == ["in", *["wallet_nonce_used"] * 3]


def test_another_wallets_signature_is_refused(base_url: str) -> None:
    ada, wallet, thief = sign_up(base_url), new_wallet(), new_wallet()
    link(ada, wallet)
    stranger = connect(base_url)
    text = ask(stranger, wallet, purpose="sign_in").message
    with refused("wallet_signature_wrong", 401):
        stranger.wallets.sign_in(message=text, signature=signature_of(thief, text))
    with refused("wallet_signature_wrong", 401):
        stranger.wallets.sign_in(message=text, signature="0x00")


def test_another_sites_message_is_refused(base_url: str) -> None:
    stranger, wallet = connect(base_url), new_wallet()
    host = base_url.removeprefix("http://")
    text = ask(stranger, wallet, purpose="sign_in").message.replace(host, "evil.example")
    with refused("wallet_domain_wrong", 422) as caught:
        enter(stranger, wallet, text)
    assert "evil.example" in caught.problem.detail


def test_a_chain_that_does_not_count_is_refused(base_url: str) -> None:
    stranger, wallet = connect(base_url), new_wallet()
    with refused("wallet_chain_wrong", 422):
        ask(stranger, wallet, purpose="sign_in", chain_id=5)
    text = ask(stranger, wallet, purpose="sign_in").message.replace("Chain ID: 1", "Chain ID: 5")
    with refused("wallet_chain_wrong", 422):
        enter(stranger, wallet, text)


def test_an_expired_message_is_refused(base_url: str) -> None:
    stranger, wallet = connect(base_url), new_wallet()
    text = ask(stranger, wallet, purpose="sign_in").message
    expiry = text.split("Expiration Time: ")[1]
    with refused("wallet_message_expired", 422):
        enter(stranger, wallet, text.replace(expiry, "2026-01-01T00:00:00Z"))


def test_linking_needs_somebody_who_is_signed_in(base_url: str) -> None:
    with refused("sign_in_needed", 401):
        ask(connect(base_url), new_wallet(), purpose="link")


def test_nobody_changes_wallets_of_others(base_url: str) -> None:
    ada, mallory = sign_up(base_url), sign_up(base_url)
    linked = link(ada, new_wallet())
    ada.wallets.change(linked.id, WalletUpdate(published=True))
    with refused("wallet_unknown", 404):
        mallory.wallets.change(linked.id, WalletUpdate(name="mine"))
    with refused("wallet_unknown", 404):
        mallory.wallets.unlink(linked.id)
    assert mallory.wallets.list().items == []


def test_the_owner_is_told_of_wallets_that_come_and_go(base_url: str) -> None:
    ada, wallet = sign_up(base_url), new_wallet()
    ada.wallets.unlink(link(ada, wallet).id)
    deadline = time.monotonic() + 60
    told: list[str] = []
    while len(told) < 2:
        assert time.monotonic() < deadline, told
        told = [notice.title for notice in ada.notices.list().items]
        time.sleep(0.1)
    assert sorted(told) == [
        "A wallet was linked to your account",
        "A wallet was unlinked from your account",
    ]
    assert all(wallet.address in notice.body for notice in ada.notices.list().items)
