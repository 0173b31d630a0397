"""What has to hold before anything is started, checked with a mend for each failure."""

import errno
import socket
import tempfile
from pathlib import Path

from souk.apps.up.errors import UpError


def ensure_data_folder(folder: Path) -> None:
    """Makes the data folder, private; raises UpError when it cannot be written."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UpError(
            f"The data folder {folder} cannot be written ({error.strerror}). "
            "Mend its permissions, or choose another: SOUK_DATA_DIR=/path/to/folder"
        ) from error


def ensure_port_is_free(host: str, port: int) -> None:
    """Raises UpError when another program listens on the port, or it may not be used."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # As the server does: the rests of closed connections do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as error:
            raise UpError(_port_problem(error, host, port)) from error


def _port_problem(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} is in use by another program. Stop that one, or choose another port: "
            f"SOUK_PORT={port + 1 if port < 65535 else 8000} make up"
        )
    if error.errno == errno.EACCES:
        return f"Port {port} is reserved for root. Choose one from 1024 on with SOUK_PORT."
    return f"Souk cannot listen on {host}, port {port} ({error.strerror}). Mend SOUK_HOST."
