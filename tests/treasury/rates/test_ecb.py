"""The provider of files in the ECB's format, against a small server that serves one such file.

The file is written by hand after the published format; that the bank's own server answers with it
today is not shown here.
"""

import threading
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from souk.treasury.rates.ecb import EcbProvider, read_ecb
from souk.treasury.rates.errors import RatesUnavailable

DAILY = Path(__file__).with_name("eurofxref-daily.xml")


class _Bank(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        pages = {
            "/daily.xml": (200, DAILY.read_bytes()),
            "/huge.xml": (200, b" " * (2**20 + 1)),
            "/page.html": (200, b"<html>closed today</html>"),
        }
        status, content = pages.get(self.path, (503, b""))
        self.send_response(status)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def bank() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Bank)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


async def test_the_daily_file_is_fetched_and_read(bank: str) -> None:
    quotes = await EcbProvider(url=f"{bank}/daily.xml", file="", timeout_s=5).fetch()
    assert [(quote.currency, quote.rate) for quote in quotes] == [
        ("USD", Decimal("1.1525")),
        ("JPY", Decimal("181.45")),
        ("GBP", Decimal("0.88120")),
        ("CHF", Decimal("0.9285")),
    ]
    assert {(quote.base, quote.as_of, quote.source) for quote in quotes} == {
        ("EUR", date(2025, 11, 20), "ecb")
    }


async def test_a_file_on_disk_is_read_too() -> None:
    assert len(await EcbProvider(url="", file=str(DAILY), timeout_s=5).fetch()) == 4


@pytest.mark.parametrize("path", ["/gone.xml", "/huge.xml", "/page.html"])
async def test_a_server_that_answers_something_else_is_unavailable(bank: str, path: str) -> None:
    provider = EcbProvider(url=f"{bank}{path}", file="", timeout_s=5)
    if path == "/page.html":
        assert await provider.fetch() == []
    else:
        with pytest.raises(RatesUnavailable):
            await provider.fetch()


async def test_nobody_there_is_unavailable() -> None:
    for provider in (
        EcbProvider(url="http://127.0.0.1:9/", file="", timeout_s=2),
        EcbProvider(url="no address", file="", timeout_s=2),
        EcbProvider(url="", file="/nowhere/rates.xml", timeout_s=2),
    ):
        with pytest.raises(RatesUnavailable):
            await provider.fetch()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "<a>",
        DAILY.read_text().replace("1.1525", "dear"),
        DAILY.read_text().replace("1.1525", "-1"),
        DAILY.read_text().replace("1.1525", "NaN"),
        DAILY.read_text().replace("2025-11-20", "yesterday"),
        DAILY.read_text().replace("rate='1.1525'", ""),
        '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    ],
)
def test_nonsense_is_refused_whole(text: str) -> None:
    with pytest.raises(RatesUnavailable):
        read_ecb(text.encode())
