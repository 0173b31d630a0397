"""Where nodes may fetch for others."""

from ipaddress import ip_address

import pytest

from souk.edge.guard import UpstreamRefused, checked_upstream, is_public

PRIVATE = [
    "127.0.0.1",
    "10.1.2.3",
    "192.168.1.1",
    "172.16.0.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fc00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
]


@pytest.mark.parametrize("text", PRIVATE)
def test_private_addresses_are_known_in_every_wrapping(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", ["1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1"])
def test_public_addresses(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize(
    "text",
    [
        "ftp://example.org",
        "http://",
        "https://user:secret@example.org",
        "https://example.org/?a=b",
        "https://example.org/#a",
        "https://example.org/a/../b",
        "https://exa mple.org",
        "https://bücher.example",
        "https://example.org:25",
        "https://example.org:99999",
        "http://localhost",
        "http://localhost.",
        "http://printer.local",
        "http://db.internal",
        "http://intranet",
        "http://127.1",
        "http://2130706433",
        "http://0x7f.1",
        "http://10.0.0.1:8080",
        "http://[::1]",
        "http://[::ffff:169.254.169.254]/latest",
    ],
)
def test_upstreams_that_are_refused(text: str) -> None:
    with pytest.raises(UpstreamRefused):
        checked_upstream(text, private_allowed=False)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("https://example.org", "https://example.org"),
        ("https://example.org/", "https://example.org"),
        ("http://example.org:8080/a/b/", "http://example.org:8080/a/b"),
        ("http://1.1.1.1", "http://1.1.1.1"),
    ],
)
def test_upstreams_that_are_taken(text: str, kept: str) -> None:
    assert checked_upstream(text, private_allowed=False) == kept


def test_a_private_upstream_where_that_is_allowed() -> None:
    assert checked_upstream("http://127.0.0.1:81", private_allowed=True) == "http://127.0.0.1:81"
