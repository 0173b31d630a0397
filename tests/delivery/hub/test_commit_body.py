"""Bodies of commits, in whatever pieces they arrive."""

import asyncio
import base64
import json
import tempfile
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from souk.delivery.hub.commit_body import CommitBody, CommitReader
from souk.delivery.hub.errors import CommitMalformed
from souk.delivery.hub.model import Addition, Deletion, git_blob_id
from souk.delivery.hub.settings import MIB, HubSettings
from souk.infra.blobs.store import BlobStore
from souk.kernel.errors import Invalid, SoukError, TooLarge
from souk.works.artifacts.intake import Intake
from souk.works.artifacts.settings import ArtifactSettings

LIMITS = HubSettings(max_inline_bytes=2048, max_commit_bytes=MIB, max_operations=5)


def read(pieces: list[bytes], limits: HubSettings | None = None) -> CommitBody:
    """What a reader makes of a body that arrives so."""

    async def stream() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    async def run() -> CommitBody:
        with tempfile.TemporaryDirectory() as folder:
            blobs = BlobStore(None, folder=Path(folder) / "blobs")
            kept = ArtifactSettings(free_bytes_kept=0)
            intake = Intake(blobs, folder=Path(folder) / "intake", settings=kept)
            body = CommitBody()
            try:
                await CommitReader(intake, settings=limits or HubSettings()).read(stream(), body)
                contents = {file.sha256: file.path.read_bytes() for file in body.staged}
                assert body.blob_ids == {s: git_blob_id(c) for s, c in contents.items()}
            finally:
                await intake.drop(body.staged)
                assert not any((Path(folder) / "intake").glob("*"))
            return body

    return asyncio.run(run())


def line(key: str, **value: object) -> bytes:
    return json.dumps({"key": key, "value": value}).encode() + b"\n"


def file(path: str, content: bytes) -> bytes:
    return line("file", path=path, encoding="base64", content=base64.b64encode(content).decode())


WHOLE = (
    line("header", summary="One", description="more\n", parentCommit="a" * 40)
    + file("README.md", b"# hi")
    + b"\n"
    + line("lfsFile", path="w.bin", algo="sha256", oid="AB" * 32, size=7)
    + line("deletedFolder", path="old/")
    + line("deletedFile", path="x").rstrip(b"\n")
)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, len(WHOLE)), max_size=6))
def test_where_a_body_is_cut_does_not_matter(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(WHOLE)]
    body = read([WHOLE[a:b] for a, b in pairwise(edges)])
    assert (body.message, body.parent, body.readme) == ("One\n\nmore", "a" * 40, b"# hi")
    assert [type(operation) for operation in body.operations] == [
        *(Addition, Addition, Deletion, Deletion)
    ]
    assert body.operations[1] == Addition(path="w.bin", sha256="ab" * 32, size_bytes=7)


@pytest.mark.parametrize(
    "bad",
    [
        b"{\n",
        b"[]\n",
        b'{"key":"other","value":{}}\n',
        b'{"key":"file","value":{"path":"a","content":"%%","encoding":"base64"}}\n',
        b'{"key":"file","value":{"content":""}}\n',
        b'{"key":"lfsFile","value":{"path":"a","oid":"../../etc"}}\n',
        b'{"key":"lfsFile","value":{"path":"a","oid":"' + b"0" * 64 + b'","algo":"md5"}}\n',
        b'{"key":"header","value":"\xff"}\n',
        b"[" * 100_000,
    ],
)
def test_the_line_that_is_wrong_is_named(bad: bytes) -> None:
    with pytest.raises(CommitMalformed) as refused:
        read([line("header", summary="x"), bad])
    assert refused.value.extra["line"] == 2


@pytest.mark.parametrize("path", ["../x", "/x", "a//b", "con", "a\x00b", "", "a" * 600])
def test_paths_that_lead_elsewhere_are_refused(path: str) -> None:
    with pytest.raises(Invalid) as refused:
        read([file(path, b"x")])
    assert refused.value.code == "path_invalid"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (file("big.txt", b"x" * 80_000), TooLarge),
        (file("a.txt", b"x" * 1000) * 1200, SoukError),
        (line("deletedFile", path="x") * 6, CommitMalformed),
    ],
)
def test_every_limit_holds(body: bytes, kind: type[SoukError]) -> None:
    with pytest.raises(kind):
        read([body[at : at + 65_536] for at in range(0, len(body), 65_536)], LIMITS)
