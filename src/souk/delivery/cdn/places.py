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
        country_of: for tests, another source than the packaged data: a code for an address.
    """

    def __init__(self, country_of: Callable[[str], str] | None = None) -> None:
        self._given = country_of

    async def country(self, address: str) -> str | None:
        """The country of an address; None for what is private, unknown or no address."""
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return None
        if not parsed.is_global:
            return None
        code = await asyncio.to_thread(lambda: self._country_of(str(parsed)))
        return code if code in COUNTRIES else None

    def spot(self, country: str | None) -> Spot | None:
        """Where a country is."""
        return COUNTRIES.get(country or "")

    @cached_property
    def _country_of(self) -> Callable[[str], str]:
        if self._given is not None:
            return self._given
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its source has escapes that Python warns of
            from geoip2fast import GeoIP2Fast  # noqa: PLC0415  # 30 MB that few processes need

        data = GeoIP2Fast(geoip2fast_data_file=str(files("geoip2fast") / _DATA))

        def look_up(address: str) -> str:
            return str(data.lookup(address).country_code)

        return look_up
