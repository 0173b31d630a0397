"""Starts a program so that it ends with whoever started it, as another user where that is needed.

`launch_command` gives the command line; the rest of this file is what that line runs. It runs as a
script of its own with the standard library only, since what has to happen between fork and exec (a
user namespace, a change of user, the parent-death signal) is not safe in a process with threads.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

SELF = "self"
CANNOT_BECOME = 77
"""The exit status when the identity is not to be had, or the parent is gone already."""
_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1


def launch_command(
    *program: str | Path, dies_by: signal.Signals, identity: str = SELF
) -> list[str]:
    """The command line that runs `program`, which gets `dies_by` when this process dies in any way.

    The kernel watches the thread that starts it, so start it from one that lives on. `identity` is
    `self`, `namespace:UID:GID` (root outside, that user inside) or `user:UID:GID`. On systems other
    than Linux the program outlives a killed parent.
    """
    launcher = [sys.executable, "-I", "-S", __file__]
    return [*launcher, str(os.getpid()), str(int(dies_by)), identity, *map(str, program)]


def end_with_parent(parent: int, signal_number: int) -> None:
    """Ties this process to `parent`, its parent; exits at once if that one is gone already."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(CANNOT_BECOME)


def _enter_namespace(uid: int, gid: int) -> None:
    """Root outside, the user `uid` inside: files stay root's, and nothing is loosened."""
    outer_uid, outer_gid = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "cannot make a user namespace")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {outer_uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {outer_gid} 1")


def _become(uid: int, gid: int) -> None:
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def _main(arguments: list[str]) -> None:
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
    # Last, since a change of user clears it.
    end_with_parent(int(parent), int(signal_number))
    os.umask(0o077)
    os.execv(command[0], command)


if __name__ == "__main__":
    _main(sys.argv[1:])
