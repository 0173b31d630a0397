"""What `mp` keeps between runs: where you are signed in, as whom, and which keys are pinned.

One file, readable only by its owner, replaced as a whole. A lock file keeps two `mp`s from renewing
one session at once: a refresh token works once.
"""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
import msgspec

from souk_client.cli.failures import Failure
from souk_client.contracts.people import Session
from souk_client.proofs import KeySet

FILE: Final = "credentials.json"
UPLOADS: Final = "uploads.json"


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """One marketplace: how to sign in to it, and the keys that check its proofs."""

    api_url: str
    api_key: str | None = None
    session: Session | None = None
    keys: KeySet | None = None


class Profiles(msgspec.Struct, frozen=True, kw_only=True):
    """All marketplaces, by address, and the one in use."""

    current: str | None = None
    by_url: dict[str, Profile] = {}


class ProfileSessions:
    """The session of one profile, for the client to keep and share."""

    def __init__(self, store: "ProfileStore", api_url: str) -> None:
        self._store = store
        self._api_url = api_url

    def load(self) -> Session | None:
        profile = self._store.load().by_url.get(self._api_url)
        return profile.session if profile is not None else None

    def save(self, session: Session) -> None:
        self._store.change(self._api_url, session=session, api_key=None)

    def locked(self) -> contextlib.AbstractContextManager[None]:
        return self._store.locked()


class ProfileStore:
    """The file of profiles in the user's configuration folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / FILE
        self._depth = 0

    def load(self) -> Profiles:
        """The profiles; none when there is no file yet.

        Raises:
            Failure: the file cannot be read.
        """
        try:
            data = self._file.read_bytes()
        except FileNotFoundError:
            return Profiles()
        try:
            return msgspec.json.decode(data, type=Profiles)
        except msgspec.DecodeError as error:
            raise Failure(
                f"{self._file} cannot be read: {error}.", hint="Remove it and sign in again."
            ) from error

    def save(self, profiles: Profiles) -> None:
        """Replaces the file; only its owner can read it."""
        write_private(self._file, msgspec.json.encode(profiles))

    def change(self, api_url: str, **changes: object) -> Profile:
        """Changes some members of a profile; makes the profile when there is none."""
        with self.locked():
            profiles = self.load()
            kept = profiles.by_url.get(api_url) or Profile(api_url=api_url)
            changed = msgspec.structs.replace(kept, **changes)
            by_url = profiles.by_url | {api_url: changed}
            self.save(Profiles(current=profiles.current or api_url, by_url=by_url))
        return changed

    def use(self, api_url: str) -> None:
        """Makes a marketplace the one that is used when none is named."""
        with self.locked():
            self.save(msgspec.structs.replace(self.load(), current=api_url))

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps other `mp`s of this user from changing the file meanwhile; may be nested."""
        if self._depth:
            yield
            return
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.folder / ".lock").open("a") as lock:
            _lock(lock.fileno())
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1


def config_folder() -> Path:
    """`SOUK_CONFIG_DIR`, or the user's configuration folder."""
    return Path(os.environ.get("SOUK_CONFIG_DIR") or click.get_app_dir("souk", force_posix=False))


def write_private(path: Path, data: bytes) -> None:
    """Replaces a file as a whole; mode 0600 from its first byte."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _lock(descriptor: int) -> None:
    """An exclusive lock until the file closes; where the system has none, there is none."""
    try:
        import fcntl
    except ImportError:
        return
    fcntl.flock(descriptor, fcntl.LOCK_EX)
