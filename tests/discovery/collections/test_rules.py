"""The rules of collections by themselves."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from souk.discovery.collections.model import is_order_of, moved, slug_from
from souk_client.contracts.base import Slug
from souk_client.contracts.collections import CollectionRequest

names = st.lists(st.text("abcdef", min_size=1, max_size=3), unique=True, max_size=12)


@given(st.text(max_size=200))
def test_every_title_gives_a_slug_that_an_address_can_carry(title: str) -> None:
    slug = slug_from(title, fallback="collection-abc123")
    assert msgspec.convert(slug, Slug) == slug
    assert CollectionRequest(title="x", slug=slug).slug == slug


@given(names)
def test_an_order_is_a_permutation(items: list[str]) -> None:
    assert is_order_of(list(reversed(items)), items)
    assert not is_order_of([*items, "zz"], items)
    if len(items) > 1:
        assert not is_order_of(items[1:] + items[1:2], items)
    if items:
        assert not is_order_of(items[1:], items)


@given(names, st.integers(0, 20), st.integers(-30, 30))
def test_moving_keeps_everything_and_the_order_of_the_rest(
    items: list[str], place: int, by: int
) -> None:
    if not items:
        return
    item = items[place % len(items)]
    after = moved(items, item, by=by)
    assert sorted(after) == sorted(items)
    assert [one for one in after if one != item] == [one for one in items if one != item]
    wanted = min(max(items.index(item) + by, 0), len(items) - 1)
    assert after.index(item) == wanted


def test_moving_what_is_not_there_changes_nothing() -> None:
    assert moved(["a", "b"], "c", by=1) == ["a", "b"]
