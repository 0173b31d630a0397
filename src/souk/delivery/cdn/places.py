"""Where an address is: from offline country data, read when it is first needed.

The data are those of the package geoip2fast, made from GeoLite2 Country; docs/decisions names their
terms. No address leaves this machine, and none is kept.
"""

import asyncio
import ipaddress
import warnings
from collections.abc import Callable
from functools import cached_property
from importlib.resources import files
from typing import Final

from souk.delivery.cdn.countries import COUNTRIES
from souk.delivery.cdn.model import Spot

_DATA: Final = "geoip2fast-ipv6.dat.gz"


class Places:
    """Countries of addresses.

    Args:
        data: a file of data, the packaged one when empty, none at all when `-`.
    """

    def __init__(self, data: str = "") -> None:
        self._data = data

    async def country(self, address: str) -> str | None:
        """The country of an address; None for what is private, unknown or no address."""
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return None
        if self._data == "-" or not parsed.is_global:
            return None
        code = await asyncio.to_thread(lambda: self._country_of(str(parsed)))
        return code if code in COUNTRIES else None

    def spot(self, country: str | None) -> Spot | None:
        """Where a country is."""
        return COUNTRIES.get(country or "")

    @cached_property
    def _country_of(self) -> Callable[[str], str]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its source has escapes that Python warns of
            from geoip2fast import GeoIP2Fast  # noqa: PLC0415  # 30 MB that few processes need

        data = GeoIP2Fast(geoip2fast_data_file=self._data or str(files("geoip2fast") / _DATA))

        def look_up(address: str) -> str:
            return str(data.lookup(address).country_code)

        return look_up
