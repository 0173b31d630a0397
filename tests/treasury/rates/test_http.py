"""Rates over HTTP and out of a file: who may state them, and what everybody reads."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.treasury.rates.ecb import EcbProvider
from souk.treasury.rates.service import RateService
from souk.treasury.rates.settings import RateSettings
from tests.admins import admin_client

pytestmark = pytest.mark.database
DAILY = Path(__file__).with_name("eurofxref-daily.xml")
TODAY = datetime.now(UTC).date()


def stated(base: str, as_of: str, **rates: str) -> dict[str, object]:
    quoted = [{"currency": code, "rate": rate} for code, rate in rates.items()]
    return {"source": "treasury", "base": base, "as_of": as_of, "rates": quoted}


@pytest.fixture(scope="module")
def admin(base_url: str, session_owner_dsn: str) -> Iterator[httpx.Client]:
    with admin_client(base_url, session_owner_dsn) as client:
        yield client


def test_an_admin_states_rates_and_everybody_reads_and_converts(
    admin: httpx.Client, base_url: str
) -> None:
    body = stated("POL", TODAY.isoformat(), GENX="2.5", FTNS="0.5")
    assert admin.put("/api/v1/rates", json=body).status_code == 200
    listed = httpx.get(f"{base_url}/api/v1/rates", params={"base": "GENX"}).json()
    assert listed["base"] == "GENX"
    by_code = {rate["currency"]: rate for rate in listed["rates"]}
    assert by_code["POL"]["rate"] == "0.4"
    assert by_code["FTNS"] == {
        "currency": "FTNS",
        "rate": "0.2",
        "as_of": TODAY.isoformat(),
        "source": "treasury",
        "stale": False,
        "crossed": True,
    }
    question = {"amount_minor": 2_000_000, "currency": "GENX", "to": "POL"}
    answer = httpx.get(f"{base_url}/api/v1/rates/convert", params=question).json()
    assert answer["converted_minor"] == 800_000_000
    corrected = stated("POL", TODAY.isoformat(), GENX="4")
    assert admin.put("/api/v1/rates", json=corrected).status_code == 200
    answer = httpx.get(f"{base_url}/api/v1/rates/convert", params=question).json()
    assert (answer["converted_minor"], answer["rate"]) == (500_000_000, "0.25")


def test_a_stale_rate_is_listed_as_such_and_converts_nothing(
    admin: httpx.Client, base_url: str
) -> None:
    old = (TODAY - timedelta(days=30)).isoformat()
    assert admin.put("/api/v1/rates", json=stated("THB", old, TRY="1.2")).status_code == 200
    listed = httpx.get(f"{base_url}/api/v1/rates", params={"base": "THB"}).json()
    assert [(rate["currency"], rate["stale"]) for rate in listed["rates"]] == [("TRY", True)]
    question = {"amount_minor": 100, "currency": "THB", "to": "TRY"}
    answer = httpx.get(f"{base_url}/api/v1/rates/convert", params=question).json()
    assert answer["converted_minor"] is None
    assert answer["as_of"] is None


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (stated("EUR", "2999-01-01", USD="1"), "rate_date_future"),
        (stated("EUR", TODAY.isoformat(), USD="0"), "rate_invalid"),
        (stated("EUR", TODAY.isoformat(), USD="-1"), "rate_invalid"),
        (stated("EUR", TODAY.isoformat(), USD="NaN"), "rate_invalid"),
        (stated("EUR", TODAY.isoformat(), USD="1e99"), "rate_invalid"),
        (stated("EUR", TODAY.isoformat(), USD="dear"), "rate_invalid"),
        (stated("EUR", TODAY.isoformat(), USD="1.0000000000000000001"), "rate_invalid"),
        (stated("EUR", TODAY.isoformat(), EUR="1"), "rate_invalid"),
        (stated("POL", TODAY.isoformat(), USD="1", MATIC="1"), "rate_invalid"),
        (stated("EUR", TODAY.isoformat(), XXX="1"), "currency_unknown"),
        (stated("XXX", TODAY.isoformat(), EUR="1"), "currency_unknown"),
    ],
)
def test_impossible_rates_are_refused(admin: httpx.Client, body: object, code: str) -> None:
    answer = admin.put("/api/v1/rates", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_an_unknown_base_is_refused(base_url: str) -> None:
    answer = httpx.get(f"{base_url}/api/v1/rates", params={"base": "XXX"})
    assert (answer.status_code, answer.json()["code"]) == (422, "currency_unknown")


@pytest.mark.asyncio(loop_scope="session")
async def test_the_job_keeps_what_the_file_says_once(database: Database) -> None:
    provider = EcbProvider(url="", file=str(DAILY), timeout_s=5)
    rates = RateService(RateSettings(), provider=provider)
    for new in (4, 0):
        async with database.transaction(SYSTEM) as uow:
            assert await rates.fetch(uow) == new
    async with database.transaction(SYSTEM) as uow:
        listed = await rates.listed(uow, base="EUR")
        assert {rate.currency for rate in listed.rates} == {"USD", "JPY", "GBP", "CHF"}
        assert (await rates.table(uow)).currencies() == []
    gone = RateService(RateSettings(), provider=EcbProvider(url="", file="/none", timeout_s=1))
    async with database.transaction(SYSTEM) as uow:
        assert await gone.fetch(uow) == 0
