"""Finds the program of the local chain, and keeps its state whole."""

import os
import shutil
from pathlib import Path
from typing import Final

import msgspec

import souk
from souk.rights.chain.model import CHAINS

_CHECKOUT: Final = "contracts/node_modules/@foundry-rs"
STATE: Final = "state.json"
_KEPT: Final = "state.kept.json"
_BROKEN: Final = "state.broken.json"
SAVE_EVERY_S: Final = 5
"""What a killed chain may have forgotten; Souk's own transactions are sent to it again then."""


def find_anvil(named: str) -> Path | None:
    """The program that is named; else the one a checkout has installed, else the path's."""
    if named:
        return Path(named)
    checkout = Path(souk.__path__[0]).parent.parent / _CHECKOUT
    installed = sorted(checkout.glob("anvil-*/bin/anvil"))
    found = next((str(path) for path in installed if os.access(path, os.X_OK)), None)
    found = found or shutil.which("anvil")
    return None if found is None else Path(found)


def ready_state(folder: Path) -> Path:
    """The file of the chain's state, after setting aside one that was cut off while written."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    state, kept = folder / STATE, folder / _KEPT
    if state.exists():
        if _is_whole(state):
            shutil.copyfile(state, kept)
        else:
            state.replace(folder / _BROKEN)
    if not state.exists() and kept.exists():
        shutil.copyfile(kept, state)
    return state


def command(program: Path, *, state: Path, port: int, at_once: bool) -> list[str]:
    """Anvil's command line.

    Args:
        at_once: whether it mines a block for every transaction; else somebody tells it when.
    """
    return [
        str(program),
        *("--host", "127.0.0.1"),
        *("--port", str(port)),
        *("--chain-id", str(CHAINS["local"].chain_id)),
        *("--state", str(state)),
        *("--state-interval", str(SAVE_EVERY_S)),
        "--silent",
        *(() if at_once else ("--no-mining",)),
    ]


def _is_whole(state: Path) -> bool:
    try:
        msgspec.json.decode(state.read_bytes(), type=dict[str, msgspec.Raw])
    except msgspec.DecodeError:
        return False
    return True
