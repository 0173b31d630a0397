"""Whether a name is its claimant's: a text record, or a file that the name's web server gives."""

import asyncio
import hmac
from ipaddress import ip_address
from typing import Final

import dns.asyncresolver
import dns.exception
import dns.rdatatype
import httpx

from souk.delivery.assets.settings import AssetSettings
from souk.edge.guard import is_public

TXT_LABEL: Final = "_souk-domain"
FILE: Final = "/.well-known/souk-domain.txt"
MAX_FILE_BYTES: Final = 1024
_MOST_ADDRESSES: Final = 4


def txt_name(name: str) -> str:
    """The record in which the proof of a name may stand."""
    return f"{TXT_LABEL}.{name}"


class Proofs:
    """Looks for proofs in the names system and on the web."""

    def __init__(self, settings: AssetSettings) -> None:
        self._settings = settings

    async def look(self, name: str, token: str) -> str:
        """Empty when the name is proven, else what was found instead."""
        try:
            async with asyncio.timeout(2 * self._settings.check_timeout_s):
                return await self._look(name, token)
        except TimeoutError:
            return "Looking at the name takes too long; try again in a while."

    async def _look(self, name: str, token: str) -> str:
        in_names = await self._in_names(name, token)
        if not in_names:
            return ""
        on_web = await self._on_web(name, token)
        return f"{in_names} {on_web}" if on_web else ""

    async def _in_names(self, name: str, token: str) -> str:
        record = txt_name(name)
        try:
            answer = await self._resolver().resolve(record, dns.rdatatype.TXT)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return f"There is no text record at {record}."
        except (dns.exception.DNSException, OSError) as error:
            return f"{record} cannot be looked up now ({type(error).__name__})."
        texts = [b"".join(record.strings) for record in answer]
        if any(hmac.compare_digest(text.strip(), token.encode()) for text in texts):
            return ""
        return f"The text record at {record} says something else."

    async def _on_web(self, name: str, token: str) -> str:
        address = await self._address(name)
        if address is None:
            return "The name leads to no public address either, where a file could lie."
        host = f"[{address}]" if ":" in address else address
        try:
            async with (
                httpx.AsyncClient(trust_env=False, timeout=self._settings.check_timeout_s) as web,
                web.stream(
                    "GET",
                    f"http://{host}:{self._settings.check_port}{FILE}",
                    headers={"host": name, "accept-encoding": "identity"},
                ) as answer,
            ):
                if answer.status_code != 200:
                    return f"http://{name}{FILE} answers {answer.status_code}."
                held = b""
                async for chunk in answer.aiter_raw(MAX_FILE_BYTES):
                    held += chunk
                    if len(held) > MAX_FILE_BYTES:
                        return f"http://{name}{FILE} is too long."
        except (httpx.HTTPError, OSError):
            return f"http://{name}{FILE} does not answer."
        if hmac.compare_digest(held.strip(), token.encode()):
            return ""
        return f"http://{name}{FILE} says something else."

    async def _address(self, name: str) -> str | None:
        """An address of the name that is not of a private network; it is the one connected to."""
        resolver = self._resolver()
        for kind in (dns.rdatatype.A, dns.rdatatype.AAAA):
            try:
                answer = await resolver.resolve(name, kind)
            except (dns.exception.DNSException, OSError):
                continue
            for record in list(answer)[:_MOST_ADDRESSES]:
                if self._settings.check_private or is_public(ip_address(record.address)):
                    return str(record.address)
        return None

    def _resolver(self) -> dns.asyncresolver.Resolver:
        given = self._settings.resolver
        resolver = dns.asyncresolver.Resolver(configure=not given)
        if given:
            host, _, port = given.partition(":")
            resolver.nameservers = [host]
            resolver.port = int(port or 53)
        resolver.lifetime = self._settings.check_timeout_s
        resolver.cache = None
        return resolver
