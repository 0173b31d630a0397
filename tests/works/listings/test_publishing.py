"""Publishing is announced once, refused by those who have a say, and waits for the scan."""

import asyncio
import os

import msgspec
import pytest

from souk.apps.container import Container
from souk.infra.postgres.scope import SYSTEM, Scope, scope_of
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Conflict
from souk.kernel.ids import OrganisationId, UserId
from souk.works.listings.api import PublishCandidate
from souk.works.listings.publishing import Publisher
from souk.works.listings.settings import ListingSettings
from souk.works.plugins.gate import ManifestGate
from souk.works.plugins.settings import PluginSettings
from tests.works.conftest import SELLER_PERMISSIONS
from tests.works.selling import Seller, good

pytestmark = [pytest.mark.database, pytest.mark.filterwarnings("ignore:EdDSA is deprecated")]


class Warden:
    """A gate that lets nothing through, and remembers what it was asked."""

    def __init__(self, *reasons: str) -> None:
        self.reasons = list(reasons)
        self.asked: list[PublishCandidate] = []

    async def refusals(self, uow: UnitOfWork, candidate: PublishCandidate) -> list[str]:
        self.asked.append(candidate)
        return self.reasons


def actor_of(seller: Seller) -> Actor:
    organisation_id = OrganisationId(seller.organisation_id)
    return Actor(
        user_id=UserId(seller.user["id"]),
        organisation_id=organisation_id,
        memberships={organisation_id: "owner"},
        permissions=SELLER_PERMISSIONS,
    )


def publisher(
    container: Container, gate: Warden, settings: ListingSettings | None = None
) -> Publisher:
    works = container.works
    return Publisher(
        container.core.database,
        works.listings,
        works.artifacts,
        works.revisions,
        offers=works.parts.services["publisher"]._offers,  # type: ignore[attr-defined]
        gate=gate,
        version_gate=ManifestGate(works.artifacts, PluginSettings()),
        settings=settings or ListingSettings(),
    )


async def events_of(container: Container, listing_id: str) -> list[tuple[str, dict]]:
    async with container.core.database.transaction(SYSTEM) as uow:
        rows = await uow.dicts(
            """
            SELECT topic, payload FROM infra.events
            WHERE payload->>'listing_id' = %(id)s ORDER BY id
            """,
            id=listing_id,
        )
    return [(row["topic"], row["payload"]) for row in rows]


async def test_a_gate_above_has_the_last_say(ada: Seller, container: Container) -> None:
    listing = ada.draft()
    version = ada.add_version(listing)
    ada.scanned(version["files"][0]["sha256"])
    gate = Warden("it looks like somebody else's work")
    with pytest.raises(Conflict) as caught:
        await publisher(container, gate).publish_when_scanned(
            actor_of(ada), listing["id"], version=None
        )
    assert caught.value.code == "publish_refused"
    assert caught.value.extra["reasons"] == gate.reasons
    assert gate.asked[0].sha256s == [version["files"][0]["sha256"]]
    assert good(ada.http.get(f"/listings/{listing['id']}"))["state"] == "draft"


async def test_a_scan_that_does_not_come_is_told_after_the_wait(
    ada: Seller, container: Container
) -> None:
    listing = ada.draft()
    version = ada.add_version(listing)
    sha256 = version["files"][0]["sha256"]
    ada.scanned(sha256)
    database = container.core.database
    async with database.transaction(SYSTEM) as uow:
        await uow.execute(
            "UPDATE works.artifacts SET scan_state = 'pending' WHERE sha256 = %(s)s", s=sha256
        )
    service = publisher(container, Warden(), ListingSettings(publish_wait_s=0.5))
    with pytest.raises(Conflict) as caught:
        await service.publish_when_scanned(actor_of(ada), listing["id"], version=None)
    assert caught.value.code == "scan_pending"
    assert caught.value.extra["retry_after_s"] == 1

    waiting = asyncio.create_task(
        publisher(container, Warden()).publish_when_scanned(
            actor_of(ada), listing["id"], version=None
        )
    )
    await asyncio.sleep(0.3)
    async with database.transaction(SYSTEM) as uow:
        await uow.execute(
            "UPDATE works.artifacts SET scan_state = 'clean' WHERE sha256 = %(s)s", s=sha256
        )
    assert (await waiting).state == "published"


async def test_a_listing_is_announced_once_however_often_it_is_published(
    ada: Seller, container: Container
) -> None:
    listing = ada.draft()
    version = ada.add_version(listing, files={"a/data.csv": os.urandom(6).hex().encode()})
    ada.scanned(version["files"][0]["sha256"])
    service = publisher(container, Warden())
    same = await asyncio.gather(
        *(
            service.publish_when_scanned(actor_of(ada), listing["id"], version=None)
            for _ in range(4)
        )
    )
    assert len({msgspec.json.encode(answer) for answer in same}) == 1
    good(ada.http.patch(f"/listings/{listing['id']}", json={"summary": "New"}))
    good(ada.http.post(f"/listings/{listing['id']}/retire"))

    events = await events_of(container, listing["id"])

    assert sorted(topic for topic, _ in events) == [
        "works.listing_created",
        "works.listing_edited",
        "works.listing_published",
        "works.listing_retired",
        "works.version_published",
    ]
    for _, payload in events:
        assert payload["address"] == listing["address"]
        assert payload["organisation_id"] == ada.organisation_id
        assert payload["user_id"] == ada.user["id"]
    said = dict(events)
    published = said["works.version_published"]
    assert published["files"] == [{"path": "a/data.csv", "sha256": version["files"][0]["sha256"]}]
    assert published["revision_id"] == version["revision_id"]
    assert said["works.listing_edited"]["fields"] == ["summary"]
    assert said["works.listing_edited"]["published"] is True


async def test_an_edit_that_changes_nothing_is_not_announced(
    ada: Seller, container: Container
) -> None:
    listing = ada.draft(tags=["a"])
    good(ada.http.patch(f"/listings/{listing['id']}", json={"tags": ["A "], "title": None}))
    assert [topic for topic, _ in await events_of(container, listing["id"])] == [
        "works.listing_created"
    ]


async def test_a_moderator_may_retire_what_a_member_may_not_touch(
    ada: Seller, container: Container
) -> None:
    listing = ada.published()
    editor = container.works.parts.services["listing_editor"]
    member = msgspec.structs.replace(
        actor_of(ada), memberships={OrganisationId(ada.organisation_id): "member"}
    )
    moderator = Actor(
        user_id=UserId("usr_01m7z27fbvf7zt2ncx77syah90"),
        roles=frozenset({"admin"}),
        permissions=frozenset({"marketplace:moderate"}),
    )
    database = container.core.database
    async with database.transaction(scope_of(member)) as uow:
        with pytest.raises(Exception, match="owners and managers"):
            await editor.retire(uow, member, listing["id"])  # type: ignore[attr-defined]
    async with database.transaction(Scope(system=True)) as uow:
        retired = await editor.retire(uow, moderator, listing["id"])  # type: ignore[attr-defined]
    assert retired.state == "retired"
