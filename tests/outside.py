"""The world around the marketplace: a name server, an authority for certificates, web servers."""

import datetime
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from dnslib import QTYPE, RR, TXT, A
from dnslib.server import BaseResolver, DNSHandler, DNSRecord, DNSServer

from tests.serving import free_port

LIMIT_S = 60.0


class Outside:
    """Where the marketplace of the tests looks for the world; each part is started when needed."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="souk-tests-outside-"))
        self.names_port = free_port()
        self.web_port = free_port()
        self.acme_port = free_port()
        self.names = Names()
        self._server: DNSServer | None = None
        self._web: ThreadingHTTPServer | None = None
        self._acme: subprocess.Popen[bytes] | None = None

    @property
    def environ(self) -> Mapping[str, str]:
        """Settings with which the marketplace sees this world."""
        return {
            "SOUK_ASSETS_RESOLVER": f"127.0.0.1:{self.names_port}",
            "SOUK_CDN_PRIVATE_UPSTREAMS": "true",
            "SOUK_ASSETS_CHECK_PRIVATE": "true",
            "SOUK_ASSETS_CHECK_PORT": str(self.web_port),
            "SOUK_ASSETS_CHECK_TIMEOUT_S": "15",
            "SOUK_ASSETS_ACME_DIRECTORY": f"https://127.0.0.1:{self.acme_port}/dir",
            "SOUK_ASSETS_ACME_CA_FILE": str(self.folder / "ca.pem"),
        }

    def start_names(self) -> "Names":
        """The name server, answering."""
        if self._server is None:
            self._server = DNSServer(
                self.names, address="127.0.0.1", port=self.names_port, logger=Quiet()
            )
            self._server.start_thread()
        return self.names

    def start_web(self, files: dict[tuple[str, str], bytes]) -> None:
        """A web server that gives files by host and path."""

        class Files(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                content = files.get((self.headers.get("host", ""), self.path))
                self.send_response(404 if content is None else 200)
                self.end_headers()
                self.wfile.write(content or b"")

            def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  # theirs
                return

        self._web = ThreadingHTTPServer(("127.0.0.1", self.web_port), Files)
        threading.Thread(target=self._web.serve_forever, daemon=True).start()

    def start_acme(self, *, http_port: int) -> None:
        """Pebble, an authority that looks for its answers at this port of every name."""
        certificate = self_signed("127.0.0.1")
        (self.folder / "ca.pem").write_text(certificate.chain_pem)
        (self.folder / "key.pem").write_text(certificate.key_pem)
        settings = {
            "pebble": {
                "listenAddress": f"127.0.0.1:{self.acme_port}",
                "managementListenAddress": f"127.0.0.1:{free_port()}",
                "certificate": str(self.folder / "ca.pem"),
                "privateKey": str(self.folder / "key.pem"),
                "httpPort": http_port,
                "tlsPort": free_port(),
            }
        }
        (self.folder / "pebble.json").write_text(json.dumps(settings))
        with (self.folder / "pebble.log").open("wb") as log:
            self._acme = subprocess.Popen(
                [
                    "pebble",
                    *("-config", str(self.folder / "pebble.json")),
                    *("-dnsserver", f"127.0.0.1:{self.names_port}"),
                ],
                env={**os.environ, "PEBBLE_VA_NOSLEEP": "1"},
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + LIMIT_S
        while True:
            try:
                httpx.get(f"https://127.0.0.1:{self.acme_port}/dir", verify=False)
                return
            except httpx.TransportError:
                assert time.monotonic() < deadline, (self.folder / "pebble.log").read_text()
                time.sleep(0.05)

    def stop(self) -> None:
        """Ends what was started."""
        if self._server is not None:
            self._server.stop()
            self._server.server.server_close()
        if self._web is not None:
            self._web.shutdown()
            self._web.server_close()
        if self._acme is not None:
            self._acme.kill()
            self._acme.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Names(BaseResolver):  # type: ignore[misc]  # dnslib has no types
    """A name server whose records tests set; every name below `.test` leads to this machine."""

    def __init__(self) -> None:
        self.texts: dict[str, list[str]] = {}

    def resolve(self, request: DNSRecord, handler: DNSHandler) -> DNSRecord:
        reply = request.reply()
        name = str(request.q.qname).rstrip(".").lower()
        kind = QTYPE[request.q.qtype]
        if kind == "TXT":
            for text in self.texts.get(name, []):
                reply.add_answer(RR(name, QTYPE.TXT, rdata=TXT(text), ttl=1))
        elif kind == "A" and name.endswith(".test"):
            reply.add_answer(RR(name, QTYPE.A, rdata=A("127.0.0.1"), ttl=1))
        return reply


class Quiet:
    """Says nothing of any query."""

    def __getattr__(self, name: str) -> object:
        return lambda *arguments: None


class Certified:
    """A certificate and its key, as PEM."""

    def __init__(self, chain_pem: str, key_pem: str) -> None:
        self.chain_pem = chain_pem
        self.key_pem = key_pem


def self_signed(name: str, *, days: float = 90, begins_days: float = -1) -> Certified:
    """A certificate for a name or address, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    try:
        named: x509.GeneralName = x509.IPAddress(ip_address(name))
    except ValueError:
        named = x509.DNSName(name)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(days=begins_days))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([named]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Certified(
        certificate.public_bytes(Encoding.PEM).decode(),
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
    )
