"""`python -m souk.apps.catalogue`: makes and publishes the starting catalogue.

Takes the address and the data folder from the marketplace's own settings (`SOUK_…`), and prints one
line a step.
"""

import os
import sys
import time

from souk.apps.catalogue.publish import load_catalogue
from souk.infra.settings import load_settings
from souk_client.sdk import SoukClientError


def main() -> int:
    """0 when every listing is there; 1, with the reason on standard error, when not."""
    settings = load_settings(os.environ)
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
    report(f"{len(done.outcomes)} listings in {time.monotonic() - started:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
