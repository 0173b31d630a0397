"""Validation, conditional requests, HEAD, stale answers."""

import pytest

from souk.edge.sites import SiteRules
from tests.edge.http_cache.conftest import Bench

LM = "Mon, 01 Jan 2024 00:00:00 GMT"
LATER = "Tue, 02 Jan 2024 00:00:00 GMT"


def test_a_validated_answer_keeps_its_bytes_and_takes_the_new_fields(bench: Bench) -> None:
    path, origin = bench.path(), bench.origin
    fields = ["Cache-Control: max-age=10", 'ETag: "a"', f"Last-Modified: {LM}", "X-N: 1"]
    news = ["Cache-Control: max-age=10", 'ETag: "a"', "X-N: 2", "Content-Length: 99"]
    origin.on(path, origin.ok(b"one", *fields))
    bench.get(path)
    bench.later(11)
    head = "\r\n".join(["HTTP/1.1 304 Not Modified", *news, "", ""]).encode()
    origin.on(path, head)
    fresh = bench.get(path)
    assert (fresh.content, fresh.headers["x-n"]) == (b"one", "2")
    assert fresh.headers["cache-status"].endswith("fwd=stale; fwd-status=304; stored")
    asked = origin.asked(path)[-1]
    assert asked.header("if-none-match") == '"a"'
    assert asked.header("if-modified-since") == LM
    again = bench.get(path)
    assert again.headers["x-n"] == "2" and "hit" in again.headers["cache-status"]
    assert again.headers["content-length"] == "3"
    assert len(origin.asked(path)) == 2


def test_a_changed_answer_takes_the_place_of_the_one_before(bench: Bench) -> None:
    path, origin = bench.path(), bench.origin
    origin.on(
        path,
        origin.ok(b"one", "Cache-Control: max-age=10", 'ETag: "a"'),
        lambda _seen: origin.ok(b"second", "Cache-Control: max-age=10", 'ETag: "b"'),
    )
    bench.get(path)
    bench.later(11)
    assert bench.get(path).content == b"second"
    assert bench.get(path).headers["etag"] == '"b"'
    assert len(origin.asked(path)) == 2


@pytest.mark.parametrize(
    ("field", "value", "status"),
    [
        ("if-none-match", '"a"', 304),
        ("if-none-match", 'W/"a"', 304),
        ("if-none-match", '"x", "a"', 304),
        ("if-none-match", "*", 304),
        ("if-none-match", '"x"', 200),
        ("if-modified-since", LM, 304),
        ("if-modified-since", "Monday, 01-Jan-24 00:00:00 GMT", 304),
        ("if-modified-since", "Sun, 31 Dec 2023 00:00:00 GMT", 200),
        ("if-modified-since", "yesterday", 200),
        ("if-match", '"x"', 412),
        ("if-match", '"a"', 200),
        ("if-unmodified-since", "Sun, 31 Dec 2023 00:00:00 GMT", 412),
        ("if-unmodified-since", LATER, 200),
    ],
)
def test_conditions_of_clients_are_judged_from_what_is_kept(
    bench: Bench, field: str, value: str, status: int
) -> None:
    path, origin = bench.path(), bench.origin
    fields = ["Cache-Control: max-age=60", 'ETag: "a"', f"Last-Modified: {LM}"]
    origin.on(path, origin.ok(b"one", *fields))
    bench.get(path)
    answer = bench.client.get(path, headers={field: value})
    assert answer.status_code == status
    if status == 304:
        assert (answer.content, answer.headers["etag"]) == (b"", '"a"')
        assert "content-type" not in answer.headers
    assert len(origin.asked(path)) == 1


def test_a_condition_goes_on_when_nothing_is_kept(bench: Bench) -> None:
    path, origin = bench.path(), bench.origin
    origin.on(path, b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n')
    assert bench.client.get(path, headers={"if-none-match": '"a"'}).status_code == 304
    origin.on(path, origin.ok(b"one", "Cache-Control: max-age=60", 'ETag: "a"'))
    assert bench.get(path).content == b"one"


def test_head_is_answered_from_a_kept_get_and_freshens_or_drops_a_stale_one(bench: Bench) -> None:
    path, origin = bench.path(), bench.origin
    one = origin.ok(b"one", "Cache-Control: max-age=10", 'ETag: "a"')
    origin.on(path, one)
    bench.get(path)
    head = bench.client.head(path)
    assert (head.headers["content-length"], head.content) == ("3", b"")
    assert "hit" in head.headers["cache-status"]
    bench.later(11)
    origin.on(path, origin.ok(b"", "Cache-Control: max-age=10", 'ETag: "a"', length=3))
    assert bench.client.head(path).status_code == 200
    assert "hit" in bench.get(path).headers["cache-status"]
    bench.later(11)
    origin.on(path, origin.ok(b"", "Cache-Control: max-age=10", 'ETag: "b"', length=3))
    bench.client.head(path)
    origin.on(path, origin.ok(b"two", "Cache-Control: max-age=10", 'ETag: "b"'))
    assert bench.get(path).content == b"two"
    assert [seen.method for seen in origin.asked(path)] == ["GET", "HEAD", "HEAD", "GET"]


def test_a_stale_answer_is_given_while_it_is_validated(bench: Bench) -> None:
    path, origin = bench.path(), bench.origin
    control = "Cache-Control: max-age=10, stale-while-revalidate=30"
    origin.on(path, origin.ok(b"one", control), origin.ok(b"two", control))
    bench.get(path)
    bench.node.settled()
    bench.later(20)
    stale = bench.get(path)
    assert stale.content == b"one"
    assert stale.headers["cache-status"] == "souk-eu-west; hit; ttl=-10"
    bench.node.settled()
    assert bench.get(path).content == b"two"
    bench.later(100)
    origin.on(path, origin.ok(b"three", control))
    assert bench.get(path).content == b"three"


@pytest.mark.parametrize(
    ("control", "by_rule", "served"),
    [
        ("max-age=10, stale-if-error=60", False, True),
        ("max-age=10", True, True),
        ("max-age=10", False, False),
        ("max-age=10, stale-if-error=5", True, False),
        ("max-age=10, must-revalidate, stale-if-error=60", True, False),
        ("max-age=10, proxy-revalidate", True, False),
        ("s-maxage=10", True, False),
    ],
)
def test_a_stale_answer_is_better_than_an_error_where_it_may_be(
    bench: Bench, control: str, by_rule: bool, served: bool
) -> None:
    path, origin = bench.path(), bench.origin
    rules = SiteRules(stale_if_error_s=60 if by_rule else 0)
    base = bench.site(rules)
    for broken in (origin.ok(b"no", status="503 No"), [b""]):
        origin.on(path, origin.ok(b"one", f"Cache-Control: {control}"))
        bench.node.forget("all")
        assert bench.client.get(f"{base}{path}").content == b"one"
        bench.later(20)
        bench.node.settled()
        origin.on(path, broken)
        answer = bench.client.get(f"{base}{path}")
        if served:
            assert answer.content == b"one"
            assert answer.headers["cache-status"].endswith("detail=stale-if-error")
        else:
            assert answer.status_code in {502, 503}


def test_nothing_is_served_staler_than_the_site_allows(bench: Bench) -> None:
    path, origin = bench.path(), bench.origin
    base = bench.site(SiteRules(max_stale_s=5))
    origin.on(path, origin.ok(b"one", "Cache-Control: max-age=10, stale-if-error=600"))
    bench.client.get(f"{base}{path}")
    bench.later(20)
    origin.on(path, [b""])
    assert bench.client.get(f"{base}{path}").status_code == 502


def test_fields_that_need_asking_are_not_given_without(bench: Bench) -> None:
    path, origin = bench.path(), bench.origin
    fields = ['Cache-Control: max-age=60, no-cache="x-a", private="x-b"', "X-A: 1", "X-B: 1"]
    origin.on(path, origin.ok(b"one", *fields, "X-C: 1"))
    assert bench.get(path).headers["x-a"] == "1"
    kept = bench.get(path).headers
    assert "x-a" not in kept and "x-b" not in kept and kept["x-c"] == "1"
    assert len(origin.asked(path)) == 1
