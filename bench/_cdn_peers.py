"""The peers of an edge node, of Debian's packages: nginx, Varnish, and wrk, which loads them."""

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_READY_S: Final = 20.0
_PATH: Final = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
_NGINX: Final = """
{user}daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 1024; }}
http {{
  include /etc/nginx/mime.types;
  access_log {folder}/access.log;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  scgi_temp_path {folder}/scgi;
  uwsgi_temp_path {folder}/uwsgi;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 10000;
  server {{ listen 127.0.0.1:{port}; root {root}; }}
}}
"""


class PeerMissing(RuntimeError):
    """A program of the comparison is not installed; the message says how to get it."""


def program(name: str, package: str) -> str:
    """Where it is. Raises PeerMissing."""
    found = shutil.which(name, path=_PATH)
    if found is None:
        raise PeerMissing(f"{name} is not installed (Debian, Ubuntu: apt-get install {package})")
    return found


def requests_per_s(url: str, *, seconds: int, connections: int = 16) -> float:
    """Answers a second on so many connections that ask for the same again and again.

    Raises:
        RuntimeError: an answer was not 2xx, or there was none.
    """
    command = [program("wrk", "wrk"), "-t1", f"-c{connections}", f"-d{seconds}s", url]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    if rate is None or "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(f"wrk at {url[:60]}: {said}")
    return float(rate[1])


@contextmanager
def plain_nginx(root: Path) -> Iterator[int]:
    """nginx that serves the files of a folder, one worker; answers the port."""
    with tempfile.TemporaryDirectory(prefix="souk-bench-nginx-") as folder:
        port = free_port()
        user = "user root;\n" if os.geteuid() == 0 else ""
        config = Path(folder, "nginx.conf")
        config.write_text(_NGINX.format(folder=folder, port=port, root=root, user=user))
        command = [program("nginx", "nginx-light"), "-p", folder, "-c", str(config)]
        with _running(command, port):
            yield port


@contextmanager
def varnish(backend_port: int) -> Iterator[int]:
    """Varnish before a server on this machine; answers the port."""
    with tempfile.TemporaryDirectory(prefix="souk-bench-varnish-") as folder:
        Path(folder).chmod(0o755)
        port = free_port()
        command = [program("varnishd", "varnish"), "-F", "-n", folder, "-j", "none"]
        command += ["-a", f"127.0.0.1:{port}", "-b", f"127.0.0.1:{backend_port}"]
        command += ["-s", "malloc,256m", "-t", "3600", "-p", "workspace_client=96k"]
        with _running(command, port):
            yield port


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _running(command: list[str], port: int) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until_open(process, port)
        yield
    finally:
        process.terminate()
        process.wait(10)


def until_open(process: subprocess.Popen[bytes], port: int) -> None:
    """Waits until it listens. Raises RuntimeError."""
    deadline = time.monotonic() + _READY_S
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if time.monotonic() > deadline or process.poll() is not None:
            raise RuntimeError(f"what should listen at port {port} did not start")
        time.sleep(0.05)
