"""Parts of answers: cut out of whole ones, kept, put together."""

import pytest

from tests.edge.http_cache.conftest import Bench

CONTENT = bytes(range(256)) * 12_000  # about 3 MB: several chunks
SIZE = len(CONTENT)


def ranged(bench: Bench, path: str, text: str, **headers: str) -> "tuple[int, bytes, str]":
    answer = bench.client.get(path, headers={"range": text, **headers})
    return answer.status_code, answer.content, answer.headers.get("content-range", "")


def test_parts_of_a_whole_answer(bench: Bench) -> None:
    path, origin = bench.path(), bench.origin
    origin.on(path, origin.ok(CONTENT, "Cache-Control: max-age=60", 'ETag: "a"'))
    assert bench.get(path).content == CONTENT
    for start, end in ((0, 1), (2**20 - 1, 2**20 + 1), (5, SIZE)):
        found = ranged(bench, path, f"bytes={start}-{end - 1}")
        assert found == (206, CONTENT[start:end], f"bytes {start}-{end - 1}/{SIZE}")
    assert ranged(bench, path, "bytes=-7")[1] == CONTENT[-7:]
    assert ranged(bench, path, f"bytes={SIZE}-")[::2] == (416, f"bytes */{SIZE}")
    assert ranged(bench, path, "bytes=9-8")[0] == 200
    assert ranged(bench, path, "lines=1-2")[0] == 200
    assert ranged(bench, path, "bytes=1-2", **{"if-range": '"a"'})[0] == 206
    assert ranged(bench, path, "bytes=1-2", **{"if-range": '"b"'})[0] == 200
    assert len(origin.asked(path)) == 1


def test_several_parts_overlapping_ones_and_thousands(bench: Bench) -> None:
    path, origin = bench.path(), bench.origin
    origin.on(path, origin.ok(CONTENT, "Cache-Control: max-age=60", "Content-Type: image/x"))
    bench.get(path)
    answer = bench.client.get(path, headers={"range": f"bytes=10-19,15-29,{2**20 - 2}-{2**20}"})
    boundary = answer.headers["content-type"].partition("boundary=")[2]
    assert len(answer.content) == int(answer.headers["content-length"])
    pieces = answer.content.split(f"--{boundary}".encode())
    bodies = [one.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n") for one in pieces[1:-1]]
    assert bodies == [CONTENT[10:30], CONTENT[2**20 - 2 : 2**20 + 1]]
    assert b"content-type: image/x" in pieces[1]
    many = "bytes=" + ",".join(f"{n * 9}-{n * 9}" for n in range(500))
    assert ranged(bench, path, many)[:2] == (200, CONTENT)
    overflow = "bytes=0-" + "9" * 30
    assert ranged(bench, path, overflow)[0] == 200


def part(bench: Bench, start: int, end: int, etag: str = '"a"') -> bytes:
    return bench.origin.ok(
        CONTENT[start:end],
        "Cache-Control: max-age=60",
        f"ETag: {etag}",
        f"Content-Range: bytes {start}-{end - 1}/{SIZE}",
        status="206 Partial Content",
    )


def test_parts_are_kept_and_put_together(bench: Bench) -> None:
    path, origin = bench.path(), bench.origin
    origin.on(path, part(bench, 100, 200), part(bench, 200, 300))
    assert ranged(bench, path, "bytes=100-199")[1] == CONTENT[100:200]
    assert origin.asked(path)[-1].header("range") == "bytes=100-199"
    assert ranged(bench, path, "bytes=150-159")[1] == CONTENT[150:160]
    assert ranged(bench, path, "bytes=200-299")[1] == CONTENT[200:300]
    bench.node.settled()
    across = bench.client.get(path, headers={"range": "bytes=150-249"})
    assert across.content == CONTENT[150:250]
    assert "hit" in across.headers["cache-status"]
    assert len(origin.asked(path)) == 2
    origin.on(path, origin.ok(CONTENT, "Cache-Control: max-age=60", 'ETag: "a"'))
    assert bench.get(path).content == CONTENT
    assert bench.get(path).content == CONTENT
    assert len(origin.asked(path)) == 3


def test_parts_of_different_versions_are_never_mixed(bench: Bench) -> None:
    path, origin = bench.path(), bench.origin
    origin.on(path, part(bench, 0, 100), part(bench, 100, 200, '"b"'), part(bench, 0, 100, '"b"'))
    ranged(bench, path, "bytes=0-99")
    ranged(bench, path, "bytes=100-199")
    bench.node.settled()
    again = bench.client.get(path, headers={"range": "bytes=0-99"})
    assert again.headers["etag"] == '"b"'
    assert len(origin.asked(path)) == 3


@pytest.mark.parametrize(
    "said", ["bytes 4-9/10", "bytes 0-4/*", "bytes 4-0/10", "lines 0-4/10", "bytes 0-4/3"]
)
def test_a_part_that_is_not_what_it_says_is_passed_on_and_not_kept(bench: Bench, said: str) -> None:
    path, origin = bench.path(), bench.origin
    fields = ["Cache-Control: max-age=60", f"Content-Range: {said}"]
    origin.on(path, origin.ok(b"01234", *fields, status="206 Partial Content"))
    for _ in range(2):
        assert ranged(bench, path, "bytes=0-4")[1] == b"01234"
        bench.node.settled()
    assert len(origin.asked(path)) == 2


def test_several_parts_that_are_not_here_are_asked_for_as_the_whole(bench: Bench) -> None:
    path, origin = bench.path(), bench.origin
    origin.on(path, origin.ok(CONTENT, "Cache-Control: max-age=60"))
    assert ranged(bench, path, "bytes=0-1,5-6")[:2] == (200, CONTENT)
    assert origin.asked(path)[-1].header("range") is None
    bench.node.settled()
    assert ranged(bench, path, "bytes=0-1,50-60")[0] == 206
