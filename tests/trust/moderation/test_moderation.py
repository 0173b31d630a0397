"""Reports, the queue, decisions and appeals over the public API."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psycopg
import pytest

from souk_client.contracts.commerce import OrderRequest
from souk_client.contracts.moderation import Case, CaseDetail
from souk_client.contracts.reviews import Review
from souk_client.contracts.works import Listing, ListingUpdate, VersionFile
from souk_client.sdk import Souk
from tests.market import PASSWORD, connect, organisation_of, publish, refused, sign_up
from tests.works.galleries.pictures import picture
from tests.works.plugins.conftest import Author


def moderator_client(base_url: str, dsn: str) -> Souk:
    """A new account with the role that works on the queue."""
    client = sign_up(base_url, "Ida Rhodes")
    email = client.account.get().user.email
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "UPDATE people.users SET roles = roles || ARRAY['admin'] WHERE email = %s", [email]
        )
    client.auth.login(email=email, password=PASSWORD)
    return client


@pytest.fixture(scope="module")
def moderator(base_url: str, session_owner_dsn: str) -> Iterator[Souk]:
    yield moderator_client(base_url, session_owner_dsn)


@pytest.fixture(scope="module")
def seller(base_url: str) -> Souk:
    return sign_up(base_url)


@pytest.fixture(scope="module")
def reporter(base_url: str) -> Souk:
    return sign_up(base_url, "Mary Jackson")


@pytest.fixture
def listing(seller: Souk) -> Listing:
    return publish(seller, price_minor=0)


@pytest.fixture
def review(base_url: str, listing: Listing) -> tuple[Souk, Review]:
    buyer = sign_up(base_url, "Grace Hopper")
    buyer.orders.create(OrderRequest(listing_id=listing.id))
    return buyer, buyer.reviews.write(listing.id, stars=1, text="You are all fools.")


def case_of(moderator: Souk, subject_id: str, state: str = "open") -> Case:
    for case in moderator.each(moderator.moderation.cases, state=state, limit=100):
        if case.subject_id == subject_id:
            return case
    raise AssertionError("no case about it")


def await_notice(client: Souk, kind: str, words: str) -> None:
    """Until the client is told so."""
    for _ in range(400):
        if any(one.kind == kind and words in one.title for one in client.notices.list().items):
            return
        time.sleep(0.05)
    raise AssertionError(f"nobody was told of {kind}")


def test_a_review_is_reported_hidden_appealed_and_restored(
    moderator: Souk, reporter: Souk, listing: Listing, review: tuple[Souk, Review]
) -> None:
    author, written = review
    report = reporter.reports.create("review", written.id, reason="offensive", text="Insults.")
    assert report.answered_at is None
    assert reporter.reports.create("review", written.id, reason="spam").id == report.id
    case = case_of(moderator, written.id)
    assert (case.reports, case.excerpt) == (1, "You are all fools.")
    moderator.moderation.claim(case.id)
    decided = moderator.moderation.decide(case.id, action="hide", reason="Insults are not reviews.")
    assert decided.hidden and decided.case.state == "decided"
    assert moderator.reviews.rating(listing.id).count == 0
    assert reporter.reviews.list(listing.id).items == []
    with refused("review_unknown", 404):
        reporter.reviews.get(written.id)
    own = author.reviews.get(written.id)
    assert own.hidden and own.hidden_reason == "Insults are not reviews."
    with refused("review_hidden", 409):
        author.reviews.edit(written.id, stars=5)
    assert [one.answered_at is not None for one in reporter.reports.list().items] == [True]
    notice = author.moderation.about_mine().items[0]
    assert notice.can_appeal and notice.decisions[0].reason == "Insults are not reviews."
    assert notice.decisions[0].decided_by is None
    with refused("case_unknown", 404):
        reporter.moderation.appeal(case.id, text="I disagree")
    assert author.moderation.appeal(case.id, text="It was a quotation.").state == "appealed"
    with refused("appeal_made", 409):
        author.moderation.appeal(case.id, text="And again.")
    again = moderator.moderation.case(case_of(moderator, written.id, "appealed").id)
    assert again.appeal is not None and again.appeal.text == "It was a quotation."
    settled = moderator.moderation.decide(case.id, action="restore", reason="It was, sorry.")
    assert not settled.hidden and settled.appeal is not None and settled.appeal.accepted
    assert [one.action for one in settled.decisions] == ["hide", "restore"]
    assert moderator.reviews.rating(listing.id).count == 1
    await_notice(author, "moderation.decided", "taken down")
    await_notice(author, "moderation.decided", "shown again")
    await_notice(reporter, "moderation.answered", "looked at")


def test_a_hidden_listing_leaves_the_market_and_its_licensees_keep_their_files(
    base_url: str, moderator: Souk, reporter: Souk, seller: Souk
) -> None:
    words = "zyzzyva"
    listing = publish(seller, price_minor=0, title=f"The {words}", card="# Secret sauce")
    order = reporter.orders.create(OrderRequest(listing_id=listing.id))
    assert order.licence_id is not None
    reporter.reports.create("listing", listing.id, reason="malware")
    case = case_of(moderator, listing.id)
    moderator.moderation.decide(case.id, action="hide", reason="It holds malware.")
    with refused("listing_not_published", 409):
        sign_up(base_url).orders.create(OrderRequest(listing_id=listing.id))
    seen = connect(base_url).listings.get(listing.id)
    assert seen.hidden and seen.card == "" and words not in seen.title
    assert seller.listings.get(listing.id).card == "# Secret sauce"
    assert [file.path for file in reporter.licences.files(order.licence_id).items] == ["data.txt"]
    with refused("listing_hidden", 409):
        seller.listings.publish(listing.id)
    for _ in range(100):
        hits = connect(base_url).discovery.search(words).items
        if listing.id not in [hit.listing.id for hit in hits]:
            break
        time.sleep(0.1)
    else:
        raise AssertionError("the search still finds it")
    moderator.moderation.decide(case.id, action="restore", reason="A false alarm.")
    assert connect(base_url).listings.get(listing.id).state == "published"
    sign_up(base_url).orders.create(OrderRequest(listing_id=listing.id))


def test_nothing_of_a_hidden_listing_is_shown_but_to_its_owner(
    base_url: str, moderator: Souk, reporter: Souk, seller: Souk, tmp_path: Path
) -> None:
    listing = publish(seller, price_minor=0, card="# Secret sauce")
    draw = tmp_path / "plot.png"
    draw.write_bytes(picture(50, 50))
    drawn = seller.upload_file(draw).sha256
    shown = seller.galleries.add(listing.id, sha256=drawn, alt="A plot").variants[0].url
    file = listing.versions[0].files[0]
    seller.listings.update(listing.id, ListingUpdate(card="# Other sauce"))
    seller.listings.create_version(
        listing.id,
        version="1.1.0",
        files=[VersionFile(path="recipe.txt", sha256=file.sha256)],
        notes="More sauce",
    )
    seller.listings.publish(listing.id, version="1.1.0")
    order = reporter.orders.create(OrderRequest(listing_id=listing.id))
    about = f"{base_url}/api/v1/listings/{listing.id}"
    looks = (about, f"{about}/diff?from=1.0.0&to=1.1.0", f"{about}/versions/1.1.0")
    said = "".join(httpx.get(look).text for look in looks)
    assert all(words in said for words in ("Secret sauce", "More sauce", "recipe.txt"))
    etag = httpx.get(base_url + shown).headers["etag"]
    reporter.reports.create("listing", listing.id, reason="malware")
    case = case_of(moderator, listing.id)
    moderator.moderation.decide(case.id, action="hide", reason="It holds malware.")
    for look in looks:
        answer = httpx.get(look)
        assert answer.status_code == 200
        for words in ("sauce", "recipe.txt", file.sha256):
            assert words not in answer.text, (look, words)
    assert httpx.get(base_url + shown, headers={"if-none-match": etag}).status_code == 404
    assert connect(base_url).galleries.list(listing.id).images == []
    assert len(seller.galleries.list(listing.id).images) == 1
    assert seller.listings.get(listing.id).versions[0].notes == "More sauce"
    later = reporter.licences.files(order.licence_id or "", version="1.1.0").items
    assert [one.path for one in later] == ["recipe.txt"]
    moderator.moderation.decide(case.id, action="restore", reason="A false alarm.")
    assert httpx.get(base_url + shown).status_code == 200


def test_a_hidden_plugin_says_nothing_of_itself(
    base_url: str, moderator: Souk, reporter: Souk, seller: Souk
) -> None:
    author = Author(seller)
    plugin = author.publish("1.0.0", description="Secret sauce.")
    assert reporter.plugins.get(plugin).manifest.description == "Secret sauce."
    reporter.reports.create("listing", author.listing(plugin).id, reason="malware")
    case = case_of(moderator, author.listing(plugin).id)
    moderator.moderation.decide(case.id, action="hide", reason="It holds malware.")
    for look in (reporter.plugins.get, lambda one: reporter.plugins.release(one, "1.0.0")):
        with refused("plugin_unknown", 404):
            look(plugin)
    page = httpx.get(f"{base_url}/{plugin}", headers={"accept": "text/html"})
    assert page.status_code == 200 and "Secret sauce" not in page.text
    assert seller.plugins.get(plugin).manifest.description == "Secret sauce."
    assert seller.plugins.release(plugin, "1.0.0").release.version == "1.0.0"


def test_only_moderators_work_on_the_queue_and_one_at_a_time(
    base_url: str, session_owner_dsn: str, moderator: Souk, reporter: Souk, listing: Listing
) -> None:
    reporter.reports.create("listing", listing.id, reason="spam")
    case = case_of(moderator, listing.id)
    for stranger in (reporter, sign_up(base_url)):
        with refused("permission_missing", 403):
            stranger.moderation.cases()
        with refused("permission_missing", 403):
            stranger.moderation.decide(case.id, action="hide", reason="I say so")
    other = moderator_client(base_url, session_owner_dsn)
    moderator.moderation.claim(case.id)
    with refused("case_claimed", 409):
        other.moderation.claim(case.id)
    with refused("case_claimed", 409):
        other.moderation.decide(case.id, action="dismiss", reason="Nothing here.")
    moderator.moderation.release(case.id)
    decided = other.moderation.decide(case.id, action="dismiss", reason="Nothing here.")
    assert decided.case.claimed_by is None
    with refused("case_decided", 409):
        moderator.moderation.decide(case.id, action="hide", reason="But I think so")
    with refused("case_decided", 409):
        moderator.moderation.claim(case.id)


def test_reports_join_one_case_and_own_things_are_not_reported(
    base_url: str, moderator: Souk, seller: Souk, listing: Listing
) -> None:
    people = [sign_up(base_url) for _ in range(3)]
    with ThreadPoolExecutor(6) as pool:
        list(
            pool.map(
                lambda number: people[number % 3].reports.create(
                    "listing", listing.id, reason="fake", text=f"report {number}"
                ),
                range(6),
            )
        )
    detail: CaseDetail = moderator.moderation.case(case_of(moderator, listing.id).id)
    assert detail.case.reports == len(detail.reports) == 3
    with refused("report_own", 409):
        seller.reports.create("listing", listing.id, reason="spam")
    with refused("subject_unknown", 404):
        people[0].reports.create("listing", "lst_" + "0" * 26, reason="spam")
    with refused("subject_unknown", 404):
        people[0].reports.create("review", listing.id, reason="spam")
    with refused("sign_in_needed", 401):
        connect(base_url).reports.create("listing", listing.id, reason="spam")
    with refused("text_invalid", 422):
        people[0].reports.create("organisation", organisation_of(seller), reason="spam", text="\0")


def test_a_warning_is_appealed_by_a_manager(moderator: Souk, seller: Souk, reporter: Souk) -> None:
    organisation = organisation_of(seller)
    reporter.reports.create("organisation", organisation, reason="misleading", text="Its name.")
    case = case_of(moderator, organisation)
    with refused("no_flagged_reviews", 409):
        moderator.moderation.decide(case.id, action="hide_reviews", reason="Go away")
    moderator.moderation.decide(case.id, action="warn", reason="Choose a name of your own.")
    notice = next(one for one in seller.moderation.about_mine().items if one.id == case.id)
    assert notice.can_appeal
    seller.moderation.appeal(case.id, text="It is my own name.")
    rejected = moderator.moderation.decide(case.id, action="dismiss", reason="It is not.")
    assert rejected.appeal is not None and rejected.appeal.accepted is False


def test_one_person_sends_so_many_reports_a_day_and_no_more(
    base_url: str, session_owner_dsn: str, seller: Souk, listing: Listing
) -> None:
    eager = sign_up(base_url)
    eager.reports.create("listing", listing.id, reason="spam")
    user_id = eager.account.get().user.id
    with psycopg.connect(session_owner_dsn, autocommit=True) as connection:
        connection.execute(
            """
            INSERT INTO moderation.reports (id, case_id, subject_kind, subject_id, subject_title,
                reporter_id, reason, text, created_at, answered_at)
            SELECT 'rpt_' || reporter_id || n, case_id, subject_kind, subject_id, subject_title,
                reporter_id, reason, text, created_at, created_at
            FROM moderation.reports, generate_series(1, 19) AS n WHERE reporter_id = %s
            """,
            [user_id],
        )
    with refused("reports_too_many", 429):
        eager.reports.create("organisation", organisation_of(seller), reason="spam")


def test_decisions_are_never_changed(session_owner_dsn: str) -> None:
    with psycopg.connect(session_owner_dsn, autocommit=True) as connection:
        for statement in (
            "UPDATE moderation.decisions SET reason = 'none'",
            "DELETE FROM moderation.decisions",
        ):
            with pytest.raises(psycopg.errors.IntegrityError):
                connection.execute(statement)
