"""What a checkout asks of listings: an offer as it stands, stock that is never oversold, counts."""

import asyncio

import pytest

from souk.apps.container import Container
from souk.infra.postgres.scope import PUBLIC, SYSTEM, Scope
from souk.kernel.errors import Conflict, NotFound, SoukError
from tests.works.selling import Seller, good

pytestmark = [pytest.mark.database, pytest.mark.filterwarnings("ignore:EdDSA is deprecated")]
BUYER = Scope(organisation_ids=("org_01m7z27fbvf7zt2ncx77syah90",))


async def refusal(container: Container, listing_id: str, offer_id: str | None = None) -> str:
    async with container.core.database.transaction(BUYER) as uow:
        with pytest.raises(SoukError) as caught:
            await container.works.listings.for_sale(uow, listing_id, offer_id)
    return caught.value.code


async def test_a_buyer_gets_what_is_published(ada: Seller, container: Container) -> None:
    listing = ada.published(kind="model", licence="MIT", price_minor=1234)
    ada.add_version(listing, "2.0.0")
    async with container.core.database.transaction(BUYER, read_only=True) as uow:
        item = await container.works.listings.for_sale(uow, listing["id"])
    assert (item.address, item.kind, item.licence) == (listing["address"], "model", "MIT")
    assert item.owner.id == ada.organisation_id
    assert item.version.version == "1.0.0"
    assert [file.path for file in item.version.files] == ["data.csv"]
    assert (item.offer.price_minor, item.offer.currency) == (1234, "USD")
    assert sum(share.basis_points for share in item.offer.shares) == 10_000


async def test_what_is_not_for_sale(ada: Seller, container: Container) -> None:
    draft, listing = ada.draft(), ada.published()
    (offer,) = listing["offers"]
    assert await refusal(container, "lst_01m7z27fbvf7zt2ncx77syah90") == "listing_unknown"
    assert await refusal(container, draft["id"]) == "listing_unknown"
    assert await refusal(container, listing["id"], draft["offers"][0]["id"]) == "offer_unknown"
    good(ada.http.patch(f"/offers/{offer['id']}", json={"price_minor": 1}))
    assert await refusal(container, listing["id"], offer["id"]) == "offer_withdrawn"
    body = {"edition": "other", "price_minor": 2}
    good(ada.http.post(f"/listings/{listing['id']}/offers", json=body), 201)
    assert await refusal(container, listing["id"]) == "offer_needed"
    good(ada.http.post(f"/listings/{listing['id']}/retire"))
    assert await refusal(container, listing["id"]) == "listing_not_published"


async def test_the_files_of_a_retired_listing_stay_with_who_bought_it(
    ada: Seller, container: Container
) -> None:
    listing = ada.published()
    good(ada.http.post(f"/listings/{listing['id']}/retire"))
    async with container.core.database.transaction(BUYER, read_only=True) as uow:
        files = await container.works.listings.version_files(uow, listing["versions"][0]["id"])
    assert [file.path for file in files] == ["data.csv"]


async def test_many_buyers_of_the_last_pieces(ada: Seller, container: Container) -> None:
    offers = [{"price_minor": 5, "stock": 3}]
    listing = ada.published(price_minor=None, offers=offers)
    offer_id = listing["offers"][0]["id"]
    listings, database = container.works.listings, container.core.database

    async def buy() -> bool:
        try:
            async with database.transaction(BUYER) as uow:
                await listings.take_stock(uow, offer_id)
                await asyncio.sleep(0.01)
        except Conflict as error:
            assert error.code == "offer_sold_out"
            return False
        return True

    assert sum(await asyncio.gather(*(buy() for _ in range(12)))) == 3
    assert await refusal(container, listing["id"]) == "offer_sold_out"
    async with database.transaction(BUYER) as uow:
        await listings.return_stock(uow, offer_id)
    assert sum(await asyncio.gather(*(buy() for _ in range(4)))) == 1
    shown = good(ada.http.get(f"/listings/{listing['id']}"))["offers"][0]
    assert (shown["stock"], shown["sold"]) == (3, 3)


async def test_a_piece_that_was_not_paid_goes_back(ada: Seller, container: Container) -> None:
    listing = ada.published(price_minor=None, offers=[{"price_minor": 5, "stock": 1}])
    offer_id = listing["offers"][0]["id"]
    listings, database = container.works.listings, container.core.database
    for _ in range(2):
        with pytest.raises(RuntimeError):
            async with database.transaction(BUYER) as uow:
                await listings.take_stock(uow, offer_id)
                raise RuntimeError("the card was refused")
    assert good(ada.http.get(f"/listings/{listing['id']}"))["offers"][0]["sold"] == 0
    async with database.transaction(BUYER) as uow:
        with pytest.raises(NotFound):
            await listings.take_stock(uow, "off_01m7z27fbvf7zt2ncx77syah90")


async def test_changing_a_price_carries_the_stock_over(ada: Seller, container: Container) -> None:
    listing = ada.published(price_minor=None, offers=[{"price_minor": 5, "stock": 3}])
    old_id = listing["offers"][0]["id"]
    database, listings = container.core.database, container.works.listings
    async with database.transaction(BUYER) as uow:
        await listings.take_stock(uow, old_id)
    changed = good(ada.http.patch(f"/offers/{old_id}", json={"price_minor": 9}))
    assert changed["stock"] == 2
    async with database.transaction(BUYER) as uow:
        with pytest.raises(Conflict) as caught:
            await listings.take_stock(uow, old_id)
    assert caught.value.code == "offer_withdrawn"


async def test_sales_and_downloads_are_counted_without_waiting(
    ada: Seller, container: Container
) -> None:
    listing = ada.published()
    offer_id = listing["offers"][0]["id"]
    listings, database = container.works.listings, container.core.database

    async def sell() -> None:
        async with database.transaction(BUYER) as uow:
            await listings.count_sale(uow, listing["id"], offer_id=offer_id)
            await listings.count_download(uow, listing["id"], count=2)

    await asyncio.gather(*(sell() for _ in range(40)))
    async with database.transaction(BUYER) as uow:
        await listings.count_sale(uow, listing["id"], offer_id=offer_id, count=-1)
    shown = good(ada.http.get(f"/listings/{listing['id']}"))
    assert (shown["sales"], shown["downloads"]) == (39, 80)
    assert shown["offers"][0]["sold"] == 39


async def test_a_buyer_cannot_write_to_what_it_sees(ada: Seller, container: Container) -> None:
    listing = ada.published()
    database = container.core.database
    changes = {
        "UPDATE works.listings SET title = 'mine' WHERE id = %(id)s": listing["id"],
        "UPDATE works.versions SET published_at = now() WHERE listing_id = %(id)s": listing["id"],
        "UPDATE works.offers SET state = 'withdrawn' WHERE listing_id = %(id)s": listing["id"],
        "UPDATE works.artifacts SET is_public = false WHERE sha256 = %(id)s": (
            listing["versions"][0]["files"][0]["sha256"]
        ),
    }
    async with database.transaction(BUYER) as uow:
        touched = [await uow.execute(sql, id=name) for sql, name in changes.items()]
    assert touched == [0] * len(changes)


async def test_private_rows_stay_behind_the_wall(ada: Seller, container: Container) -> None:
    draft = ada.draft()
    ada.add_version(draft)
    queries = {
        "listings": "SELECT count(*) FROM works.listings WHERE id = %(id)s",
        "versions": "SELECT count(*) FROM works.versions WHERE listing_id = %(id)s",
        "revisions": "SELECT count(*) FROM works.revisions WHERE work_id = %(id)s",
        "refs": "SELECT count(*) FROM works.refs WHERE work_id = %(id)s",
        "offers": "SELECT count(*) FROM works.offers WHERE listing_id = %(id)s",
    }
    own = "SELECT count(*) FROM works.uploads WHERE organisation_id = %(id)s"
    held = "SELECT count(*) FROM works.holders WHERE organisation_id = %(id)s"
    for scope, there in ((BUYER, 0), (PUBLIC, 0), (SYSTEM, 1)):
        async with container.core.database.transaction(scope) as uow:
            for sql in queries.values():
                assert await uow.value(sql, id=draft["id"]) == there
            for sql in (own, held):
                assert (await uow.value(sql, id=ada.organisation_id) > 0) == bool(there)


async def test_the_published_are_walked_in_the_order_of_their_ids(
    ada: Seller, container: Container
) -> None:
    made = [ada.published()["id"] for _ in range(3)]
    async with container.core.database.transaction(SYSTEM, read_only=True) as uow:
        found = await container.works.listings.published_after(uow, "", limit=10_000)
        after = await container.works.listings.published_after(uow, made[0], limit=1)
        short = await container.works.listings.summaries(uow, [*made, "lst_nothing"])
    ids = [listing.id for listing in found]
    assert ids == sorted(ids)
    assert set(made) <= set(ids)
    assert [listing.id for listing in after] == [made[1]]
    assert [version.version for version in after[0].versions] == ["1.0.0"]
    assert set(short) == set(made)
