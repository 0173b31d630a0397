"""Progress bars on standard error; nothing where nobody watches."""

import contextlib
import sys
from collections.abc import Iterator
from typing import Final

from souk_client.sdk.progress import OnProgress, Progress, silent

MANY_BARS: Final = 24
"""From here on, bars of finished files go, so that those under way stay on the screen."""


@contextlib.contextmanager
def bars(*, is_quiet: bool) -> Iterator[OnProgress]:
    """Where to tell progress to: a bar a file, with speed and time left."""
    if is_quiet or not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        TaskID,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )
    from rich.progress import Progress as Display

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        TimeRemainingColumn(compact=True),
    )
    tasks: dict[tuple[str, str], TaskID] = {}
    with Display(*columns, console=console) as display:

        def tell(progress: Progress) -> None:
            key = (progress.phase, progress.path)
            if key not in tasks:
                label = f"{progress.phase:<8} {progress.path[-40:]}"
                tasks[key] = display.add_task(label, total=progress.total_bytes)
            is_done = progress.done_bytes >= progress.total_bytes
            is_shown = not is_done or (progress.phase != "hash" and len(tasks) <= MANY_BARS)
            display.update(tasks[key], completed=progress.done_bytes, visible=is_shown)

        yield tell
