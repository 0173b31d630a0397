"""The short way to small files: as short as it is, it never leads past a check."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from souk.edge.clock import HomeClock
from souk.edge.commands import Revocations
from souk.edge.disk import SliceKey
from souk.edge.quick import QuickAnswers
from souk.edge.store import SliceStore
from souk.edge.tickets import SKEW_S, TicketReader
from souk.edge.usage import Usage
from tests.edge.making import KEY, NOW, reader, ticket_for
from tests.edge.test_filling import store_in

CONTENT = b"small"
PATH = "/d/ticket/data.bin"
HEAD = [(b"etag", b'"x"')]


class Asked:
    """A node that has answered one address, and what may change about it."""

    def __init__(self, store: SliceStore, trusted: TicketReader) -> None:
        self.now = float(NOW)
        self.store, self.reader, self.usage = store, trusted, Usage(first_number=0)
        self.revocations = Revocations()
        self.quick = QuickAnswers(
            clock=HomeClock(own=lambda: self.now),
            reader=trusted,
            revocations=self.revocations,
            store=store,
            usage=self.usage,
        )
        self.quick.learn(PATH, ticket_for(CONTENT), HEAD, host=b"node", sites=3)

    def answered(
        self,
        *,
        method: str = "GET",
        path: str = PATH,
        sites: int = 3,
        head: dict[str, str] | None = None,
    ) -> bool:
        fields = {"host": "node", **(head or {})}
        scope: dict[str, Any] = {
            "method": method,
            "path": path,
            "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in fields.items()],
        }
        found = self.quick.find(scope, sites=sites)
        assert found in (None, (HEAD, CONTENT))
        return found is not None


@pytest.fixture
async def asked(tmp_path: Path) -> Asked:
    store = await store_in(tmp_path)
    key = SliceKey(hashlib.sha256(CONTENT).hexdigest(), 0)
    await store.put(key, CONTENT, generation=store.generation)
    return Asked(store, reader())


async def test_the_same_question_is_answered_and_counted(asked: Asked) -> None:
    assert asked.answered() and asked.answered(head={"accept": "*/*"})
    batch = asked.usage.batch()
    assert batch is not None and batch.lines[0].requests == 2
    assert batch.lines[0].bytes_sent == batch.lines[0].hit_bytes == 2 * len(CONTENT)


async def test_another_question_is_not(asked: Asked) -> None:
    assert not asked.answered(method="HEAD")
    assert not asked.answered(path="/d/ticket/other.bin")
    assert not asked.answered(head={"host": "site.example.org"})
    assert not asked.answered(sites=4)
    for name in ("range", "if_match", "if_none_match", "souk_edge_hop", "content_length"):
        assert not asked.answered(head={name: "1"})


async def test_what_has_ended_is_not_answered(asked: Asked) -> None:
    asked.now = NOW + 300 + SKEW_S
    assert asked.answered()
    asked.now += 1
    assert not asked.answered()


async def test_a_revoked_licence_other_keys_or_a_purge_end_it(asked: Asked) -> None:
    asked.reader.trust([KEY.public])
    assert asked.answered()
    asked.revocations.add("lic_2", now_s=asked.now)
    assert asked.answered()
    asked.revocations.add("lic_1", now_s=asked.now)
    assert not asked.answered()


async def test_other_keys_end_it(asked: Asked) -> None:
    asked.reader.trust([])
    assert not asked.answered()


async def test_a_purge_ends_it(asked: Asked) -> None:
    await asked.store.purge(asked.store.files())
    assert not asked.answered()
