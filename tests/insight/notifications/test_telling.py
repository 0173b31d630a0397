"""Users are told once, in the ways they want, and hear of it live."""

import psycopg
import pytest

from souk.infra.live import store as live_store
from souk.infra.live.publisher import LivePublisher
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import PUBLIC, SYSTEM, scope_of
from souk.infra.postgres.uow import UnitOfWork
from souk.insight.notifications.service import NoticeService
from souk.insight.notifications.telling import Telling
from souk.kernel.actor import Actor
from souk.kernel.errors import Invalid, NotFound
from souk.kernel.ids import OrganisationId, UserId, new_id
from souk.people.identity.passwords import Passwords
from souk.people.identity.service import IdentityService
from souk_client.contracts.insight import NoticeChoice

NEWS = {"kind": "seller.published", "title": "New", "body": "A work", "link": "/ada/work"}


@pytest.fixture
def notices(database: Database) -> NoticeService:
    live = LivePublisher(database)
    telling = Telling(
        identity=IdentityService(Passwords()), live=live, base_url="https://souk.example"
    )
    return NoticeService(telling, live)


@pytest.fixture
async def ada(database: Database, owner_dsn: str) -> Actor:
    """A user of this test alone."""
    with psycopg.connect(owner_dsn, autocommit=True) as connection:
        connection.execute("TRUNCATE infra.live_waiting, infra.events CASCADE")
    async with database.transaction(SYSTEM) as uow:
        user_id, organisation_id = new_id("usr", uow.now), new_id("org", uow.now)
        await uow.execute(
            "INSERT INTO people.organisations VALUES (%(id)s, %(id)s, 'Ada', true, %(now)s)",
            id=organisation_id,
            now=uow.now,
        )
        await uow.execute(
            "INSERT INTO people.users VALUES (%(id)s, %(id)s || '@example.org', 'Ada', '', "
            "'{buyer}', 'x', %(organisation)s, %(now)s)",
            id=user_id,
            organisation=organisation_id,
            now=uow.now,
        )
    return Actor(
        user_id=UserId(user_id),
        organisation_id=OrganisationId(organisation_id),
        memberships={OrganisationId(organisation_id): "owner"},
    )


async def tell(database: Database, notices: NoticeService, user: Actor, **changes: object) -> None:
    """Somebody else's transaction, in a scope that sees nothing of the user."""
    async with database.transaction(PUBLIC) as uow:
        await notices.tell(uow, user_ids=[user.require_user()], **(NEWS | changes))  # type: ignore[arg-type]  # a test's own choice of fields


async def titles(
    database: Database, notices: NoticeService, actor: Actor, **how: bool
) -> list[str]:
    async with database.transaction(scope_of(actor)) as uow:
        page = await notices.page(uow, actor, cursor=None, limit=100, **how)
        return [notice.title for notice in page.items]


async def mails(database: Database) -> list[dict[str, str]]:
    async with database.transaction(SYSTEM) as uow:
        return await uow.values(
            "SELECT payload FROM infra.events WHERE topic = 'insight.mail_wanted' ORDER BY id"
        )


async def said(database: Database) -> list[tuple[str, str]]:
    """Channel and kind of everything that waits to be said."""
    async with database.transaction(SYSTEM) as uow:
        rows = await uow.dicts("SELECT channel, kind FROM infra.live_waiting ORDER BY id")
    return [(row["channel"], row["kind"]) for row in rows]


async def test_an_event_is_told_once_by_kind_and_said_live(
    database: Database, notices: NoticeService, ada: Actor
) -> None:
    for _ in range(2):
        await tell(database, notices, ada, event_id="evt_1")
    await tell(database, notices, ada, event_id="evt_1", kind="seller.sale", title="Other")
    await tell(database, notices, ada, event_id="evt_2", title="Again")
    assert await titles(database, notices, ada) == ["Again", "Other", "New"]
    assert await said(database) == [(f"user:{ada.user_id}", "notice")] * 3
    assert await mails(database) == [], "this topic sends no mail unless it is asked for"


async def test_what_was_turned_off_is_not_told(
    database: Database, notices: NoticeService, ada: Actor
) -> None:
    async def choose(*, in_app: bool, email: bool) -> None:
        async with database.transaction(scope_of(ada)) as uow:
            choice = NoticeChoice(topic="sellers", in_app=in_app, email=email)
            await notices.choose(uow, ada, [choice])

    await choose(in_app=False, email=False)
    await tell(database, notices, ada, title="Unheard", event_id="evt_0")
    await choose(in_app=False, email=True)
    for _ in range(2):
        await tell(database, notices, ada, title="By mail", event_id="evt_1")
    assert await titles(database, notices, ada) == []
    assert await said(database) == []
    (mail,) = await mails(database)
    assert mail["subject"] == "By mail"
    assert "https://souk.example/ada/work" in mail["text"]
    assert mail["unsubscribe"] == "https://souk.example/account/notifications"
    assert mail["unsubscribe"] in mail["text"]
    await choose(in_app=True, email=False)
    await tell(database, notices, ada, title="In the bell", event_id="evt_2")
    assert await titles(database, notices, ada) == ["In the bell"]
    assert len(await mails(database)) == 1


async def test_choices_are_the_users_own_and_of_known_topics(
    database: Database, notices: NoticeService, ada: Actor
) -> None:
    async with database.transaction(scope_of(ada)) as uow:
        before = await notices.preferences(uow, ada)
        assert {p.topic for p in before if p.email} >= {"sales", "purchases"}
        after = await notices.choose(
            uow, ada, [NoticeChoice(topic="sales", in_app=True, email=False)]
        )
        assert [p for p in after if p.topic != "sales"] == [p for p in before if p.topic != "sales"]
        with pytest.raises(Invalid):
            await notices.choose(uow, ada, [NoticeChoice(topic="spam", in_app=True, email=True)])
    async with database.transaction(PUBLIC) as uow:
        assert await uow.value("SELECT count(*) FROM insight.notice_preferences") == 0


async def test_notices_are_read_one_by_one_or_all(
    database: Database, notices: NoticeService, ada: Actor
) -> None:
    for number in range(3):
        await tell(database, notices, ada, title=str(number))
    async with database.transaction(scope_of(ada)) as uow:
        first = await notices.page(uow, ada, cursor=None, limit=2)
        rest = await notices.page(uow, ada, cursor=first.next_cursor, limit=2)
        assert {n.title for n in (*first.items, *rest.items)} == {"0", "1", "2"}
        opened = await notices.open(uow, ada, first.items[0].id)
        assert (opened.link, opened.read_at) == ("/ada/work", uow.now)
        assert await notices.unread(uow, ada) == 2
        with pytest.raises(NotFound):
            await notices.open(uow, ada, "ntc_nobody")
    assert len(await titles(database, notices, ada, unread_only=True)) == 2
    async with database.transaction(scope_of(ada)) as uow:
        assert await notices.mark_read(uow, ada, None) == 0
    assert await titles(database, notices, ada, unread_only=True) == []
    assert (f"user:{ada.user_id}", "notices.read") in await said(database)


@pytest.mark.parametrize("link", ["https://evil.example", "//evil.example", "javascript:x", ""])
async def test_a_notice_leads_nowhere_else(
    database: Database, notices: NoticeService, ada: Actor, link: str
) -> None:
    with pytest.raises(ValueError, match="leads to a page"):
        await tell(database, notices, ada, link=link)


async def test_what_is_too_long_is_cut(
    database: Database, notices: NoticeService, ada: Actor
) -> None:
    await tell(database, notices, ada, title="x" * 9999, body="y" * 99_999)
    (title,) = await titles(database, notices, ada)
    assert len(title) == 300


async def test_a_notice_of_a_transaction_that_fails_is_never_told(
    database: Database, notices: NoticeService, ada: Actor
) -> None:
    async def fail(uow: UnitOfWork) -> None:
        await notices.tell(uow, user_ids=[ada.require_user()], **NEWS)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        async with database.transaction(PUBLIC) as uow:
            await fail(uow)
    assert await titles(database, notices, ada) == []
    async with database.transaction(SYSTEM) as uow:
        assert not await live_store.anything_waits(uow)
