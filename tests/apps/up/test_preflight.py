"""What keeps a marketplace from starting is said before anything is started, with the mend."""

import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from souk.apps.up.errors import UpError
from souk.apps.up.lock import STOPPING, FolderLock, is_running
from souk.apps.up.preflight import ensure_data_folder, ensure_port_is_free


def test_a_port_in_use_is_named_with_another_to_choose() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UpError, match=rf"Port {port} is in use.*SOUK_PORT="):
            ensure_port_is_free("127.0.0.1", port)
    ensure_port_is_free("127.0.0.1", port)


def test_an_address_of_another_machine_is_named() -> None:
    with pytest.raises(UpError, match=r"192\.0\.2\.1.*SOUK_HOST"):
        ensure_port_is_free("192.0.2.1", 8123)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UpError, match=r"file/data cannot be written.*SOUK_DATA_DIR"):
        ensure_data_folder(tmp_path / "file" / "data")


def test_a_new_folder_is_private(tmp_path: Path) -> None:
    ensure_data_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700


def test_a_second_marketplace_on_a_folder_is_refused_with_who_has_it(tmp_path: Path) -> None:
    first, second = FolderLock(tmp_path), FolderLock(tmp_path)
    first.take()
    first.note("at http://127.0.0.1:8123")
    assert is_running(tmp_path)
    with pytest.raises(UpError, match=rf"process {os.getpid()}, at http://127.0.0.1:8123"):
        second.take()
    first.release()
    second.take()
    second.release()
    assert not is_running(tmp_path)


def test_a_marketplace_that_is_stopping_is_waited_for(tmp_path: Path) -> None:
    first, second = FolderLock(tmp_path), FolderLock(tmp_path)
    first.take()
    first.note(STOPPING)
    threading.Timer(0.4, first.release).start()
    started = time.monotonic()
    second.take()
    assert time.monotonic() - started > 0.3
    second.release()


def test_the_lock_goes_with_the_process_that_held_it(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from souk.apps.up.lock import FolderLock\n"
        "lock = FolderLock(Path(sys.argv[1])); lock.take(); print('taken', flush=True)\n"
        "time.sleep(600)"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(UpError):
            FolderLock(tmp_path).take()
        holder.kill()
    lock = FolderLock(tmp_path)
    lock.take()
    lock.release()
