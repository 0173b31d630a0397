"""Becomes another program, with the rights PostgreSQL asks for, and dies with its parent.

Run as a script of its own (`python -I -S embedded_launch.py …`), with the standard library only:
PostgreSQL refuses to run as root, and what has to happen between fork and exec (a user namespace,
a change of user, the parent-death signal) is not safe inside a process that has threads.

Arguments: the parent's process id, the number of the signal to get when the parent dies, who to be
(`self`, `namespace:UID:GID` or `user:UID:GID`), and the command.
"""

import ctypes
import os
import sys
from pathlib import Path

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
CANNOT_BECOME = 77


def _enter_namespace(uid: int, gid: int) -> None:
    """Root outside, the user `uid` inside: files stay root's, and nothing is loosened."""
    outer_uid, outer_gid = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "cannot make a user namespace")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {outer_uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {outer_gid} 1")


def _become(uid: int, gid: int) -> None:
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def _die_with(parent: int, signal_number: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(CANNOT_BECOME)


def main(arguments: list[str]) -> None:
    parent, signal_number, identity, *command = arguments
    kind, *ids = identity.split(":")
    try:
        if kind == "namespace":
            _enter_namespace(int(ids[0]), int(ids[1]))
        elif kind == "user":
            _become(int(ids[0]), int(ids[1]))
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(CANNOT_BECOME)
    _die_with(int(parent), int(signal_number))
    os.umask(0o077)
    os.execv(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
