"""The pages of wallets, as they are without a script: what a form sends, and what it is told."""

import httpx
import pytest

from tests.market import sign_up
from tests.people.wallets.test_linking import ask, link, new_wallet, signature_of
from tests.web.test_promotions import send
from tests.web.test_selling import page_session

pytestmark = [pytest.mark.database]
WALLETS, SIGN_IN = "/account/wallets", "/sign-in"


def test_a_wallet_is_linked_shown_hidden_and_unlinked(base_url: str) -> None:
    ada, wallet = sign_up(base_url), new_wallet()
    with page_session(base_url, ada) as browser:
        assert "No wallet is linked" in browser.get(WALLETS).text
        nothing = send(browser, WALLETS, WALLETS, name="Safe")
        assert nothing.status_code == 422
        assert "The wallet has signed nothing" in nothing.text
        assert 'value="Safe"' in nothing.text
        message = ask(ada, wallet, purpose="link").message
        # A form sends the ends of lines as CR LF, whatever was signed.
        fields = {
            "message": message.replace("\n", "\r\n"),
            "signature": signature_of(wallet, message),
            "name": "Safe <b>",
        }
        assert send(browser, WALLETS, WALLETS, **fields).status_code == 303
        again = send(browser, WALLETS, WALLETS, **fields)
        assert again.status_code == 422
        assert "This message was used already" in again.text
        shown = browser.get(WALLETS).text
        assert "Safe &lt;b&gt;" in shown
        assert "Only you" in shown
        linked = ada.wallets.list().items[0]
        place = f"{WALLETS}/{linked.id}"
        assert send(browser, place, WALLETS, published="yes").status_code == 303
        assert "Everybody" in browser.get(WALLETS).text
        assert send(browser, place, WALLETS, published="no").status_code == 303
        assert not ada.wallets.list().items[0].published
        assert send(browser, f"{place}/unlink", WALLETS).status_code == 303
        assert "No wallet is linked" in browser.get(WALLETS).text


def test_a_wallet_opens_a_session_or_says_why_not(base_url: str) -> None:
    ada, wallet, stranger = sign_up(base_url), new_wallet(), new_wallet()
    link(ada, wallet)
    with httpx.Client(base_url=base_url) as browser:
        nothing = send(browser, "/sign-in/wallet", SIGN_IN)
        assert nothing.status_code == 422
        assert "The wallet has signed nothing" in nothing.text
        message = ask(ada, stranger, purpose="sign_in").message
        fields = {"message": message, "signature": signature_of(stranger, message)}
        unknown = send(browser, "/sign-in/wallet", SIGN_IN, **fields)
        assert unknown.status_code == 422
        assert "No account is linked to" in unknown.text
        message = ask(ada, wallet, purpose="sign_in").message
        fields = {"message": message, "signature": signature_of(wallet, message)}
        opened = send(browser, "/sign-in/wallet", SIGN_IN, **fields, next="//evil.example")
        assert (opened.status_code, opened.headers["location"]) == (303, "/")
        assert browser.get(WALLETS).status_code == 200
