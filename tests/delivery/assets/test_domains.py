"""Domains of owners' own: proven against a real name server, served by a real node by TLS."""

import json
import secrets
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from souk_client.contracts.domains import Domain, DomainRequest, DomainUpdate
from tests.delivery.assets.owner import Owner
from tests.delivery.cdn.nodes import Node, until
from tests.market import refused
from tests.outside import Names, Outside, self_signed
from tests.serving import free_port

SLOW = 100
OWN_CONNECTIONS = 16


class TlsNode:
    """A node that speaks TLS."""

    def __init__(self, home_url: str, folder: Path) -> None:
        self.port = free_port()
        self.node = Node(
            home_url,
            folder,
            "eu-west",
            SOUK_EDGE_TLS_PORT=str(self.port),
            SOUK_EDGE_HEADER_S="5",
            SOUK_EDGE_CONNECTIONS_OF_ADDRESS=str(OWN_CONNECTIONS),
        ).start()

    def connect(self, name: str, *, ca_pem: str | None) -> ssl.SSLSocket:
        """A connection as a browser makes it; from an address that no other test uses."""
        context = (
            ssl.create_default_context(cadata=ca_pem) if ca_pem else ssl.create_default_context()
        )
        if ca_pem is None:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        plain = socket.create_connection(
            ("127.0.0.1", self.port), timeout=30, source_address=("127.0.0.2", 0)
        )
        try:
            return context.wrap_socket(plain, server_hostname=name)
        except BaseException:
            plain.close()
            raise

    def get(
        self, name: str, path: str, *, ca_pem: str | None, method: str = "GET", **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of one request by TLS."""
        with closing(self.connect(name, ca_pem=ca_pem)) as connection:
            return _ask(connection, name, path, method=method, **headers)

    def plain(self, name: str, path: str) -> tuple[int, dict[str, str], bytes]:
        """The same without TLS."""
        with closing(socket.create_connection(("127.0.0.1", self.node.port), timeout=30)) as one:
            return _ask(one, name, path)


def _ask(
    connection: socket.socket, name: str, path: str, *, method: str = "GET", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    lines = [f"{method} {path} HTTP/1.1", f"host: {name}", "connection: close"]
    lines += [f"{field.replace('_', '-')}: {text}" for field, text in headers.items()]
    connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
    received = b""
    while piece := connection.recv(65536):
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    fields = {line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in rest}
    return int(first.split()[1]), fields, body


@pytest.fixture(scope="module")
def ada(base_url: str) -> Iterator[Owner]:
    owner = Owner(base_url)
    yield owner
    owner.close()


@pytest.fixture(scope="module")
def mallory(base_url: str) -> Iterator[Owner]:
    owner = Owner(base_url)
    yield owner
    owner.close()


@pytest.fixture(scope="module")
def names(outside: Outside) -> Names:
    return outside.start_names()


@pytest.fixture(scope="module")
def node(base_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsNode]:
    running = TlsNode(base_url, tmp_path_factory.mktemp("tls"))
    yield running
    running.node.stop()


@pytest.fixture(scope="module")
def shop(ada: Owner, names: Names, node: TlsNode) -> Domain:
    """A proven domain with a certificate that signs itself; the node has heard of it."""
    domain = proven(ada, names, new_name())
    certificate = self_signed(domain.name)
    kept = ada.souk.domains.put_certificate(
        domain.id, chain_pem=certificate.chain_pem, key_pem=certificate.key_pem
    )
    assert kept.state == "live"
    CERTIFICATES[domain.name] = certificate.chain_pem
    ada.put("index.html", b"<!doctype html><p>Hello from the shop</p>")
    until(lambda: _answers(node, domain.name), what="TLS for a domain")
    return kept


CERTIFICATES: dict[str, str] = {}


def new_name() -> str:
    return f"shop-{secrets.token_hex(4)}.test"


def proven(owner: Owner, names: Names, name: str, *, certificate: str = "own") -> Domain:
    wanted = DomainRequest(name=name, certificate="acme" if certificate == "acme" else "own")
    domain = owner.souk.domains.claim(wanted)
    names.texts[domain.proof.txt_name] = ["v=spf1 -all", domain.proof.txt_value]
    return owner.souk.domains.check(domain.id)


def _answers(node: TlsNode, name: str) -> bool:
    try:
        return node.get(name, "/index.html", ca_pem=CERTIFICATES.get(name))[0] == 200
    except (ssl.SSLError, OSError):
        return False


def test_a_name_counts_once_its_text_record_is_there(ada: Owner, names: Names) -> None:
    domain = ada.souk.domains.claim(DomainRequest(name=new_name().upper()))
    assert (domain.name, domain.state) == (domain.name.lower(), "unproven")
    assert domain.proof.txt_name in domain.next_step
    missed = ada.souk.domains.check(domain.id)
    assert (missed.state, missed.proven_at) == ("unproven", None)
    assert "no text record" in missed.problem
    names.texts[domain.proof.txt_name] = ["souk-domain=guessed"]
    assert "something else" in ada.souk.domains.check(domain.id).problem
    names.texts[domain.proof.txt_name] = ["other", domain.proof.txt_value]
    found = ada.souk.domains.check(domain.id)
    assert (found.problem, found.state) == ("", "waiting")
    assert found.proven_at is not None
    with refused("domain_claimed", 409):
        ada.souk.domains.claim(DomainRequest(name=domain.name))


def test_a_file_on_the_web_server_proves_it_too(ada: Owner, names: Names, outside: Outside) -> None:
    domain = ada.souk.domains.claim(DomainRequest(name=new_name()))
    files = {(domain.name, "/.well-known/souk-domain.txt"): b"x" * 5000}
    outside.start_web(files)
    assert "too long" in ada.souk.domains.check(domain.id).problem
    files.clear()
    assert "answers 404" in ada.souk.domains.check(domain.id).problem
    path = "/.well-known/souk-domain.txt"
    files[domain.name, path] = f"{domain.proof.file_content}\n".encode()
    assert ada.souk.domains.check(domain.id).proven_at is not None


def test_only_one_can_prove_a_name_and_only_its_owner_sees_it(
    ada: Owner, mallory: Owner, names: Names
) -> None:
    domain = proven(ada, names, new_name())
    theirs = mallory.souk.domains.claim(DomainRequest(name=domain.name))
    assert theirs.proof.txt_value != domain.proof.txt_value
    assert mallory.souk.domains.check(theirs.id).proven_at is None
    names.texts[theirs.proof.txt_name].append(theirs.proof.txt_value)
    with refused("domain_taken", 409):
        mallory.souk.domains.check(theirs.id)
    for attempt in (
        lambda: mallory.souk.domains.get(domain.id),
        lambda: mallory.souk.domains.check(domain.id),
        lambda: mallory.souk.domains.remove(domain.id),
        lambda: mallory.souk.domains.change(domain.id, DomainUpdate(hsts_s=0)),
        lambda: mallory.souk.domains.put_certificate(
            domain.id, chain_pem="x" * 64, key_pem="x" * 64
        ),
    ):
        with refused("domain_unknown", 404):
            attempt()
    ada.souk.domains.remove(domain.id)
    assert mallory.souk.domains.check(theirs.id).proven_at is not None


def test_a_domain_of_a_site_outlives_it_and_can_be_removed(ada: Owner, names: Names) -> None:
    key = {"authorization": f"Bearer {ada.souk.credentials.token}"}
    made = ada.http.post(
        "/api/v1/cdn/sites",
        json={"name": "Shop", "upstream": "https://origin.example.org"},
        headers=key,
    )
    assert made.status_code == 201, made.text
    site_id = made.json()["id"]
    domain = ada.souk.domains.claim(DomainRequest(name=new_name(), site_id=site_id))
    names.texts[domain.proof.txt_name] = [domain.proof.txt_value]
    assert ada.http.delete(f"/api/v1/cdn/sites/{site_id}", headers=key).is_success
    assert ada.souk.domains.check(domain.id).proven_at is not None
    ada.souk.domains.remove(domain.id)
    assert domain.id not in {one.id for one in ada.souk.domains.list().items}


def test_names_that_nobody_can_bring_are_refused(ada: Owner) -> None:
    for name in ("printer.local", "db.internal", "x.localhost", "1.0.168.192.in-addr.arpa"):
        with refused("domain_invalid", 422):
            ada.souk.domains.claim(DomainRequest(name=name))


def test_certificates_are_checked_before_anybody_is_served_with_them(
    ada: Owner, names: Names
) -> None:
    domain = ada.souk.domains.claim(DomainRequest(name=new_name(), certificate="own"))
    good, other = self_signed(domain.name), self_signed(domain.name)
    with refused("domain_unproven", 409):
        ada.souk.domains.put_certificate(domain.id, chain_pem=good.chain_pem, key_pem=good.key_pem)
    names.texts[domain.proof.txt_name] = [domain.proof.txt_value]
    ada.souk.domains.check(domain.id)
    for chain, key, why in (
        (good.chain_pem, other.key_pem, "not that of the first"),
        (self_signed("other.test").chain_pem, other.key_pem, "not that of the first"),
        (good.chain_pem + other.chain_pem, good.key_pem, "in order"),
        ("x" * 100, good.key_pem, "not readable"),
        (good.chain_pem, "x" * 100, "not readable"),
    ):
        with refused("certificate_invalid", 422) as caught:
            ada.souk.domains.put_certificate(domain.id, chain_pem=chain, key_pem=key)
        assert why in str(caught.problem)
    for wrong, why in (
        (self_signed("other.test"), "is not for"),
        (self_signed(domain.name, days=-0.1), "only"),
        (self_signed(domain.name, begins_days=1), "only"),
    ):
        with refused("certificate_invalid", 422) as caught:
            ada.souk.domains.put_certificate(
                domain.id, chain_pem=wrong.chain_pem, key_pem=wrong.key_pem
            )
        assert why in str(caught.problem)
    soon = self_signed(domain.name, days=5)
    kept = ada.souk.domains.put_certificate(
        domain.id, chain_pem=soon.chain_pem, key_pem=soon.key_pem
    )
    assert (kept.state, kept.next_step) == ("expiring", "Send a certificate and its key.")


def test_keys_are_sealed_and_never_shown(
    ada: Owner, shop: Domain, session_owner_dsn: str, node: TlsNode
) -> None:
    with psycopg.connect(session_owner_dsn) as connection:
        row = connection.execute(
            "SELECT chain_pem, key_sealed FROM assets.certificates WHERE domain_id = %s", [shop.id]
        ).fetchone()
    assert row is not None
    assert "BEGIN CERTIFICATE" in row[0]
    assert b"PRIVATE" not in row[1]
    assert "PRIVATE" not in json.dumps(ada.http.get("/_edge/domains").json())
    assert ada.http.get("/_edge/domains").status_code == 401
    file = node.node.folder / "domains.json"
    assert file.stat().st_mode & 0o077 == 0


def test_a_node_serves_the_domain_by_tls_and_sends_others_there(
    shop: Domain, node: TlsNode
) -> None:
    ca = CERTIFICATES[shop.name]
    status, head, body = node.get(shop.name, "/index.html", ca_pem=ca)
    assert (status, body) == (200, b"<!doctype html><p>Hello from the shop</p>")
    assert head["strict-transport-security"] == "max-age=31536000"
    assert "content-security-policy" not in head
    assert head["x-content-type-options"] == "nosniff"
    status, head, body = node.plain(shop.name, "/index.html?a=b%20c")
    assert (status, body) == (308, b"")
    assert head["location"] == f"https://{shop.name}:{node.port}/index.html?a=b%20c"
    assert node.get(shop.name, "/missing.html", ca_pem=ca)[0] == 404
    with pytest.raises((ssl.SSLError, OSError)):
        node.connect("unknown.test", ca_pem=None)
    with pytest.raises(ssl.SSLCertVerificationError):
        node.connect(shop.name, ca_pem=self_signed("other.test").chain_pem)


def test_large_assets_come_from_a_node_inert_and_small_ones_from_home(
    ada: Owner, shop: Domain, node: TlsNode
) -> None:
    large = ada.put(
        "large.html", b"<!doctype html><p>x</p>" + b"<p>word</p>" * 9000, optimise=False
    )
    target = f"{node.node.url}/s/{shop.site_id}/large.html?v=1"

    def goes_there() -> bool:
        answer = ada.fetch(f"{large.url}?v=1")
        return (answer.status_code, answer.headers.get("location"), answer.content) == (
            307,
            target,
            b"",
        )

    def is_kept() -> bool:
        return "hit" in ada.fetch(target).headers["cache-status"]

    until(goes_there, what="the way to the node")
    near = ada.fetch(target)
    assert (near.status_code, len(near.content)) == (200, large.size_bytes)
    assert "sandbox" in near.headers["content-security-policy"]
    until(is_kept, what="the node to keep it")
    assert ada.fetch(ada.put("small.txt", b"small")).text == "small"
    refusal = ada.souk.http.delete(
        f"/api/v1/cdn/sites/{shop.site_id}",
        headers={"authorization": f"Bearer {ada.souk.credentials.token}"},
    )
    assert (refusal.status_code, refusal.json()["code"]) == (409, "site_of_assets")


def test_deleting_and_replacing_reach_the_domain_at_once(
    ada: Owner, shop: Domain, node: TlsNode
) -> None:
    ca = CERTIFICATES[shop.name]
    asset = ada.put("news.txt", b"first")

    def shown() -> tuple[int, bytes]:
        status, _, body = node.get(shop.name, "/news.txt", ca_pem=ca)
        return status, body

    def is_kept() -> bool:
        return "hit" in node.get(shop.name, "/news.txt", ca_pem=ca)[1]["cache-status"]

    assert shown() == (200, b"first")
    until(is_kept, what="the node to keep it")
    assert ada.souk.assets.put("news.txt", ada.put("other.txt", b"second").sha256).id == asset.id
    until(lambda: shown() == (200, b"second"), what="the new content")
    until(is_kept, what="the node to keep that")
    gone = ada.souk.assets.delete(asset.id)
    assert "eu-west" in {one.region for one in gone.nodes}
    until(lambda: shown()[0] == 404, what="its end")


def test_whose_pages_may_read_it_is_the_owner_s_rule(
    ada: Owner, shop: Domain, node: TlsNode
) -> None:
    ca = CERTIFICATES[shop.name]
    mine = "https://www.example.org"
    ada.souk.domains.change(shop.id, DomainUpdate(cors_origins=[mine], hsts_s=60))

    def allowed(origin: str) -> str | None:
        return node.get(shop.name, "/index.html", ca_pem=ca, origin=origin)[1].get(
            "access-control-allow-origin"
        )

    until(lambda: allowed(mine) == mine, what="the rule at the node")
    assert allowed("https://evil.example") is None
    status, head, _ = node.get(
        shop.name,
        "/index.html",
        ca_pem=ca,
        method="OPTIONS",
        origin=mine,
        access_control_request_method="GET",
        access_control_request_headers="x-one",
    )
    assert (status, head["access-control-allow-origin"]) == (204, mine)
    assert head["access-control-allow-headers"] == "x-one"
    ada.souk.domains.change(shop.id, DomainUpdate(cors_origins=["*"]))
    until(lambda: allowed("https://any.example") == "*", what="the other rule")


@pytest.mark.pebble
def test_an_authority_gives_a_certificate_and_it_is_renewed(
    ada: Owner, names: Names, node: TlsNode, outside: Outside, session_owner_dsn: str
) -> None:
    outside.start_acme(http_port=node.node.port)
    name = new_name()
    domain = proven(ada, names, name, certificate="acme")
    assert domain.state == "waiting"
    ada.put("index.html", b"<!doctype html><p>Hello from the shop</p>")
    until(lambda: ada.souk.domains.get(domain.id).state == "live", what="a certificate")
    found = ada.souk.domains.get(domain.id)
    assert found.certificate is not None
    assert (found.certificate.source, found.problem, found.next_step) == ("acme", "", "")
    until(lambda: _answers(node, name), what="TLS with it")
    with closing(node.connect(name, ca_pem=None)) as connection:
        first = connection.getpeercert(binary_form=True)
    with psycopg.connect(session_owner_dsn, autocommit=True) as owner:
        owner.execute(
            "UPDATE assets.certificates SET not_after = now() + interval '1 day', "
            "not_before = now() - interval '80 days' WHERE domain_id = %s",
            [domain.id],
        )

    def renewed() -> bool:
        with closing(node.connect(name, ca_pem=None)) as fresh:
            return fresh.getpeercert(binary_form=True) != first

    until(renewed, what="a renewed certificate")
    assert ada.http.get("/.well-known/acme-challenge/unknown-token").status_code == 404


def test_many_slow_clients_keep_nobody_else_out(shop: Domain, node: TlsNode) -> None:
    ca = CERTIFICATES[shop.name]
    context = ssl.create_default_context(cadata=ca)
    silent, dripping, plain = [], [], []
    try:
        for _ in range(SLOW):  # they connect and never say a word of TLS
            silent.append(socket.create_connection(("127.0.0.1", node.port), timeout=30))
        for _ in range(OWN_CONNECTIONS // 2):  # their heads never end
            one = socket.create_connection(
                ("127.0.0.1", node.port), timeout=30, source_address=("127.0.0.3", 0)
            )
            secured = context.wrap_socket(one, server_hostname=shop.name)
            secured.sendall(b"GET /index.html HTTP/1.1\r\nhost: ")
            dripping.append(secured)
        for _ in range(SLOW):
            other = socket.create_connection(("127.0.0.1", node.node.port), timeout=30)
            other.sendall(b"GET / HTTP/1.1\r\nhost: ")
            plain.append(other)
        assert node.get(shop.name, "/index.html", ca_pem=ca)[0] == 200
        assert node.plain(shop.name, "/index.html")[0] == 308
        for sock in (*silent, *dripping, *plain):
            sock.settimeout(30)
            with closing(sock):
                assert _ends(sock)
    finally:
        for sock in (*silent, *dripping, *plain):
            sock.close()
    assert node.get(shop.name, "/index.html", ca_pem=ca)[0] == 200


def _ends(sock: socket.socket) -> bool:
    """Whether the node closes the connection, whatever it says before."""
    try:
        while sock.recv(65536):
            pass
    except (ConnectionError, ssl.SSLError):
        return True
    return True


def test_one_address_holds_so_many_connections_and_no_more(shop: Domain, node: TlsNode) -> None:
    context = ssl.create_default_context(cadata=CERTIFICATES[shop.name])
    held: list[ssl.SSLSocket] = []
    refused_at = None
    try:
        for number in range(OWN_CONNECTIONS + 10):
            one = socket.create_connection(
                ("127.0.0.1", node.port), timeout=30, source_address=("127.0.0.4", 0)
            )
            secured = context.wrap_socket(one, server_hostname=shop.name)
            held.append(secured)
            secured.sendall(
                b"GET /index.html HTTP/1.1\r\nhost: " + shop.name.encode() + b"\r\n\r\n"
            )
            try:
                if not secured.recv(20):
                    refused_at = number
                    break
            except (ConnectionError, ssl.SSLError):
                refused_at = number
                break
        assert refused_at is not None
        assert refused_at >= OWN_CONNECTIONS // 2
        assert node.get(shop.name, "/index.html", ca_pem=CERTIFICATES[shop.name])[0] == 200
    finally:
        for sock in held:
            sock.close()


def test_requests_are_limited_by_address_and_by_key(
    ada: Owner, shop: Domain, node: TlsNode
) -> None:
    ca = CERTIFICATES[shop.name]
    rules = DomainUpdate(per_address_per_minute=40, per_key_per_minute=3, key_header="x-api-key")
    ada.souk.domains.change(shop.id, rules)

    def key_refused() -> bool:
        return node.get(shop.name, "/index.html", ca_pem=ca, x_api_key="one")[0] == 429

    until(key_refused, what="the limit by key")
    status, head, body = node.get(shop.name, "/index.html", ca_pem=ca, x_api_key="one")
    assert (status, json.loads(body)["code"]) == (429, "rate_limited")
    assert int(head["retry-after"]) >= 1
    answers = [
        node.get(shop.name, "/index.html", ca_pem=ca, x_api_key=f"fresh-{n}")[0] for n in range(60)
    ]
    assert 429 in answers, "a fresh key each time gains nothing"
