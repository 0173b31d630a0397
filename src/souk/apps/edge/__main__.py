"""The small nodes that `souk up` runs: one process, a port for each region."""

import os
import socket
import sys

import uvloop

from souk.apps.edge.running import JoinRefused, run_nodes
from souk.delivery.cdn.settings import CdnSettings
from souk.edge.settings import EdgeSettings
from souk.infra.settings import Settings, SettingsError, load, load_settings
from souk.infra.telemetry.logs import set_up_logs

FIRST_PORT_ABOVE = 11
"""The first node listens so far above the marketplace's own port, where that is free."""
_SMALL_MEMORY_BYTES = 8 * 2**20


def main() -> None:
    """Runs the nodes of SOUK_CDN_LOCAL_REGIONS until SIGTERM."""
    try:
        settings = load_settings(os.environ)
        cdn = load(CdnSettings, os.environ, prefix="SOUK_CDN_")
    except SettingsError as error:
        sys.exit(f"Wrong setting: {error}")
    set_up_logs(level=settings.log_level, form=settings.log_format)
    try:
        token = os.environ.get("SOUK_EDGE_TOKEN", "")
        uvloop.run(run_nodes(local_nodes(settings, cdn, token=token)))
    except JoinRefused as error:
        sys.exit(f"The marketplace does not take these nodes: {error}")


def local_nodes(settings: Settings, cdn: CdnSettings, *, token: str) -> list[EdgeSettings]:
    """The settings of each small node."""
    host = "127.0.0.1" if settings.host in {"0.0.0.0", "::"} else settings.host  # noqa: S104
    first = settings.port + FIRST_PORT_ABOVE
    return [
        EdgeSettings(
            region=region,
            home_url=f"http://{host}:{settings.port}",
            token=token,
            host=settings.host,
            port=free_port(settings.host, first + number),
            public_url="",
            data_dir=str(settings.data_path / "edge"),
            cache_bytes=cdn.local_cache_bytes,
            memory_bytes=_SMALL_MEMORY_BYTES,
            private_upstreams=cdn.private_upstreams,
        )
        for number, region in enumerate(cdn.regions_here(settings.base_url))
    ]


def free_port(host: str, wished: int) -> int:
    """The wished port, or 0 (any that is free) when somebody listens there."""
    if wished > 65_535:
        return 0
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, wished))
        except OSError:
            return 0
    return wished


if __name__ == "__main__":
    main()
