"""What the tests of a whole journey share: real works, accounts, and the command."""

import json
import os
import secrets
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PASSWORD = "correct horse battery"
CARD = """---
kind: model
title: {title}
slug: {slug}
version: 1.0.0
price: 12.50
license: Apache-2.0
tags: [tabular, flowers]
---
# {title}

Tells three kinds of iris apart by {word}.
"""


def safetensors(rows: int) -> bytes:
    """A real safetensors file with one tensor of `rows` × 4 random floats: never the same twice."""
    values = [secrets.randbelow(1000) / 7 for _ in range(rows * 4)]
    data = struct.pack(f"<{len(values)}f", *values)
    header = json.dumps(
        {"weights": {"dtype": "F32", "shape": [rows, 4], "data_offsets": [0, len(data)]}}
    ).encode()
    header += b" " * (-len(header) % 8)
    return struct.pack("<Q", len(header)) + header + data


def random_word() -> str:
    """A word that no other test uses."""
    return "q" + secrets.token_hex(5).translate(str.maketrans("0123456789", "ghijklmnop"))


def make_work(folder: Path, *, rows: int = 50) -> tuple[str, str]:
    """A folder to publish; its slug, and a word that only its card has."""
    word = random_word()
    slug = f"iris-{word}"
    (folder / "data").mkdir(parents=True)
    (folder / "README.md").write_text(CARD.format(title=f"Iris by {word}", slug=slug, word=word))
    (folder / "model.safetensors").write_bytes(safetensors(rows))
    (folder / "data" / "iris.csv").write_text("a,b\n" + "1,2\n" * rows)
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("not to be published")
    return slug, word


@dataclass(frozen=True)
class Ran:
    """One run of `mp`."""

    code: int
    out: str
    err: str

    def answer(self) -> Any:
        """What `--json` printed."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Person:
    """Somebody with a shell: their own configuration folder and working folder."""

    home: Path
    base_url: str

    def mp(self, *words: str, stdin: str = "", **environment: str) -> Ran:
        """Runs `mp` as they would."""
        self.home.mkdir(parents=True, exist_ok=True)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SOUK_")}
        done = subprocess.run(
            [sys.executable, "-c", "from souk_client.cli.main import main; main()", *words],
            input=stdin,
            capture_output=True,
            text=True,
            cwd=self.home,
            env=kept
            | {"SOUK_CONFIG_DIR": str(self.home / "config"), "COLUMNS": "120"}
            | environment,
            timeout=100,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def sign_up(self, name: str) -> str:
        """Makes an account; its organisation's slug."""
        email = f"{random_word()}@example.org"
        ran = self.mp(
            *("login", "--api-url", self.base_url, "--create", "--json"),
            *("--name", name, "--email", email, "--password-stdin"),
            stdin=PASSWORD + "\n",
        )
        assert ran.code == 0, ran.err
        slug: str = ran.answer()["me"]["user"]["organisation"]["slug"]
        return slug
