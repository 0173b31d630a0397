"""Domains of sites' owners: what a node serves them with, and how it hears of it.

Keys come from home over the link on which the node proves itself, and only where nobody in between
can read it: from this machine, or over HTTPS. They lie in one file that is the node's alone, so
that it goes on when home is away.
"""

import asyncio
import os
import ssl
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx
import msgspec
import structlog

from souk.edge.protocol import NODE_HEADER, ROOT
from souk.edge.sites import host_name
from souk.infra.waiting import waited

EVERY_S: Final = 5.0
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_NO_CONTENT: Final = 204

log = structlog.get_logger("souk.edge")


class NodeDomain(msgspec.Struct, frozen=True, kw_only=True):
    """A proven domain as nodes know it."""

    name: str
    site_id: str
    hsts_s: int = 0
    cors_origins: tuple[str, ...] = ()
    """Whose pages may read its answers; left to the origin when empty."""
    per_address_per_minute: int = 6000
    per_key_per_minute: int = 6000
    key_header: str = ""
    chain_pem: str = ""
    """Without one it is served without TLS only."""
    key_pem: str = ""


class NodeDomains(msgspec.Struct, frozen=True, kw_only=True):
    """All of them, and the number by which a node asks for what is newer."""

    number: int
    domains: tuple[NodeDomain, ...]


class Domains:
    """The domains that a node knows. `load` and `take` block for a small file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._by_name: dict[str, NodeDomain] = {}
        self._contexts: dict[str, ssl.SSLContext] = {}
        self.number = 0

    def load(self) -> None:
        """Takes up what was known; without a readable file home tells all of it again."""
        with suppress(OSError, msgspec.MsgspecError):
            kept = msgspec.json.decode(self._file.read_bytes(), type=NodeDomains)
            self._replace(kept)

    def take(self, told: NodeDomains) -> None:
        """Learns what home has told. Raises OSError when it cannot be kept."""
        self._replace(told)
        fresh = self._file.with_suffix(".new")
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            fresh.unlink()
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode(told))
        fresh.replace(self._file)

    def find(self, host: str | None) -> NodeDomain | None:
        """The domain of a Host header."""
        if host is None or not self._by_name:
            return None
        return self._by_name.get(host_name(host))

    def context(self, name: str | None) -> ssl.SSLContext | None:
        """What TLS is spoken with for a server name; None where there is no certificate."""
        return self._contexts.get((name or "").lower().rstrip("."))

    def _replace(self, told: NodeDomains) -> None:
        before, contexts = self._by_name, {}
        for domain in told.domains:
            if not domain.chain_pem:
                continue
            old = before.get(domain.name)
            same = old is not None and old.chain_pem == domain.chain_pem
            known = self._contexts.get(domain.name) if same else None
            try:
                contexts[domain.name] = known or _context(domain)
            except (ssl.SSLError, OSError, ValueError) as error:
                log.error("a certificate cannot be used", domain=domain.name, problem=repr(error))
        self._by_name = {domain.name: domain for domain in told.domains}
        self._contexts = contexts
        self.number = told.number

    def names(self) -> Iterable[str]:
        """Every domain's name."""
        return self._by_name.keys()


class DomainNews:
    """Asks home now and then what is new about domains."""

    def __init__(
        self,
        domains: Domains,
        *,
        client: httpx.AsyncClient,
        home_url: str,
        credential: Callable[[], str],
        every_s: float = EVERY_S,
    ) -> None:
        self._domains = domains
        self._client = client
        self._address = f"{home_url.rstrip('/')}{ROOT}/domains"
        self._credential = credential
        self._every_s = every_s
        self._news = asyncio.Event()
        parts = urlsplit(home_url)
        self.is_private = parts.scheme == "https" or parts.hostname in _LOOPBACK
        """Whether nobody between home and the node can read along."""

    def hurry(self) -> None:
        """Something has changed: home is asked now."""
        self._news.set()

    async def run(self) -> None:
        """Asks until cancelled; without an answer what is known stays."""
        if not self.is_private:
            log.warning("home is not asked for domains: the way there is not private")
            return
        while True:
            self._news.clear()
            try:
                await self.ask()
            except (httpx.HTTPError, msgspec.MsgspecError, OSError) as error:
                log.debug("home says nothing of domains", problem=repr(error))
            await waited(self._news, self._every_s)

    async def ask(self) -> None:
        """Asks once. Raises httpx.HTTPError, msgspec.MsgspecError, OSError."""
        answer = await self._client.get(
            self._address,
            params={"known": self._domains.number},
            headers={NODE_HEADER: self._credential()},
        )
        answer.raise_for_status()
        if answer.status_code != _NO_CONTENT:
            told = msgspec.json.decode(answer.content, type=NodeDomains)
            await asyncio.to_thread(self._domains.take, told)
            log.info("domains have changed", domains=len(told.domains))


def _context(domain: NodeDomain) -> ssl.SSLContext:
    context = tls_context()
    # The library reads certificates from files only; this one is nobody else's, and soon gone.
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(domain.chain_pem + "\n" + domain.key_pem)
        file.flush()
        context.load_cert_chain(file.name)
    return context


def tls_context() -> ssl.SSLContext:
    """How TLS is spoken here: 1.2 and 1.3, HTTP/1.1 inside."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_alpn_protocols(["http/1.1"])
    return context
