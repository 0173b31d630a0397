"""The pages of assets and domains: files put and deleted, a domain led to its end step by step."""

import re
import secrets

import httpx
import pytest

from tests.delivery.assets.owner import Owner
from tests.outside import Outside, self_signed
from tests.web.test_promotions import send
from tests.web.test_selling import page_session

pytestmark = [pytest.mark.database]
ASSETS, DOMAINS = "/account/assets", "/account/domains"


def sent(browser: httpx.Client, **fields: str) -> httpx.Response:
    """The form of assets, with the fields that the island adds."""
    hidden = re.findall(
        r'<input type="hidden" name="(_?\w+)" value="([^"]*)"', browser.get(ASSETS).text
    )
    return browser.post(ASSETS, data={**dict(hidden), **fields})


def test_files_are_put_below_a_path_and_deleted(base_url: str) -> None:
    owner = Owner(base_url)
    uploaded = owner.put("first.txt", b"uploaded before")
    with page_session(base_url, owner.souk) as browser:
        nothing = send(browser, ASSETS, ASSETS)
        assert nothing.status_code == 422
        assert "Add at least one file" in nothing.text
        file = {"path": "x.txt", "sha256": uploaded.sha256}
        wrong = sent(browser, folder="a//b", **file)
        assert wrong.status_code == 422
        assert "must not have an empty part" in wrong.text
        put = sent(browser, folder="/img/", **file)
        assert put.status_code == 303, put.text
        shown = browser.get(ASSETS).text
        asset = next(one for one in owner.souk.assets.list().items if one.path == "img/x.txt")
        assert asset.url in shown
        assert "2 assets" in shown
        assert owner.fetch(asset).text == "uploaded before"
        gone = send(browser, f"{ASSETS}/{asset.id}/delete", ASSETS)
        assert gone.status_code == 303
        assert asset.url not in browser.get(ASSETS).text
    owner.close()


def test_a_domain_says_what_to_do_next(base_url: str, outside: Outside) -> None:
    owner = Owner(base_url)
    names = outside.start_names()
    name = f"page-{secrets.token_hex(4)}.test"
    with page_session(base_url, owner.souk) as browser:
        wrong = send(browser, DOMAINS, DOMAINS, name="no name", certificate="own")
        assert wrong.status_code == 422
        assert "Write a name such as" in wrong.text
        ours = send(browser, DOMAINS, DOMAINS, name="a.localhost", certificate="own")
        assert ours.status_code == 422
        assert "lead nowhere for others" in ours.text
        claimed = send(browser, DOMAINS, DOMAINS, name=name, certificate="own")
        assert claimed.status_code == 303, claimed.text
        domain = owner.souk.domains.list().items[0]
        shown = browser.get(DOMAINS).text
        assert domain.proof.txt_name in shown
        assert domain.proof.txt_value in shown
        check = f"{DOMAINS}/{domain.id}/check"
        assert send(browser, check, DOMAINS).status_code == 303
        assert "There is no text record" in browser.get(DOMAINS).text
        names.texts[domain.proof.txt_name] = [domain.proof.txt_value]
        assert send(browser, check, DOMAINS).status_code == 303
        assert "Send a certificate and its key" in browser.get(DOMAINS).text
        own, other = self_signed(name), self_signed(name)
        send_it = f"{DOMAINS}/{domain.id}/certificate"
        bad = send(browser, send_it, DOMAINS, chain_pem=own.chain_pem, key_pem=other.key_pem)
        assert bad.status_code == 422
        assert "not that of the first certificate" in bad.text
        assert "PRIVATE KEY" not in bad.text
        kept = send(browser, send_it, DOMAINS, chain_pem=own.chain_pem, key_pem=own.key_pem)
        assert kept.status_code == 303, kept.text
        assert "Live" in browser.get(DOMAINS).text
        assert send(browser, f"{DOMAINS}/{domain.id}/remove", DOMAINS).status_code == 303
        assert "No domains yet" in browser.get(DOMAINS).text
    owner.close()
