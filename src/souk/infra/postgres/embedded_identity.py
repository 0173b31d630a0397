"""Who the embedded PostgreSQL runs as: it refuses root, so root has to be somebody else to it."""

import os
import pwd
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from souk.infra.launch import SELF, launch_command
from souk.infra.postgres.embedded_errors import EmbeddedPostgresError


@dataclass(frozen=True, slots=True)
class Identity:
    """How to start a program: `spec` is the word for the launcher, `user` whom files go to."""

    spec: str
    user: pwd.struct_passwd | None = None

    def command(self, *program: str | Path, dies_by: signal.Signals) -> list[str]:
        """The command line that runs `program` as this identity and ends it with this process.

        The kernel ties it to the thread that starts it: start from one that lives on.
        """
        return launch_command(*program, dies_by=dies_by, identity=self.spec)


def choose_identity(*, namespaces: bool = True) -> Identity:
    """An ordinary user stays itself; root uses a user namespace, else an unprivileged user.

    Raises EmbeddedPostgresError when root finds neither.
    """
    if os.geteuid() != 0:
        return Identity(SELF)
    user = _unprivileged_user()
    # initdb looks its own user up by number, so the number has to be one the system knows.
    inside = Identity(f"namespace:{user.pw_uid}:{user.pw_gid}")
    if namespaces and _works(inside):
        return inside
    return Identity(f"user:{user.pw_uid}:{user.pw_gid}", user)


def _works(identity: Identity) -> bool:
    probe = identity.command("/bin/sh", "-c", "exit 0", dies_by=signal.SIGKILL)
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def _unprivileged_user() -> pwd.struct_passwd:
    for name in ("souk", "postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        if user.pw_uid != 0:
            return user
    raise EmbeddedPostgresError(
        "PostgreSQL does not run as root, and this system has no user souk, postgres or nobody. "
        "Run as an ordinary user, or set SOUK_DATABASE_URL to a PostgreSQL server of yours."
    )
