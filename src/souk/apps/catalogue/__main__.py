"""`python -m souk.apps.catalogue`: makes and publishes the starting catalogue.

Takes the address and the data folder from the marketplace's own settings (`SOUK_…`), and prints one
line a step. Where it also knows the database, as a child of `souk up` does, the demo admin becomes
one.
"""

import asyncio
import os
import sys
import time

from souk.apps.catalogue.publish import load_catalogue
from souk.infra.settings import Settings, load_settings
from souk_client.sdk import SoukClientError


def main() -> int:
    """0 when every listing is there; 1, with the reason on standard error, when not."""
    settings = load_settings(os.environ)
    if settings.is_production:
        sys.stderr.write("The starting catalogue brings demo accounts: not in production.\n")
        return 1
    started = time.monotonic()

    def report(line: str) -> None:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    address = f"http://{settings.host}:{settings.port}"
    try:
        done = load_catalogue(address, settings.data_path, report=report)
    except SoukClientError as error:
        sys.stderr.write(f"The starting catalogue is not complete: {error}\n")
        return 1
    if done.lacks_admin_role and settings.database_url and settings.secret:
        _make_admin(settings, done.lacks_admin_role.email)
    report(f"{len(done.outcomes)} listings in {time.monotonic() - started:.1f} s")
    return 0


def _make_admin(settings: Settings, email: str) -> None:
    # Everything the server is made of: loaded only when it is needed, at the first start.
    from souk.apps.admins import make_admin  # noqa: PLC0415
    from souk.apps.container import build_container  # noqa: PLC0415

    asyncio.run(make_admin(build_container(settings, os.environ), email))


if __name__ == "__main__":
    sys.exit(main())
