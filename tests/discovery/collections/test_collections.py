"""Favourites, follows, collections and featured works over the public API."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

import psycopg
import pytest

from souk_client.contracts.collections import CollectionRequest, CollectionUpdate
from souk_client.contracts.works import Listing, ListingRequest
from souk_client.sdk import Souk
from tests.market import connect, organisation_of, publish, refused, sign_up, slug_of


@pytest.fixture(scope="module")
def seller(base_url: str) -> Souk:
    return sign_up(base_url, "Hakima Works")


@pytest.fixture(scope="module")
def work(seller: Souk) -> Listing:
    return publish(seller, title="Wine chemistry")


@pytest.fixture(scope="module")
def other_work(seller: Souk) -> Listing:
    return publish(seller, title="Iris flowers")


@pytest.fixture(scope="module")
def draft(seller: Souk) -> Listing:
    return seller.listings.create(
        ListingRequest(kind="model", slug="hushed-draft", title="Hushed draft", licence="MIT")
    )


@pytest.fixture
def reader(base_url: str) -> Souk:
    return sign_up(base_url, "Grace Hopper")


@pytest.fixture(scope="module")
def admin(base_url: str, session_owner_dsn: str) -> Iterator[Souk]:
    client = sign_up(base_url, "Operator")
    with psycopg.connect(session_owner_dsn, autocommit=True) as owner:
        owner.execute(
            "UPDATE people.users SET roles = '{buyer,seller,admin}' WHERE id = %s",
            [client.account.get().user.id],
        )
    email = client.account.get().user.email
    fresh = connect(base_url)
    fresh.auth.login(email=email, password="a long enough password")
    yield fresh


def eventually(check: Callable[[], bool], *, within_s: float = 15) -> None:
    deadline = time.monotonic() + within_s
    while not check():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)


class TestFavourites:
    def test_a_favourite_is_added_and_taken_away_any_number_of_times(
        self, reader: Souk, work: Listing
    ) -> None:
        before = reader.favourites.add(work.id)
        again = reader.favourites.add(work.id)
        assert before.favourite and again == before
        assert [one.listing.id for one in reader.favourites.list().items] == [work.id]
        after = reader.favourites.remove(work.id)
        assert not after.favourite and after.favourites == before.favourites - 1
        assert reader.favourites.remove(work.id) == after
        assert reader.favourites.list().items == []

    def test_the_count_is_that_of_all_people(
        self, base_url: str, reader: Souk, other_work: Listing
    ) -> None:
        second = sign_up(base_url)
        assert reader.favourites.add(other_work.id).favourites == 1
        assert second.favourites.add(other_work.id).favourites == 2
        assert second.favourites.list().items[0].listing.id == other_work.id

    def test_two_clicks_at_once_count_once(self, reader: Souk, seller: Souk) -> None:
        fresh = publish(seller)
        threads = [
            threading.Thread(target=reader.favourites.add, args=[fresh.id]) for _ in range(6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert reader.favourites.add(fresh.id).favourites == 1

    def test_a_draft_and_what_is_not_there_cannot_be_favourites(
        self, reader: Souk, seller: Souk, draft: Listing
    ) -> None:
        for listing_id in (draft.id, "lst_0", "x" * 500, "\u202e'--"):
            with refused("listing_unknown", 404):
                reader.favourites.add(listing_id)
        with refused("listing_unknown", 404):
            seller.favourites.add(draft.id)

    def test_strangers_are_asked_to_sign_in(self, base_url: str, work: Listing) -> None:
        stranger = connect(base_url)
        with refused("sign_in_needed", 401):
            stranger.favourites.add(work.id)
        with refused("sign_in_needed", 401):
            stranger.favourites.list()

    def test_a_retired_work_leaves_the_list_and_can_still_be_taken_away(
        self, reader: Souk, seller: Souk
    ) -> None:
        fading = publish(seller)
        reader.favourites.add(fading.id)
        seller.listings.retire(fading.id)
        assert reader.favourites.list().items == []
        assert not reader.favourites.remove(fading.id).favourite

    def test_pages_go_on_where_the_last_one_ended(self, reader: Souk, seller: Souk) -> None:
        works = [publish(seller).id for _ in range(3)]
        for listing_id in works:
            reader.favourites.add(listing_id)
        first = reader.favourites.list(limit=2)
        rest = reader.favourites.list(limit=2, cursor=first.next_cursor)
        shown = [one.listing.id for one in (*first.items, *rest.items)]
        assert shown == works[::-1] and rest.next_cursor is None
        for cursor in ("x", "WyJhIiwiYiJd", "W251bGwsbnVsbF0"):
            with refused("cursor_invalid"):
                reader.favourites.list(cursor=cursor)


class TestFollowing:
    def test_followers_are_counted_and_hear_of_every_version_once(
        self, base_url: str, seller: Souk, reader: Souk
    ) -> None:
        owner = sign_up(base_url, "Busy Bee")
        slug = slug_of(owner)
        assert reader.following.follow(slug).followers == 1
        assert reader.following.follow(slug).followers == 1
        assert seller.following.follow(slug).followers == 2
        assert [one.organisation.slug for one in reader.following.list().items] == [slug]
        assert reader.following.get(slug).following

        listing = publish(owner, title="Honey comb")

        def told(client: Souk) -> list[str]:
            return [n.title for n in client.notices.list().items if n.kind == "seller.published"]

        def heard(client: Souk) -> bool:
            return bool(told(client))

        for client in (reader, seller):
            eventually(partial(heard, client))
            assert told(client) == ["Busy Bee published Honey comb"]
        notice = next(n for n in reader.notices.list().items if n.kind == "seller.published")
        assert notice.link == f"/{listing.address}"
        assert reader.following.unfollow(slug).followers == 1
        assert not reader.following.get(slug).following

    def test_one_does_not_follow_oneself_nor_nobody(self, base_url: str, reader: Souk) -> None:
        with refused("follow_self", 409):
            reader.following.follow(slug_of(reader))
        with refused("organisation_unknown", 404):
            reader.following.follow("nobody-of-this-name")
        with refused("sign_in_needed", 401):
            connect(base_url).following.follow(slug_of(reader))


class TestCollections:
    def test_a_collection_keeps_its_works_in_order_with_notes(
        self, base_url: str, seller: Souk, work: Listing, other_work: Listing
    ) -> None:
        made = seller.collections.create(
            CollectionRequest(title="Classic tables!", description="To learn with.")
        )
        assert made.address == f"{slug_of(seller)}/classic-tables"
        seller.collections.put_item(made.id, work.id, note="Start here")
        seller.collections.put_item(made.id, other_work.id)
        held = seller.collections.put_item(made.id, work.id, note="Begin here")
        assert [(i.listing.id, i.note) for i in held.items] == [
            (work.id, "Begin here"),
            (other_work.id, ""),
        ]
        ordered = seller.collections.order(made.id, [other_work.id, work.id])
        assert [item.listing.id for item in ordered.items] == [other_work.id, work.id]
        with refused("collection_changed", 409):
            seller.collections.order(made.id, [work.id])
        with refused("collection_changed", 409):
            seller.collections.order(made.id, [work.id, work.id])

        seen = connect(base_url).collections.get(made.address)
        assert seen.items == ordered.items and seen.title == "Classic tables!"
        listed = connect(base_url).collections.list(organisation_id=organisation_of(seller))
        (found,) = [one for one in listed.items if one.id == made.id]
        assert found.item_count == 2
        assert [one.id for one in found.preview] == [other_work.id, work.id]

        left = seller.collections.remove_item(made.id, other_work.id)
        assert [item.listing.id for item in left.items] == [work.id]
        assert seller.collections.remove_item(made.id, other_work.id).items == left.items
        seller.collections.delete(made.id)
        with refused("collection_unknown", 404):
            seller.collections.get(made.id)

    def test_private_unlisted_and_public_are_seen_by_whom_they_should(
        self, base_url: str, seller: Souk, reader: Souk, work: Listing
    ) -> None:
        made = {
            visibility: seller.collections.create(
                CollectionRequest(title=f"{visibility} ones", visibility=visibility)
            )
            for visibility in ("public", "unlisted", "private")
        }
        for one in made.values():
            seller.collections.put_item(one.id, work.id)
        organisation = organisation_of(seller)
        mine = {o.id for o in seller.collections.list(organisation_id=organisation).items}
        assert mine >= {one.id for one in made.values()}
        for client in (reader, connect(base_url)):
            listed = {o.id for o in client.collections.list(organisation_id=organisation).items}
            everywhere = {o.id for o in client.collections.list(limit=100).items}
            assert made["public"].id in listed & everywhere
            assert not {made["unlisted"].id, made["private"].id} & (listed | everywhere)
            assert client.collections.get(made["unlisted"].address).items
            for name in (made["private"].id, made["private"].address):
                with refused("collection_unknown", 404):
                    client.collections.get(name)
        seller.collections.edit(made["public"].id, CollectionUpdate(visibility="private"))
        with refused("collection_unknown", 404):
            reader.collections.get(made["public"].id)

    def test_no_draft_and_no_retired_work_is_ever_shown(
        self, base_url: str, seller: Souk, draft: Listing, work: Listing
    ) -> None:
        made = seller.collections.create(CollectionRequest(title="Leaks nothing"))
        with refused("listing_not_published", 409):
            seller.collections.put_item(made.id, draft.id)
        fading = publish(seller)
        seller.collections.put_item(made.id, fading.id)
        seller.collections.put_item(made.id, work.id)
        seller.listings.retire(fading.id)
        for client in (seller, connect(base_url)):
            assert [i.listing.id for i in client.collections.get(made.id).items] == [work.id]
        assert seller.collections.order(made.id, [work.id]).items
        with refused("listing_not_published", 409):
            seller.collections.put_item(made.id, fading.id)

    def test_others_cannot_change_it(self, seller: Souk, reader: Souk, work: Listing) -> None:
        made = seller.collections.create(CollectionRequest(title="Hands off"))
        for attempt in (
            lambda: reader.collections.edit(made.id, CollectionUpdate(title="Mine")),
            lambda: reader.collections.put_item(made.id, work.id),
            lambda: reader.collections.remove_item(made.id, work.id),
            lambda: reader.collections.order(made.id, []),
            lambda: reader.collections.delete(made.id),
        ):
            with refused("not_collection_manager", 403):
                attempt()
        with refused("organisation_unknown", 404):
            reader.collections.create(
                CollectionRequest(title="x", organisation_id=organisation_of(seller))
            )

    def test_a_slug_is_taken_once(self, seller: Souk) -> None:
        seller.collections.create(CollectionRequest(title="Twins", slug="twins"))
        with refused("collection_slug_taken", 409):
            seller.collections.create(CollectionRequest(title="Twins", slug="twins"))


class TestFeatured:
    def test_the_admin_features_works_in_order_and_for_a_time(
        self, base_url: str, admin: Souk, seller: Souk
    ) -> None:
        first, second, third = publish(seller), publish(seller), publish(seller)
        now = datetime.now(UTC)
        admin.featured.feature(second.id, position=901, note="Worth a look")
        admin.featured.feature(first.id, position=900)
        admin.featured.feature(third.id, position=899, starts_at=now + timedelta(hours=1))

        def shown() -> list[str]:
            ours = {first.id, second.id, third.id}
            items = connect(base_url).featured.list().items
            return [one.listing.id for one in items if one.listing.id in ours]

        assert shown() == [first.id, second.id]
        admin.featured.feature(
            second.id,
            position=901,
            starts_at=now - timedelta(hours=2),
            ends_at=now - timedelta(hours=1),
        )
        assert shown() == [first.id]
        seller.listings.retire(first.id)
        assert shown() == []
        for listing in (first, second, third):
            admin.featured.unfeature(listing.id)
        with refused("featured_unknown", 404):
            admin.featured.unfeature(first.id)
        with refused("featured_times", 422):
            admin.featured.feature(second.id, starts_at=now, ends_at=now)

    def test_nobody_else_does(self, seller: Souk, work: Listing) -> None:
        with refused("permission_missing", 403):
            seller.featured.feature(work.id)
        with refused("permission_missing", 403):
            seller.featured.unfeature(work.id)
