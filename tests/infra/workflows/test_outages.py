"""Steps wait for a database that is away; anything else that fails is theirs."""

import psycopg
import pytest
from psycopg_pool import PoolTimeout

from souk.infra.workflows.outages import AWAY, through_outages


def failing(times: int, error: Exception) -> tuple[list[int], object]:
    calls: list[int] = []

    async def run() -> str:
        calls.append(1)
        if len(calls) <= times:
            raise error
        return "done"

    return calls, run


@pytest.mark.parametrize("error", [psycopg.OperationalError("gone"), PoolTimeout("full")])
async def test_a_step_is_run_again_until_the_database_is_back(error: Exception) -> None:
    calls, run = failing(1, error)
    assert await through_outages(run) == "done"  # type: ignore[arg-type]  # a test's coroutine
    assert len(calls) == 2


@pytest.mark.parametrize("error", [ValueError("wrong"), psycopg.DataError("NUL")])
async def test_other_failures_are_the_steps_own(error: Exception) -> None:
    calls, run = failing(9, error)
    with pytest.raises(type(error)):
        await through_outages(run)  # type: ignore[arg-type]  # a test's coroutine
    assert len(calls) == 1
    assert not isinstance(error, AWAY)


async def test_waiting_has_an_end() -> None:
    calls, run = failing(99, psycopg.OperationalError("gone"))
    with pytest.raises(psycopg.OperationalError):
        await through_outages(run, longest_s=0.1)  # type: ignore[arg-type]  # likewise
    assert len(calls) == 1
