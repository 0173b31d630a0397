import asyncio
import threading

import pytest

from souk.discovery.search.executor import SearchExecutor
from souk.kernel.errors import Unavailable


async def test_work_runs_beside_the_event_loop() -> None:
    executor = SearchExecutor(threads=1, queue_length=1)
    gate = threading.Event()
    waiting = asyncio.create_task(executor.run(gate.wait, 10))
    await asyncio.sleep(0.05)  # the loop is free while the thread waits
    gate.set()
    assert await waiting is True
    executor.close()


async def test_a_full_queue_refuses_at_once_and_frees_its_places() -> None:
    executor = SearchExecutor(threads=1, queue_length=2)
    gate = threading.Event()
    waiting = [asyncio.create_task(executor.run(gate.wait, 10)) for _ in range(3)]
    await asyncio.sleep(0.01)
    with pytest.raises(Unavailable) as refused:
        await executor.run(gate.is_set)
    assert refused.value.code == "search_busy"
    gate.set()
    assert await asyncio.gather(*waiting) == [True] * 3
    assert await executor.run(gate.is_set) is True
    executor.close()


async def test_an_error_reaches_the_caller_and_its_place_is_free_again() -> None:
    executor = SearchExecutor(threads=1, queue_length=0)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            await executor.run(divmod, 1, 0)
        await asyncio.sleep(0.01)
    executor.close()
