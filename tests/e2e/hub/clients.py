"""The real clients, each in a process of its own with nothing but an address and a key."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

_PRELUDE = """
import json, os, sys
from pathlib import Path
given = json.loads(sys.stdin.read())
repo, folder = given.get("repo"), Path(given["folder"])
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, snapshot_download
from huggingface_hub import errors
api = HfApi()
told = {}
"""
_END = "\nprint('\\n' + json.dumps(told))\n"
LIMIT_S = 280


def environment(base_url: str, key: str | None, folder: Path, *, xet: bool) -> dict[str, str]:
    """What a user sets: an address and a key; caches are the test's own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    return {
        **kept,
        "HF_ENDPOINT": base_url,
        "HF_HOME": str(folder / "hf-home"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_UPDATE_CHECK": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_DISABLE_XET": "0" if xet else "1",
        "TRANSFORMERS_VERBOSITY": "error",
        **({} if key is None else {"HF_TOKEN": key}),
    }


def start(
    code: str, *, base_url: str, key: str | None, folder: Path, xet: bool = True, **given: Any
) -> "subprocess.Popen[str]":
    """Starts a client: `code` has `api`, `repo`, `folder` and `given`, and fills `told`."""
    folder.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-c", _PRELUDE + code + _END],
        env=environment(base_url, key, folder, xet=xet),
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps({"folder": str(folder), **given}))
    process.stdin.close()
    process.stdin = None
    return process


def finish(process: "subprocess.Popen[str]") -> Any:
    """What the client told; its whole complaint when it failed."""
    out, complaint = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0, f"{out[-2000:]}\n{complaint[-6000:]}"
    return json.loads(out.strip().splitlines()[-1])


def run(code: str, **options: Any) -> Any:
    """Starts a client and waits for what it tells."""
    return finish(start(code, **options))


def hf(*words: str, base_url: str, key: str, folder: Path) -> str:
    """What the command `hf` prints."""
    command = Path(sys.executable).with_name("hf")
    done = subprocess.run(
        [str(command), *words],
        env=environment(base_url, key, folder, xet=True),
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stdout
