"""Where the journey is told: numbered steps with their time, pictures, checks that must hold."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text


class CheckFailed(AssertionError):
    """Something the journey promises did not hold."""


class Stage:
    """Tells the journey on a console and keeps the time of each step."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._times: list[tuple[str, float]] = []
        self.checks = 0

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """One step, with its number and, at the end, its time."""
        number = len(self._times) + 1
        self._console.print()
        self._console.print(Rule(f"[bold]{number}. {title}[/bold]", align="left"))
        started = time.perf_counter()
        try:
            yield
        finally:
            elapsed_s = time.perf_counter() - started
            self._times.append((title, elapsed_s))
            self._console.print(Text(f"{elapsed_s:.2f} s", style="dim"), justify="right")

    def show(self, picture: RenderableType) -> None:
        """A panel or table of a real answer."""
        self._console.print(picture)

    def check(self, claim: str, holds: object, *, seen: object = "") -> None:
        """Says a claim and that it holds.

        Args:
            holds: truth of the claim.
            seen: what was seen; told when the claim does not hold.

        Raises:
            CheckFailed: it does not hold.
        """
        if not holds:
            self._console.print(Text(f"  ✗ {claim}", style="bold red"))
            raise CheckFailed(f"{claim}: saw {seen!r}" if seen != "" else claim)
        self.checks += 1
        self._console.print(Text(f"  ✓ {claim}", style="green"))

    def equal(self, claim: str, seen: object, wanted: object) -> None:
        """A claim that two values are equal.

        Raises:
            CheckFailed: they are not.
        """
        self.check(claim, seen == wanted, seen=f"{seen!r} instead of {wanted!r}")

    def timetable(self) -> Table:
        """Every step with its time."""
        table = Table("step", title="How long it took", title_justify="left")
        table.add_column("seconds", justify="right")
        for number, (title, elapsed_s) in enumerate(self._times, start=1):
            table.add_row(f"{number}. {title}", f"{elapsed_s:.2f}")
        table.add_section()
        table.add_row("together", f"{sum(elapsed for _, elapsed in self._times):.2f}")
        return table
