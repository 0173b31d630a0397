"""A visitor installs, updates and rolls back plug-ins on the pages, without any script."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from souk_client.sdk import Souk
from tests.market import PASSWORD, sign_up
from tests.works.plugins.conftest import Author

pytestmark = [pytest.mark.database, pytest.mark.filterwarnings("ignore:EdDSA is deprecated")]


@pytest.fixture
def visitor(base_url: str) -> Souk:
    return sign_up(base_url, "Grace Hopper")


@pytest.fixture
def browser(base_url: str, visitor: Souk) -> Iterator[httpx.Client]:
    """Signed in as the visitor."""
    with httpx.Client(
        base_url=base_url, timeout=30, headers={"accept": "text/html"}, follow_redirects=True
    ) as client:
        email = visitor.account.get().user.email
        form = {"email": email, "password": PASSWORD, **hidden(client.get("/sign-in").text)}
        assert client.post("/sign-in", data=form).status_code == 200
        yield client


def hidden(html: str) -> dict[str, str]:
    """The hidden fields of the page's last form that has an idempotency key, or of any."""
    pairs = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', html)
    return dict(pairs)


def form_of(html: str, action: str) -> dict[str, str]:
    """The hidden fields of the form with this action."""
    found = re.search(rf'<form[^>]*action="{re.escape(action)}".*?</form>', html, re.DOTALL)
    assert found is not None, action
    return hidden(found[0])


def test_from_the_listing_into_a_workspace_and_back(
    author: Author, browser: httpx.Client, visitor: Souk
) -> None:
    low = author.publish("1.0.0")
    plugin = author.publish("1.0.0", dependencies={low: "^1"}, permissions=["storage"])
    listing = browser.get(f"/{plugin}").text
    assert f"/workspaces?plugin={plugin}" in listing
    assert "Keep data of its own in the workspace" in listing
    start = browser.get("/workspaces", params={"plugin": plugin}).text
    plan = browser.post("/workspaces", data={**form_of(start, "/workspaces"), "name": "Desk"})
    assert plan.url.path.endswith("/plan"), plan.text
    home = plan.url.path.removesuffix("/plan")
    assert f"needed by {plugin}" in plan.text
    fields = form_of(plan.text, f"{home}/apply")
    refused = browser.post(f"{home}/apply", data=fields)
    assert refused.status_code == 409 and "Grant the new permissions" in refused.text
    done = browser.post(f"{home}/apply", data={**fields, "accept": f"{plugin} storage"})
    assert (done.status_code, done.url.path) == (200, home), done.text
    assert "1 granted" in done.text and f"Needed by {plugin}" in done.text

    author.publish("1.1.0", address=low)
    assert "Update: 1.1.0" in browser.get(home).text
    update = browser.get(f"{home}/plan", params={"upgrade_all": "1"})
    again = browser.post(f"{home}/apply", data=form_of(update.text, f"{home}/apply"))
    assert f"{low} 1.0.0 → 1.1.0" in again.text
    back = browser.post(f"{home}/roll-back", data=form_of(again.text, f"{home}/roll-back"))
    assert "rolled back to lock 1" in back.text
    removed = browser.get(f"{home}/plan", params={"remove": plugin})
    assert "nothing needs it any more" in removed.text
    named = browser.post(
        f"{home}/rename", data={**form_of(back.text, f"{home}/rename"), "name": "Help"}
    )
    assert "<h1>Help</h1>" in named.text
    chosen = browser.get(
        "/workspaces/plan", params={"workspace": home.rpartition("/")[2], "install": plugin}
    )
    assert dict(parse_qsl(urlsplit(str(chosen.url)).query)) == {"install": plugin}
    assert "Nothing to do" in chosen.text


def test_what_cannot_be_done_is_said_on_the_plan(
    author: Author, browser: httpx.Client, visitor: Souk
) -> None:
    low = author.publish("1.0.0", "2.0.0")
    left = author.publish("1.0.0", dependencies={low: "^1"})
    paid = author.publish("1.0.0", price_minor=900)
    home = f"/workspaces/{visitor.workspaces.create(name='Trouble').id}"
    visitor.workspaces.change(home.rpartition("/")[2])
    conflict = browser.get(f"{home}/plan", params={"install": [left, low], "range": "*"})
    assert conflict.status_code == 200
    clash = browser.get(f"{home}/plan", params={"install": left, "range": "^9"})
    assert clash.status_code == 409 and f"You asked for {left} ^9 (stable channel)." in clash.text
    buy = browser.get(f"{home}/plan", params={"install": paid})
    assert "To buy first" in buy.text and "Do it" not in buy.text
    assert browser.get(f"{home}/plan", params={"install": "NO WAY"}).status_code == 422
    assert browser.get(f"{home}/plan", params={"install": low, "range": "&&"}).status_code == 422
    assert browser.get(f"{home}/plan", params={"install": "no/body"}).status_code == 404


def test_documentation_is_safe_and_there_for_everybody(author: Author, base_url: str) -> None:
    plugin = author.publish(
        "1.0.0",
        description="<script>alert(1)</script> [click](javascript:alert(1)) `x`",
        permissions=["network:api.example.org"],
    )
    answer = httpx.get(f"{base_url}/{plugin}/docs", headers={"accept": "text/html"})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text and 'href="javascript' not in answer.text
    assert "Connect to api.example.org over the network" in answer.text
    missing = httpx.get(f"{base_url}/no/body/docs", headers={"accept": "text/html"})
    assert missing.status_code == 404
