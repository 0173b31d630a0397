"""Waiting and ending: a cancellation is never forgotten, whatever happens at the same moment."""

import asyncio

import pytest

from souk.infra import waiting
from souk.infra.waiting import end_tasks, waited


async def test_a_wait_ends_with_its_event_or_its_time() -> None:
    event = asyncio.Event()
    assert await waited(event, 0.01) is False
    event.set()
    assert await waited(event, 0.01) is True
    assert await waited(event, None) is True


@pytest.mark.parametrize("turns", range(5))
async def test_a_loop_cancelled_at_the_moment_of_its_news_ends(turns: int) -> None:
    news = asyncio.Event()

    async def follow() -> None:
        while True:
            await waited(news, 60)
            news.clear()

    task = asyncio.create_task(follow())
    await asyncio.sleep(0.01)
    news.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=10)
    assert done
    assert task.cancelled()


async def test_a_task_that_swallows_its_cancellation_is_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(waiting, "_ASK_AGAIN_S", 0.01)
    swallowed = 0

    async def stubborn() -> None:
        nonlocal swallowed
        while swallowed < 3:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                swallowed += 1

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    await end_tasks([task])
    assert task.done()
    assert swallowed == 3
