"""The demo accounts: two shops, a buyer with money and, where it may be, an admin.

Their passwords are random, made once and kept in the data folder for nobody but its owner.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from souk.infra.secret_files import read_or_create_secret

PASSWORD_BYTES: Final = 8
"""16 hexadecimal digits: short enough to type, far too many to guess over the network."""


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """Somebody who can sign in."""

    role: str
    name: str
    handle: str
    email: str
    password: str


def demo_accounts(data_dir: Path) -> dict[str, DemoAccount]:
    """The demo accounts by handle; their passwords are made now if there are none yet."""
    return {handle: _account(data_dir, handle) for handle in _PEOPLE}


def _account(data_dir: Path, handle: str) -> DemoAccount:
    role, name = _PEOPLE[handle]
    kept = data_dir / "secrets" / f"demo-{handle}"
    return DemoAccount(
        role=role,
        name=name,
        handle=handle,
        email=f"{handle}@demo.example",
        password=read_or_create_secret(kept, size_bytes=PASSWORD_BYTES),
    )


_PEOPLE: Final = {
    "atelier": ("seller", "Atelier Models"),
    "openshelf": ("seller", "Open Shelf Data"),
    "robin": ("buyer", "Robin Reader"),
    "steward": ("admin", "Sam Steward"),
}
"""Handle → role and name."""
