"""Texts come shorter to those who take that, and their length tells nothing."""

import gzip

import httpx
import pytest

PAGE = "/"


def fetched(base_url: str, path: str, accept: str) -> tuple[httpx.Headers, bytes]:
    """The headers and the bytes as they came over the line."""
    with httpx.stream("GET", base_url + path, headers={"accept-encoding": accept}) as answer:
        assert answer.status_code == 200
        return answer.headers, b"".join(answer.iter_raw())


@pytest.mark.parametrize("accept", ["gzip", "br;q=1.0, gzip;q=0.8", "GZIP"])
def test_a_page_comes_as_gzip_where_the_browser_takes_it(base_url: str, accept: str) -> None:
    headers, raw = fetched(base_url, PAGE, accept)
    assert headers["content-encoding"] == "gzip"
    assert "accept-encoding" in headers["vary"]
    assert int(headers["content-length"]) == len(raw)
    assert gzip.decompress(raw).lstrip().startswith(b"<!doctype html>")


@pytest.mark.parametrize("accept", ["identity", "br", "gzip;q=0"])
def test_and_whole_where_it_does_not(base_url: str, accept: str) -> None:
    headers, raw = fetched(base_url, PAGE, accept)
    assert "content-encoding" not in headers
    assert "accept-encoding" in headers["vary"]
    assert raw.lstrip().startswith(b"<!doctype html>")


def test_what_is_short_stays_as_it_is(base_url: str) -> None:
    headers, raw = fetched(base_url, "/health/live", "gzip")
    assert "content-encoding" not in headers
    assert len(raw) < 1024


def test_the_length_of_the_same_answer_differs(base_url: str) -> None:
    lengths = {len(fetched(base_url, PAGE, "gzip")[1]) for _ in range(12)}
    assert len(lengths) > 3


def test_a_head_request_gets_the_same_headers_and_no_body(base_url: str) -> None:
    answer = httpx.head(base_url + PAGE, headers={"accept-encoding": "gzip"})
    assert answer.status_code == 200
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.content == b""
