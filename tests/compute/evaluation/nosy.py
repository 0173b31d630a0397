"""A child that tries what it should not be able to."""

import socket
import sys
from pathlib import Path

from souk.infra.children import begin

if __name__ == "__main__":
    (port,), isolated = begin()
    try:
        socket.create_connection(("127.0.0.1", int(port)), timeout=2).close()
        reached = "reached"
    except OSError:
        reached = "refused"
    try:
        Path("loot").write_bytes(b"x" * 4096)
        wrote = "wrote"
    except OSError:
        wrote = "refused"
    sys.stdout.write(f"{isolated} {reached} {wrote}")
