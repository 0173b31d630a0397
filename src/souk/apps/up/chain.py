"""Whether `souk up` runs a local chain, and what its processes have to know of it."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from souk.apps.chain.local import find_anvil
from souk.apps.up.errors import UpError
from souk.infra.settings import load
from souk.rights.chain.model import chains_of, pairs_of
from souk.rights.chain.settings import ChainSettings

NOT_INSTALLED: Final = (
    "There is no chain: anvil is not installed (`npm ci` in contracts/ does that). Everything else "
    "works; the provenance log is not anchored."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalChain:
    """What to do about the local chain."""

    runs: bool
    environment: Mapping[str, str]
    """Added to that of every process."""
    says: str = ""
    """What the operator should know."""


def local_chain(environ: Mapping[str, str]) -> LocalChain:
    """Runs one where it is wanted, or where nothing else is said and anvil is installed.

    Raises:
        SettingsError, UpError: a setting is wrong.
    """
    settings = load(ChainSettings, environ, prefix="SOUK_CHAIN_")
    try:
        wanted = [spec.name for spec in chains_of(settings.chains)]
        rpc = pairs_of(settings.rpc)
    except ValueError as error:
        raise UpError(f"Wrong setting among SOUK_CHAIN_…: {error}") from error
    if settings.chains and ("local" not in wanted or "local" in rpc):
        return LocalChain(runs=False, environment={})
    if find_anvil(settings.anvil) is None:
        environment = {} if settings.chains else {"SOUK_CHAIN_CHAINS": "none"}
        return LocalChain(runs=False, environment=environment, says=NOT_INSTALLED)
    port = settings.local_port or _free_port()
    rpc["local"] = f"http://127.0.0.1:{port}"
    return LocalChain(
        runs=True,
        environment={
            "SOUK_CHAIN_CHAINS": settings.chains or "local",
            "SOUK_CHAIN_RPC": " ".join(f"{name}={urls}" for name, urls in rpc.items()),
            "SOUK_CHAIN_LOCAL_PORT": str(port),
        },
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
