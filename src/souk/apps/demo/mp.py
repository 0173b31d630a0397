"""Runs the command `mp` as a person would, with a home of its own."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.text import Text

LIMIT_S: Final = 120.0
_START: Final = "from souk_client.cli.main import main; main()"


@dataclass(frozen=True, slots=True)
class Ran:
    """One run of `mp`: what was typed, its exit code and what it said."""

    words: Sequence[str]
    code: int
    said: str
    noted: str

    @property
    def answer(self) -> Any:  # JSON of any shape
        """What `--json` printed."""
        return msgspec.json.decode(self.said.encode())

    def picture(self) -> RenderableType:
        """The terminal as it looked."""
        line = Text("$ mp " + " ".join(_quoted(word) for word in self.words), style="bold cyan")
        output = "\n".join(part.rstrip() for part in (self.said, self.noted) if part.strip())
        return Panel(Group(line, Text(output)), border_style="dim")


@dataclass(frozen=True, slots=True)
class Mp:
    """Somebody's `mp`: where it keeps its sign-in, and which marketplace it talks to."""

    home: Path
    base_url: str

    def run(self, *words: str, typed: str = "") -> Ran:
        """Runs `mp` with these words; `typed` goes to its standard input."""
        kept = ("PATH", "HOME", "LANG", "LC_ALL", "VIRTUAL_ENV", "SYSTEMROOT")
        environment = {name: os.environ[name] for name in kept if name in os.environ}
        done = subprocess.run(  # our own command with our own words
            [sys.executable, "-c", _START, *words],
            input=typed,
            env=environment
            | {
                "SOUK_API_URL": self.base_url,
                "SOUK_CONFIG_DIR": str(self.home),
                "COLUMNS": "100",
            },
            cwd=self.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if "--json" in words else subprocess.STDOUT,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        return Ran(words, done.returncode, done.stdout, done.stderr or "")


def _quoted(word: str) -> str:
    return f'"{word}"' if " " in word else word
