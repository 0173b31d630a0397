"""What `souk up` tells the person at the terminal."""

import sys
import time
from collections.abc import Sequence

from souk.infra.settings import Settings


class Screen:
    """Progress lines with the seconds since the start, on standard output."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    def say(self, text: str) -> None:
        """One line of progress."""
        self._print(f"[{time.monotonic() - self._started:6.1f} s] {text}")

    def ready(self, settings: Settings, sign_ins: Sequence[str]) -> None:
        """The address, who can sign in, and where things are."""
        elapsed_s = time.monotonic() - self._started
        lines = [
            "",
            f"  Souk is ready: {settings.base_url}   (in {elapsed_s:.1f} s)",
            "",
            *([f"  Sign in as     {sign_ins[0]}"] if sign_ins else []),
            *(f"                 {line}" for line in sign_ins[1:]),
            f"  Data and logs  {settings.data_path}",
            "  Stop it        Ctrl-C",
            "",
        ]
        self._print("\n".join(lines))

    def _print(self, text: str) -> None:
        try:
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()
        except OSError:  # the terminal is gone; the marketplace goes on until it is stopped
            return
