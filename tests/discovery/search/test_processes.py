"""One process writes, others read; and a writer that is killed loses nothing it acknowledged."""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from souk.discovery.search.engine.engine import SearchEngine
from souk.discovery.search.engine.errors import IndexBusy, IndexMissing
from souk.discovery.search.engine.layout import current_generation
from souk.discovery.search.engine.writer import IndexWriter
from souk.discovery.search.model import SearchRequest
from tests.discovery.search.conftest import MODEL, Ask
from tests.discovery.search.samples import axis, entry

WRITER = """
import json, sys, time
from pathlib import Path
from souk.discovery.search.engine.writer import IndexWriter
from tests.discovery.search.samples import entry
writer = IndexWriter(Path(sys.argv[1]), model="for-tests")
print("ready", flush=True)
for line in sys.stdin:
    first, count = json.loads(line)
    for seq in range(first, first + count):
        writer.apply([entry(seq, f"parcel number{seq}", meaning=seq % 384)])
        print(json.dumps([seq, time.time()]), flush=True)
"""


@pytest.fixture
def other(root: Path) -> Iterator[subprocess.Popen[str]]:
    process = start(root)
    yield process
    process.kill()
    process.wait()


def start(root: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def tell(process: subprocess.Popen[str], first: int, count: int) -> None:
    assert process.stdin is not None
    process.stdin.write(json.dumps([first, count]) + "\n")
    process.stdin.flush()


@pytest.mark.alone
def test_what_one_process_applies_the_next_search_of_another_finds(
    other: subprocess.Popen[str], ask: Ask
) -> None:
    assert other.stdout is not None
    for seq in range(1, 21):
        tell(other, seq, 1)
        _, applied_at = json.loads(other.stdout.readline())
        assert [hit.seq for hit in ask(f"number{seq}").hits] == [seq]
        assert [hit.seq for hit in ask("zzzz", axis(seq)).hits] == [seq]
        assert time.time() - applied_at < 1
    assert ask("parcel").total == 20


def test_only_one_process_may_write(other: subprocess.Popen[str], root: Path) -> None:
    with pytest.raises(IndexBusy):
        IndexWriter(root, model=MODEL)
    other.kill()
    other.wait()
    IndexWriter(root, model=MODEL).close()


def test_a_killed_writer_keeps_what_it_acknowledged(root: Path, ask: Ask) -> None:
    first_writer = IndexWriter(root, model=MODEL)
    first_writer.rebuild([])
    first_writer.close()
    acknowledged: set[int] = set()
    for attempt in range(6):
        process = start(root)
        first = 1 + attempt * 1_000
        tell(process, first, 1_000)
        time.sleep(0.05 + 0.11 * attempt)
        process.send_signal(signal.SIGKILL)
        assert process.stdout is not None
        lines = process.stdout.read().splitlines()
        process.wait()
        acknowledged |= {json.loads(line)[0] for line in lines if line.endswith("]")}
        if attempt == 3:
            with (current_generation(root).vectors).open("ab") as torn:
                torn.write(b"half a row")
        writer = IndexWriter(root, model=MODEL)
        assert not writer.is_fresh
        indexed = set(writer.changes())
        writer.close()
        assert acknowledged <= indexed
        # At most the one that was being applied is there without its acknowledgement.
        assert len(indexed) - len(acknowledged) <= attempt + 1
        for seq in sorted(acknowledged)[-3:]:
            assert [hit.seq for hit in ask(f"number{seq}").hits] == [seq]
            assert seq in [hit.seq for hit in ask("zzzz", axis(seq % 384)).hits]
    assert acknowledged


def test_a_rebuild_swaps_under_readers_and_keeps_serving(root: Path, ask: Ask) -> None:
    writer = IndexWriter(root, model=MODEL)
    writer.apply([entry(1, "before", meaning=1)])
    assert ask("before").total == 1
    seen = []

    def batches() -> Iterator[list]:
        for seq in range(2, 12):
            seen.append(ask("before").total)
            yield [entry(seq, "afterwards", meaning=seq)]

    assert writer.rebuild(batches()) == 10
    assert seen == [1] * 10
    assert (ask("before").total, ask("afterwards").total) == (0, 10)
    writer.apply([entry(12, "afterwards", meaning=12)])
    assert ask("afterwards").total == 11
    assert len(list(root.glob("g-*"))) == 1, "old files are gone"
    writer.close()


@pytest.mark.parametrize(
    "damage", ["format", "manifest", "vectors", "facts", "text", "current", "model", "all"]
)
def test_a_damaged_or_foreign_index_starts_fresh(
    root: Path, engine: SearchEngine, damage: str
) -> None:
    writer = IndexWriter(root, model=MODEL)
    writer.apply([entry(1, "granite", meaning=1)])
    writer.close()
    generation = current_generation(root)
    match damage:
        case "format":
            manifest = generation.path / "manifest.json"
            made = json.loads(manifest.read_bytes())
            manifest.write_text(json.dumps(made | {"format": made["format"] - 1}))
        case "manifest":
            (generation.path / "manifest.json").write_bytes(b"{")
        case "vectors":
            generation.vectors.write_bytes(b"")
        case "facts":
            generation.facts.write_bytes(b"")
        case "text":
            (generation.text / "meta.json").write_bytes(b"not json")
        case "current":
            (root / "CURRENT").write_text("g-elsewhere")
        case "all":
            shutil.rmtree(root)
    writer = IndexWriter(root, model="another" if damage == "model" else MODEL)
    assert writer.is_fresh
    assert writer.changes() == {}
    with pytest.raises(IndexMissing):
        engine.snapshot()
    writer.rebuild([[entry(1, "granite", meaning=1)]])
    assert not writer.is_fresh
    snapshot = engine.snapshot()
    plan = engine.plan(snapshot, "granite")
    assert engine.search(snapshot, SearchRequest(), plan=plan, vector=axis(1)).total == 1
    writer.close()


def test_a_reader_outlives_the_loss_of_the_index(root: Path, engine: SearchEngine) -> None:
    writer = IndexWriter(root, model=MODEL)
    writer.apply([entry(1, "granite")])
    writer.close()
    engine.snapshot()
    shutil.rmtree(root)
    with pytest.raises(IndexMissing):
        engine.snapshot()
    writer = IndexWriter(root, model=MODEL)
    writer.apply([entry(2, "basalt")])
    assert engine.snapshot().searcher.num_docs == 1
    writer.close()


def test_unused_vectors_ask_for_a_rebuild_in_the_end(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("souk.discovery.search.engine.writer._SPARE_ROWS", 20)
    writer = IndexWriter(root, model=MODEL)
    for _ in range(22):
        writer.apply([entry(1, "granite", meaning=1)])
    assert not writer.is_sparse()
    writer.apply([entry(1, "granite", meaning=1)])
    assert writer.is_sparse()
    writer.rebuild([[entry(1, "granite", meaning=1)]])
    assert not writer.is_sparse()
    writer.close()
