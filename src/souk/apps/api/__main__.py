"""Serves the marketplace over HTTP with Granian until SIGTERM or SIGINT."""

import os
import shutil
import sys

from granian.constants import Interfaces, Loops
from granian.log import LogLevels

from souk.apps.api.stopping import MarketServer
from souk.infra.settings import SettingsError, load, load_settings
from souk.web.brand import brand_of
from souk.web.settings import BrandSettings

MAX_DEFAULT_WORKERS = 4


def main() -> None:
    """Starts the HTTP processes."""
    try:
        settings = load_settings(os.environ)
        brand_of(load(BrandSettings, os.environ, prefix="SOUK_BRAND_"))  # said once, here
    except SettingsError as error:
        sys.exit(f"Wrong setting: {error}")
    metrics_dir = settings.data_path / "run" / f"metrics-{settings.port}"
    shutil.rmtree(metrics_dir, ignore_errors=True)
    metrics_dir.mkdir(parents=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(metrics_dir)
    MarketServer(
        "souk.apps.api.application:create_app",
        factory=True,
        interface=Interfaces.ASGI,
        address=settings.host,
        port=settings.port,
        workers=settings.workers or min(os.cpu_count() or 1, MAX_DEFAULT_WORKERS),
        loop=Loops.uvloop,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
    ).serve()


if __name__ == "__main__":
    main()
