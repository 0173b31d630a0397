"""Rates out of a file in the format of the European Central Bank's daily reference rates.

The format (`eurofxref-daily.xml`): nested `Cube` elements of the namespace below; the middle one
carries `time`, the inner ones `currency` and `rate`, with the euro as base. The marketplace fetches
it only where an operator names an address.
"""

import asyncio
from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

import httpx

from souk.treasury.rates.currencies import SHOWN
from souk.treasury.rates.errors import RatesUnavailable
from souk.treasury.rates.model import Quote

NAME: Final = "ecb"
BASE: Final = "EUR"
MAX_BYTES: Final = 2**20
_CUBE: Final = "{http://www.ecb.int/vocabulary/2002-08-01/eurofxref}Cube"


class EcbProvider:
    """Implements `RateProvider`: reads the file from an address, else from a path."""

    name = NAME

    def __init__(self, *, url: str, file: str, timeout_s: float) -> None:
        self._url = url
        self._file = file
        self._timeout_s = timeout_s

    async def fetch(self) -> Sequence[Quote]:
        if self._url:
            return read_ecb(await self._download())
        try:
            return read_ecb(await asyncio.to_thread(_read_some, Path(self._file)))
        except OSError as error:
            raise RatesUnavailable(f"the file cannot be read: {error}") from error

    async def _download(self) -> bytes:
        content = b""
        try:
            async with (
                asyncio.timeout(self._timeout_s),
                httpx.AsyncClient(follow_redirects=True, max_redirects=3) as client,
                client.stream("GET", self._url) as answer,
            ):
                answer.raise_for_status()
                async for chunk in answer.aiter_bytes():
                    content += chunk
                    if len(content) > MAX_BYTES:
                        raise RatesUnavailable("the file is larger than 1 MiB")
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise RatesUnavailable(f"the address does not answer: {error!r}") from error
        return content


def read_ecb(content: bytes) -> list[Quote]:
    """The quotes of a daily file, those in currencies that amounts can be shown in.

    Raises:
        RatesUnavailable: it is no such file.
    """
    if len(content) > MAX_BYTES or b"<!" in content.replace(b"<!--", b""):
        raise RatesUnavailable("the file is too large, or declares a document type")
    try:
        root = ElementTree.fromstring(content)  # noqa: S314  # no document type, and limited above
        return [
            quote
            for day in root.iter(_CUBE)
            if "time" in day.attrib
            for quote in _quotes_of(day, date.fromisoformat(day.attrib["time"]))
        ]
    except (ElementTree.ParseError, KeyError, ValueError, InvalidOperation) as error:
        raise RatesUnavailable(f"the file is not in the ECB's format: {error!r}") from error


def _quotes_of(day: ElementTree.Element, as_of: date) -> list[Quote]:
    quotes = []
    for cube in day.iter(_CUBE):
        code = cube.attrib.get("currency")
        if code is None or code not in SHOWN or code == BASE:
            continue
        rate = Decimal(cube.attrib["rate"])
        if not rate.is_finite() or rate <= 0:
            raise ValueError(f"the rate of {code} is {rate}")
        quotes.append(Quote(base=BASE, currency=code, as_of=as_of, source=NAME, rate=rate))
    return quotes


def _read_some(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)
