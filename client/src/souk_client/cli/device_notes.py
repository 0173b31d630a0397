"""What this machine keeps as a device: its private keys, released keys, and receipts not yet sent.

One file that only its owner can read, replaced as a whole. Whoever copies it has the device; the
marketplace finds out by the receipts, when both copies count uses.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from souk_client.cli.failures import NOT_FOUND, Failure
from souk_client.cli.profiles import ProfileStore, write_private
from souk_client.proofs.canonical import decode_base64url, encode_base64url
from souk_client.proofs.receipts import Place

CLOCK_MAY_GO_BACK: Final = timedelta(minutes=10)


class Chain(msgspec.Struct, frozen=True, kw_only=True):
    """The receipts of one counted licence."""

    place: Place = Place()
    waiting: tuple[str, ...] = ()
    """Receipts that the marketplace has not acknowledged, oldest first."""


class DeviceNote(msgspec.Struct, frozen=True, kw_only=True):
    """This machine as a device of one marketplace."""

    id: str
    name: str
    exchange_private: str
    signing_private: str
    documents: dict[str, str] = {}
    """Released keys by licence, as the marketplace signed them."""
    chains: dict[str, Chain] = {}
    latest_at: datetime | None = None
    """The latest moment that was seen: a clock that is put back buys no time."""

    @property
    def exchange_key(self) -> X25519PrivateKey:
        return X25519PrivateKey.from_private_bytes(
            decode_base64url(self.exchange_private, what="The device's key")
        )

    @property
    def signing_key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(
            decode_base64url(self.signing_private, what="The device's key")
        )


class DeviceNotes:
    """The file `devices.json` in the user's configuration folder."""

    def __init__(self, store: ProfileStore, api_url: str) -> None:
        self._store = store
        self._file = store.folder / "devices.json"
        self._api_url = api_url

    def get(self) -> DeviceNote | None:
        """This machine as a device of the marketplace."""
        return self._read().get(self._api_url)

    def require(self) -> DeviceNote:
        """As `get`. Raises Failure when it is none."""
        note = self.get()
        if note is None:
            raise Failure(
                f"This machine is no device of {self._api_url}.",
                exit_code=NOT_FOUND,
                hint="Register it with `mp devices register`.",
            )
        return note

    def put(self, note: DeviceNote) -> None:
        """Keeps a device."""
        with self._store.locked():
            write_private(self._file, msgspec.json.encode(self._read() | {self._api_url: note}))

    def change(self, change: Callable[[DeviceNote], DeviceNote]) -> DeviceNote:
        """Changes what is kept of this machine, alone with the file. Raises Failure."""
        with self._store.locked():
            changed = change(self.require())
            self.put(changed)
        return changed

    def drop(self) -> None:
        """Forgets the device with all its keys."""
        with self._store.locked():
            notes = self._read()
            notes.pop(self._api_url, None)
            write_private(self._file, msgspec.json.encode(notes))

    def seen(self, now: datetime) -> DeviceNote:
        """Notes the time.

        Raises:
            Failure: the clock was put back.
        """

        def later(note: DeviceNote) -> DeviceNote:
            if note.latest_at is not None and now < note.latest_at - CLOCK_MAY_GO_BACK:
                raise Failure(
                    f"This machine's clock says {now:%Y-%m-%d %H:%M}, and it was "
                    f"{note.latest_at:%Y-%m-%d %H:%M} before.",
                    hint="Set the clock, or run `mp devices sync` with a connection.",
                )
            latest = now if note.latest_at is None else max(now, note.latest_at)
            return msgspec.structs.replace(note, latest_at=latest)

        return self.change(later)

    def _read(self) -> dict[str, DeviceNote]:
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=dict[str, DeviceNote])
        except FileNotFoundError:
            return {}
        except msgspec.DecodeError as error:
            raise Failure(f"{self._file} cannot be read: {error}.") from error


def new_keys() -> tuple[str, str]:
    """Fresh private keys of a device: for exchange and for signing."""
    exchange = X25519PrivateKey.generate().private_bytes_raw()
    signing = Ed25519PrivateKey.generate().private_bytes_raw()
    return encode_base64url(exchange), encode_base64url(signing)
