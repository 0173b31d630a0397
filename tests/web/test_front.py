"""What the front page keeps for a moment, and the cookie of what was seen."""

import asyncio
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from souk.kernel.ids import is_id
from souk.web.forms import PageRequest
from souk.web.front import Kept
from souk.web.seen import MOST, SEEN_COOKIE, read_seen, seen_cookie
from souk.web.words import category_icon


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Visitor:
    """As much of a request as the cookie needs."""

    def __init__(self, cookie: str = "", **headers: str) -> None:
        self.cookies = {SEEN_COOKIE: cookie}
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def __call__(self) -> PageRequest:
        return cast(PageRequest, cast(Any, self))


def listing_id(number: int) -> str:
    return f"lst_{number:026}"


async def test_a_list_is_read_once_while_it_is_fresh_and_again_when_it_is_old() -> None:
    clock, reads = Clock(), iter(range(10))
    kept: Kept[int] = Kept(3.0, clock)

    async def read() -> int:
        return next(reads)

    assert [await kept.get("a", read) for _ in range(3)] == [0, 0, 0]
    assert await kept.get("b", read) == 1
    clock.now = 3.5
    assert await kept.get("a", read) == 2


async def test_one_reads_anew_and_the_others_get_the_old_list_meanwhile() -> None:
    clock, gate, reads = Clock(), asyncio.Event(), iter(range(10))
    kept: Kept[int] = Kept(3.0, clock)

    async def read() -> int:
        number = next(reads)
        if number:
            await gate.wait()
        return number

    assert await kept.get("a", read) == 0
    clock.now = 4.0
    first = asyncio.create_task(kept.get("a", read))
    await asyncio.sleep(0)
    assert await kept.get("a", read) == 0
    gate.set()
    assert await first == 1
    assert await kept.get("a", read) == 1


def test_the_last_listing_seen_comes_first_and_each_once() -> None:
    cookie = ""
    for number in (1, 2, 3, 2):
        made = seen_cookie(Visitor(cookie)(), listing_id(number), secure=True)
        assert made is not None and made.httponly and made.secure
        cookie = str(made.value)
    assert read_seen(Visitor(cookie)()) == tuple(map(listing_id, (2, 3, 1)))
    for number in range(20):
        made = seen_cookie(Visitor(cookie)(), listing_id(number), secure=False)
        assert made is not None
        cookie = str(made.value)
    assert len(read_seen(Visitor(cookie)())) == MOST


def test_nothing_is_kept_of_those_who_ask_for_it() -> None:
    for header in ({"sec_gpc": "1"}, {"dnt": "1"}):
        assert seen_cookie(Visitor("", **header)(), listing_id(1), secure=True) is None


@given(st.text(max_size=600))
def test_any_cookie_is_read_as_ids_or_not_at_all(cookie: str) -> None:
    assert all(is_id(one, "lst") for one in read_seen(Visitor(cookie)()))


@given(st.text(max_size=60))
def test_every_category_has_an_icon(name: str) -> None:
    assert category_icon(name)


def test_known_words_have_icons_of_their_own() -> None:
    assert category_icon("Text embeddings") == "languages"
    assert category_icon("tabular data") == "table-2"
    assert category_icon("something else") == "layers"
