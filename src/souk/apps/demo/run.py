"""Runs the journey from the first sign-up to proofs that need no server."""

import signal
import socket
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from souk.apps.demo.marketplace import MarketplaceFailed, throw_away_marketplace
from souk.apps.demo.stage import CheckFailed, Stage
from souk_client.sdk import SoukClientError


def run_demo(console: Console) -> int:
    """The exit status: 0 only when every check held; nothing is left behind either way."""
    signal.signal(signal.SIGTERM, _leave)
    stage = Stage(console)
    try:
        _journey(stage)
    except (CheckFailed, MarketplaceFailed, SoukClientError) as error:
        console.print(Text(f"\nThe journey ended early: {error}", style="bold red"))
        return 1
    except KeyboardInterrupt:
        console.print(Text("\nStopped; everything is cleaned up.", style="yellow"))
        return 130
    finally:
        console.print()
        console.print(stage.timetable())
    console.print(Text(f"\nAll {stage.checks} checks held.", style="bold green"))
    return 0


def _journey(stage: Stage) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="souk-demo-")))
        with ExitStack() as running:
            with stage.step("A marketplace starts"):
                market = running.enter_context(throw_away_marketplace())
                stage.check(f"it is ready at {market.base_url}", market.port)
            # scikit-learn takes seconds to import, so that is done while nobody waits for a start.
            from souk.apps.demo.journey import live  # noqa: PLC0415

            try:
                mp, downloaded = live(stage, market, folder)
            except (CheckFailed, SoukClientError):
                stage.show(Panel(Text(market.last_words()), title="The server's log"))
                raise
            with stage.step("The marketplace is gone"):
                running.close()
                stage.check("nobody listens at its address", not _listens(market.port))
                stage.check("its files are removed", not market.data_dir.exists())
        from souk.apps.demo.owning import verify_offline  # noqa: PLC0415

        with stage.step("The buyer verifies everything offline"):
            verify_offline(stage, mp, downloaded)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _leave(_number: int, _frame: FrameType | None) -> None:
    """Turns SIGTERM into a normal exit, so that everything is cleaned up."""
    sys.exit(143)
