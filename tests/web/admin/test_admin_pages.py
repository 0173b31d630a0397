"""The operator's pages and what they do, without scripts; and the pages of notices."""

import re
import secrets
import time
from collections.abc import Iterator

import httpx
import psycopg
import pytest

from souk.infra.http.authentication import SESSION_COOKIE
from souk_client.contracts.commerce import OrderRequest
from souk_client.contracts.insight import NoticeChoice
from souk_client.sdk import Souk
from tests.admins import admin_client
from tests.market import PASSWORD, funded, publish, refused, sign_up

HTML = {"accept": "text/html"}


class Page:
    """A browser without scripts, signed in."""

    def __init__(self, base_url: str, email: str) -> None:
        self.http = httpx.Client(base_url=base_url, headers=HTML, timeout=30)
        self.post("/sign-in", at="/sign-in", email=email, password=PASSWORD)
        assert SESSION_COOKIE in self.http.cookies

    def get(self, path: str) -> str:
        """The page's text."""
        answer = self.http.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return answer.text

    def post(self, path: str, *, at: str, **fields: str | list[str]) -> httpx.Response:
        """Sends a form of the page `at`."""
        found = re.search(r'name="_csrf_token" value="([^"]+)"', self.http.get(at).text)
        assert found
        return self.http.post(path, data={**fields, "_csrf_token": found[1]})


@pytest.fixture(scope="module")
def operator(base_url: str, session_owner_dsn: str) -> Iterator[Page]:
    with admin_client(base_url, session_owner_dsn) as admin:
        yield Page(base_url, admin.get("/api/v1/me").json()["user"]["email"])


@pytest.fixture
def dead_letter(session_owner_dsn: str) -> Iterator[str]:
    """The id of an event that no handler could take."""
    event_id = f"evt_{secrets.token_hex(13)}"
    with psycopg.connect(session_owner_dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO infra.events VALUES (%s, 'test.lost', '{}', now(), now())", [event_id]
        )
        connection.execute(
            "INSERT INTO infra.deliveries (event_id, handler, state, attempts, last_error) "
            "VALUES (%s, 'test.nobody', 'dead', 8, '<b>boom</b>')",
            [event_id],
        )
        yield event_id
        connection.execute("DELETE FROM infra.events WHERE id = %s", [event_id])


def state_of(owner_dsn: str, event_id: str) -> str:
    with psycopg.connect(owner_dsn) as connection:
        row = connection.execute(
            "SELECT state FROM infra.deliveries WHERE event_id = %s", [event_id]
        ).fetchone()
    assert row
    return str(row[0])


def test_users_and_organisations_are_found_by_words(operator: Page, base_url: str) -> None:
    ada = sign_up(base_url, f"Zora {secrets.token_hex(4)}").account.get().user
    for path, shown in (("/admin", ada.email), ("/admin/organisations", ada.organisation.slug)):
        assert shown in operator.get(f"{path}?find={ada.name}")
        assert shown not in operator.get(f"{path}?find=nobody-has-this-name")
        operator.get(f"{path}?find=%00%F0%9F%99%82&cursor=")


def test_a_role_is_given_and_taken(operator: Page, base_url: str) -> None:
    client = sign_up(base_url)
    user = client.account.get().user
    path = f"/admin/users/{user.id}/roles"
    assert operator.post(path, at="/admin", role=["buyer"]).status_code == 303
    assert client.account.get().user.roles == ["buyer"]


def test_a_dead_letter_is_shown_tried_again_and_discarded(
    operator: Page, dead_letter: str, session_owner_dsn: str
) -> None:
    page = operator.get("/admin/dead-letters")
    assert dead_letter in page
    assert "&lt;b&gt;boom" in page
    path = f"/admin/dead-letters/{dead_letter}/test.nobody"
    assert operator.post(f"{path}/retry", at="/admin/dead-letters").status_code == 303
    assert state_of(session_owner_dsn, dead_letter) == "waiting"
    assert operator.post(f"{path}/discard", at="/admin/dead-letters").status_code == 404
    with psycopg.connect(session_owner_dsn, autocommit=True) as connection:
        connection.execute(
            "UPDATE infra.deliveries SET state = 'dead' WHERE event_id = %s", [dead_letter]
        )
    assert operator.post(f"{path}/discard", at="/admin/dead-letters").status_code == 303
    assert state_of(session_owner_dsn, dead_letter) == "done"
    assert dead_letter not in operator.get("/admin/dead-letters")


def test_the_system_shows_processes_rates_and_schedules(operator: Page) -> None:
    operator.get("/admin/system")
    deadline = time.monotonic() + 60
    while True:
        now = operator.get("/admin/system/now")
        if "HTTP" in now and "Worker" in now and "measuring" not in now:
            break
        assert time.monotonic() < deadline, now
    assert "<html" not in now
    assert "live.forget_messages" in operator.get("/admin/schedules")


def await_notice(client: Souk) -> str:
    """The id of the caller's first notice."""
    deadline = time.monotonic() + 60
    while not (found := client.notices.list().items):
        assert time.monotonic() < deadline
    return found[0].id


def test_notices_are_filtered_opened_and_marked_read(base_url: str) -> None:
    seller, buyer = sign_up(base_url), funded(base_url)
    listing = publish(seller)
    order = buyer.orders.create(OrderRequest(listing_id=listing.id))
    notice_id = await_notice(seller)
    page = Page(base_url, seller.account.get().user.email)
    assert "unread" in page.get("/notices/bell")
    assert f"/notices/{notice_id}/open" in page.get("/notices?show=unread")
    opened = page.post(f"/notices/{notice_id}/open", at="/notices")
    assert (opened.status_code, opened.headers["location"]) == (303, f"/orders/{order.id}")
    assert "You have read everything" in page.get("/notices?show=unread")
    assert "unread" not in page.get("/notices/bell")
    back = page.post("/notices/read", at="/notices", back="//evil.example")
    assert back.headers["location"] == "/notices"
    assert page.post("/notices/ntc_none/read", at="/notices").status_code == 404


def test_preferences_are_kept_as_they_were_ticked(base_url: str) -> None:
    client = sign_up(base_url)
    page = Page(base_url, client.account.get().user.email)
    here = "/account/notifications"
    sent = page.post(here, at=here, in_app=["sales", "nothing"], email=["alerts"])
    assert sent.headers["location"] == f"{here}?saved=1"
    shown = page.get(f"{here}?saved=1")
    ticked = re.findall(r'name="(\w+)" value="(\w+)"[^>]* checked', shown)
    assert ticked == [("in_app", "sales"), ("email", "alerts")]


def test_a_program_chooses_too(base_url: str) -> None:
    client = sign_up(base_url)
    chosen = client.notices.choose(NoticeChoice(topic="sales", in_app=True, email=False))
    assert client.notices.preferences() == chosen
    assert [(t.in_app, t.email) for t in chosen.topics if t.topic == "sales"] == [(True, False)]
    with refused("notice_topic_unknown", 422):
        client.notices.choose(NoticeChoice(topic="spam", in_app=True, email=True))
