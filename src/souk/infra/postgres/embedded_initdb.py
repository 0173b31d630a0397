"""Making the data folder of the embedded PostgreSQL, whole or not at all."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from souk.infra.blobs.durable import sync_folder
from souk.infra.postgres.embedded_address import OWNER
from souk.infra.postgres.embedded_errors import EmbeddedPostgresError
from souk.infra.postgres.embedded_identity import Identity
from souk.infra.postgres.embedded_layout import Layout, give_to

INIT_LIMIT_S = 120.0
_LAST_LINES = 8
_HALF_MADE = "initialising-"


def make_data_folder(layout: Layout, identity: Identity, *, password: str) -> None:
    """Runs initdb under another name and renames: half a folder is never taken for a whole one.

    The caller holds the folder's lock. Raises EmbeddedPostgresError with initdb's last words.
    """
    workplace = Path(tempfile.mkdtemp(prefix=_HALF_MADE, dir=layout.cluster))
    give_to(identity, workplace)
    secret, data = workplace / "password", workplace / "data"
    secret.touch(mode=0o600)
    secret.write_text(password + "\n")
    give_to(identity, secret)
    # "builtin" sorts and folds case alike on every machine, whatever locales that one has.
    locale = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
    sign_in = ("--auth-local=scram-sha-256", "--auth-host=reject", f"--pwfile={secret}")
    command = identity.command(
        *(layout.programs / "initdb", "-D", data, "-U", OWNER, "--encoding=UTF8"),
        *(*locale, *sign_in, "--data-checksums", "--text-search-config=english"),
        dies_by=signal.SIGTERM,
    )
    if _run(command, layout) != 0:
        raise failure("PostgreSQL could not create its data folder", layout)
    data.rename(layout.data)
    sync_folder(layout.cluster)
    shutil.rmtree(workplace)


def remove_half_made(layout: Layout) -> None:
    """Clears away what a killed initdb left; what its last child still holds goes next time."""
    for left_over in layout.cluster.glob(f"{_HALF_MADE}*"):
        shutil.rmtree(left_over, ignore_errors=True)


def server_environment() -> dict[str, str]:
    """Nothing of ours: no PG… variable of the caller may reach the server, nor any secret."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def last_words(layout: Layout) -> str:
    """The end of what the server said, at first to its starter and then to its own log."""
    said = layout.startup_log.read_text(errors="replace").splitlines()[-_LAST_LINES:]
    started = layout.startup_log.stat().st_mtime - 1
    for log in (layout.data / "log").glob("*.log"):
        if log.stat().st_mtime >= started:
            said += log.read_text(errors="replace").splitlines()[-_LAST_LINES:]
    return "\n".join(said)


def failure(what: str, layout: Layout) -> EmbeddedPostgresError:
    """An error that carries the server's own explanation."""
    return EmbeddedPostgresError(f"{what}. Its last words:\n{last_words(layout)}")


def _run(command: list[str], layout: Layout) -> int:
    with layout.startup_log.open("wb") as log:
        try:
            return subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=server_environment(),
                timeout=INIT_LIMIT_S,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            return -1
