"""What is kept, for how long, and for whom."""

import threading

import httpx
import pytest

from souk.edge.sites import SiteRules
from tests.edge.http_cache.conftest import Bench
from tests.edge.http_cache.origin import Reply
from tests.edge.http_cache.serving import ALL_METHODS, until


def hits(bench: Bench, path: str) -> int:
    """How often the origin was asked for it."""
    return len(bench.origin.asked(path))


def test_a_fresh_answer_is_given_without_asking_and_says_its_age(bench: Bench) -> None:
    path = bench.path()
    bench.origin.on(path, bench.origin.ok(b"one", "Cache-Control: max-age=60", "X-Own: 1"))
    first = bench.get(path)
    assert first.content == b"one"
    assert first.headers["cache-status"] == "souk-eu-west; fwd=uri-miss; fwd-status=200; stored"
    bench.later(20)
    again = bench.get(path)
    assert (again.content, again.headers["age"], again.headers["x-own"]) == (b"one", "20", "1")
    assert again.headers["cache-status"] == "souk-eu-west; hit; ttl=40"
    assert again.headers["date"] == first.headers["date"]
    bench.later(40)
    assert "fwd=stale" in bench.get(path).headers["cache-status"]
    assert hits(bench, path) == 2


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        (["Cache-Control: max-age=60"], True),
        (["Cache-Control: max-age=0, s-maxage=60"], True),
        (["Cache-Control: max-age=60, s-maxage=0"], False),
        (["Cache-Control: max-age=-1"], False),
        (["Cache-Control: max-age='60'"], False),
        (["Cache-Control: max-age=60, private"], False),
        (["Cache-Control: max-age=60, No-Store"], False),
        (["Cache-Control: max-age=60, no-cache"], False),
        (["Cache-Control: max-age=60, no-store, must-understand"], True),
        (['Cache-Control: x="a, max-age=60", max-age=0'], False),
        (["Expires: Fri, 01 Jan 2038 01:01:01 GMT"], True),
        (["Expires: Fri, 01-Jan-2038 01:01:01 GMT"], False),
        (["Expires: 0"], False),
        (["Cache-Control: max-age=60", "Age: 30"], True),
        (["Cache-Control: max-age=60", "Age: 60"], False),
        (["Cache-Control: max-age=60", "Age: old"], True),
        (["Cache-Control: no-store", "CDN-Cache-Control: max-age=60"], True),
        (["Cache-Control: max-age=60", "CDN-Cache-Control: no-store"], False),
        (["Cache-Control: no-store", "CDN-Cache-Control: max-age=60, &&"], False),
        (["Cache-Control: no-store", "Surrogate-Control: max-age=60"], True),
        (["Cache-Control: max-age=60", "Vary: *"], False),
        (["Cache-Control: max-age=60", "Set-Cookie: a=b"], True),
        (["Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT"], True),
        (["Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT", "Set-Cookie: a=b"], False),
        ([], False),
    ],
)
def test_what_an_answer_says_decides_whether_it_is_kept(
    bench: Bench, fields: list[str], kept: bool
) -> None:
    path = bench.path()
    bench.origin.on(path, bench.origin.ok(b"one", *fields))
    bench.get(path)
    again = bench.get(path)
    assert ("hit" in again.headers["cache-status"]) is kept
    assert "surrogate-control" not in again.headers
    assert hits(bench, path) == (1 if kept else 2)


@pytest.mark.parametrize("status", ["404 Not Found", "301 Moved Permanently", "599 Odd"])
def test_other_statuses_are_kept_when_they_say_so(bench: Bench, status: str) -> None:
    path = bench.path()
    fresh = bench.origin.ok(b"no", "Cache-Control: max-age=60", status=status)
    bench.origin.on(path, fresh)
    codes = {bench.get(path).status_code for _ in range(2)}
    assert codes == {int(status[:3])}
    assert hits(bench, path) == 1


@pytest.mark.parametrize(
    ("control", "kept"),
    [("max-age=60", False), ("max-age=60, public", True), ("s-maxage=60", True)],
)
def test_what_was_asked_for_with_authorization_is_for_one_alone(
    bench: Bench, control: str, kept: bool
) -> None:
    path = bench.path()
    bench.origin.on(path, bench.origin.ok(b"one", f"Cache-Control: {control}"))
    bench.get(path, authorization="Basic x")
    bench.get(path)
    assert hits(bench, path) == (1 if kept else 2)


@pytest.mark.parametrize(
    ("asked", "hit"),
    [
        ("no-cache", False),
        ("max-age=10", False),
        ("max-age=30", True),
        ("min-fresh=30", True),
        ("min-fresh=50", False),
        ("only-if-cached", True),
        ("nonsense", True),
    ],
)
def test_a_request_may_ask_for_something_fresher(bench: Bench, asked: str, hit: bool) -> None:
    path = bench.path()
    bench.origin.on(path, bench.origin.ok(b"one", "Cache-Control: max-age=60"))
    bench.get(path)
    bench.later(20)
    answer = bench.get(path, cache_control=asked)
    assert answer.status_code == 200
    assert ("hit" in answer.headers["cache-status"]) is hit


def test_a_request_may_take_something_stale_or_nothing_at_all(bench: Bench) -> None:
    path = bench.path()
    bench.origin.on(path, bench.origin.ok(b"one", "Cache-Control: max-age=60"))
    refused = bench.get(path, cache_control="only-if-cached")
    assert (refused.status_code, refused.json()["code"]) == (504, "not_cached")
    bench.get(path)
    bench.later(70)
    assert "hit" in bench.get(path, cache_control="max-stale=20").headers["cache-status"]
    assert bench.get(path, cache_control="max-stale=5").headers["cache-status"].count("fwd") == 2


def test_answers_are_kept_for_each_selection(bench: Bench) -> None:
    path = bench.path()
    bench.origin.on(
        path,
        lambda seen: bench.origin.ok(
            (seen.header("x-kind") or "none").encode(), "Cache-Control: max-age=60", "Vary: X-Kind"
        ),
    )
    for _ in range(2):
        assert bench.get(path, x_kind="a, b").content == b"a, b"
        assert bench.get(path, x_kind="c").content == b"c"
        assert bench.get(path).content == b"none"
    assert bench.get(path, x_kind="a,b").content == b"a, b"
    assert hits(bench, path) == 3


def test_encodings_that_mean_the_same_are_one(bench: Bench) -> None:
    path = bench.path()
    bench.origin.on(
        path,
        lambda seen: bench.origin.ok(
            (seen.header("accept-encoding") or "-").encode(),
            "Cache-Control: max-age=60",
            "Vary: Accept-Encoding",
        ),
    )
    for asked in ("gzip, br", "BR;q=0.9,gzip", "br, gzip, sdch", "br,  gzip;q=1.0, deflate;q=0"):
        assert bench.get(path, accept_encoding=asked).content == b"br, gzip"
    assert bench.get(path, accept_encoding="zstd").content == b"zstd"
    assert hits(bench, path) == 2


def test_the_query_is_part_of_the_name_as_the_site_says(bench: Bench) -> None:
    path = bench.path()
    bench.origin.on(
        path, lambda seen: bench.origin.ok(seen.target.encode(), "Cache-Control: max-age=60")
    )
    assert bench.get(f"{path}?b=1&a=2").content == f"{path}?b=1&a=2".encode()
    assert bench.get(f"{path}?a=2&b=1").content == f"{path}?a=2&b=1".encode()
    assert hits(bench, path) == 2
    ordered = bench.site(SiteRules(query="sort"))
    for query in ("b=1&a=2", "a=2&b=1"):
        assert httpx.get(f"{ordered}{path}?{query}").content == f"{path}?a=2&b=1".encode()
    without = bench.site(SiteRules(query="ignore"))
    for query in ("b=1", "x"):
        assert httpx.get(f"{without}{path}?{query}").content == path.encode()
    assert hits(bench, path) == 4


def test_rules_of_a_site(bench: Bench) -> None:
    path = bench.path()
    bench.origin.on(path, bench.origin.ok(b"plain"))
    rules = SiteRules(default_ttl_s=60, bypass_cookies=("sid",), methods=("GET",))
    base = bench.site(rules)
    httpx.get(f"{base}{path}")
    kept = httpx.get(f"{base}{path}", headers={"cookie": "other=1"})
    assert "hit" in kept.headers["cache-status"]
    own = httpx.get(f"{base}{path}", headers={"cookie": "a=1; sid=2"})
    assert own.headers["cache-status"] == "souk-eu-west; fwd=bypass"
    refused = httpx.post(f"{base}{path}")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET")
    elsewhere = bench.site(SiteRules(), regions=("na-east",))
    assert httpx.get(f"{elsewhere}{path}").json()["code"] == "address_elsewhere"
    assert hits(bench, path) == 2


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "M-SEARCH"])
def test_an_unsafe_request_makes_what_it_is_about_be_asked_for_anew(
    bench: Bench, method: str
) -> None:
    path, other = bench.path(), bench.path()
    fresh = bench.origin.ok(b"one", "Cache-Control: max-age=60")
    bench.origin.on(other, fresh)
    answers = {
        "GET": fresh,
        method: bench.origin.ok(b"", f"Location: {other}", status="201 Created"),
    }
    bench.origin.on(path, lambda seen: answers[seen.method])
    for one in (path, other):
        bench.get(one)
    done = bench.client.request(method, path, content=b"abc")
    assert (done.status_code, bench.origin.asked(path)[-1].body) == (201, b"abc")
    answers[method] = bench.origin.ok(b"", status="500 No")
    bench.get(path)
    bench.get(other)
    assert bench.client.request(method, path, content=b"abc").status_code == 500
    assert "hit" in bench.get(path).headers["cache-status"]
    gets = [one for one in bench.origin.asked(path) if one.method == "GET"]
    assert (len(gets), hits(bench, other)) == (2, 2)


def test_many_who_miss_at_once_cost_one_request(bench: Bench) -> None:
    path, asked = bench.path(), 20
    everybody = threading.Event()
    slow: Reply = [
        bench.origin.ok(b"", "Cache-Control: max-age=60", length=2000),
        everybody.wait,
        b"x" * 2000,
    ]
    bench.origin.on(path, slow)
    found: list[bytes] = []
    clients = [
        threading.Thread(target=lambda: found.append(httpx.get(f"{bench.node.url}{path}").content))
        for _ in range(asked)
    ]
    for one in clients:
        one.start()
    until(lambda: bench.node.parts.cache.under_way == asked)
    everybody.set()
    for one in clients:
        one.join(30)
    assert found == [b"x" * 2000] * asked
    assert hits(bench, path) == 1


@pytest.mark.parametrize("kind", ["url", "tag", "prefix", "all"])
def test_purges(bench: Bench, kind: str) -> None:
    path, other = f"/{kind}{bench.path()}", bench.path()
    tagged = bench.origin.ok(b"one", "Cache-Control: max-age=60", "Surrogate-Key: red blue")
    bench.origin.on(path, tagged)
    bench.origin.on(other, bench.origin.ok(b"two", "Cache-Control: max-age=60"))
    for one in (path, other):
        assert "surrogate-key" not in bench.get(one).headers
    value = {
        "url": f"/s/sit_main{path}",
        "tag": "tag:sit_main:blue",
        "prefix": f"/s/sit_main/{kind}/",
    }
    bench.node.settled()
    bench.node.forget(kind, value.get(kind, ""))
    bench.get(path)
    bench.get(other)
    assert (hits(bench, path), hits(bench, other)) == (2, 2 if kind == "all" else 1)


@pytest.mark.parametrize("way", ["purge", "invalidation"])
def test_what_was_on_its_way_before_a_purge_is_for_nobody_after_it(bench: Bench, way: str) -> None:
    path, origin, rest = bench.path(), bench.origin, threading.Event()
    head = origin.ok(b"", "Cache-Control: max-age=60", length=3)
    new = origin.ok(b"new", "Cache-Control: max-age=60")
    origin.on(path, [head, rest.wait, b"old"], new)
    found: list[bytes] = []
    first = threading.Thread(target=lambda: found.append(bench.get(path).content))
    first.start()
    until(lambda: hits(bench, path) == 1)
    if way == "purge":
        bench.node.forget("all")
    else:
        bench.client.delete(path)
    assert httpx.get(f"{bench.node.url}{path}").content == b"new"
    rest.set()
    first.join(30)
    bench.node.settled()
    assert found == [b"old"]
    assert bench.get(path).content == b"new"


def test_what_is_for_one_hop_and_what_could_poison_goes_no_further(bench: Bench) -> None:
    path = bench.path()
    fields = [
        "Cache-Control: max-age=60",
        "Connection: X-Hop",
        "X-Hop: 1",
        "X-Kept: 1",
        "X-Accel-Redirect: /etc/passwd",
        "Souk-Count: org_2",
        "Upgrade: a",
    ]
    bench.origin.on(path, bench.origin.ok(b"one", *fields))
    odd = {
        "x-forwarded-host": "evil.example",
        "x-forwarded-for": "1.2.3.4",
        "x-original-url": "/admin",
        "x-http-method-override": "DELETE",
        "x_forwarded_host": "evil.example",
        "forwarded": "host=evil.example",
        "te": "trailers",
        "proxy-authorization": "x",
        "souk-node": "nod_1.x",
        "x-own": "1",
    }
    answer = bench.client.get(path, headers=odd)
    again = bench.client.get(path)
    for one in (answer, again):
        assert "x-hop" not in one.headers and "upgrade" not in one.headers
        assert "x-accel-redirect" not in one.headers and "souk-count" not in one.headers
        assert one.headers["x-kept"] == "1"
    (seen,) = bench.origin.asked(path)
    names = {name for name, _ in seen.fields}
    assert not names & (odd.keys() - {"x-own"})
    assert seen.header("x-own") == "1"
    assert seen.header("host") == f"127.0.0.1:{bench.origin.port}"
    assert (seen.header("via"), seen.header("cdn-loop")) == ("1.1 souk-eu-west", "souk")


def test_a_site_may_lie_below_a_path_and_is_never_left(bench: Bench) -> None:
    path = bench.path()
    bench.origin.on(f"/base{path}", bench.origin.ok(b"below"))
    base = bench.site(SiteRules(methods=ALL_METHODS), base="/base")
    assert httpx.get(f"{base}{path}").content == b"below"
    site = base.rpartition("/")[2]
    for way in ("/../x", "/a/%2e%2E/x", "/.", "/a\\..\\x"):
        raw = bench.raw(f"GET /s/{site}{way} HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert raw.startswith(b"HTTP/1.1 400"), way


def test_requests_that_could_be_read_in_two_ways_go_no_further(bench: Bench) -> None:
    path = bench.path()
    before = len(bench.origin.seen)
    for head in (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: 127.0.0.1\r\n",
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n",
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX : 1\r\n",
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX: 1\r\n folded\r\n",
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: x, identity\r\n",
    ):
        assert bench.raw(f"{head}\r\n").startswith(b"HTTP/1.1 400"), head
    both = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4\r\n"
    both += "Transfer-Encoding: chunked\r\n"
    bench.raw(f"{both}\r\n1\r\na\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    assert not bench.origin.asked("/smuggled") or bench.origin.asked(path)[-1].body == b"a"
    assert all(one.body == b"a" for one in bench.origin.seen[before:] if one.target == path)
    looped = bench.get(path, cdn_loop="souk")
    assert (looped.status_code, looped.json()["code"]) == (508, "loop_detected")
