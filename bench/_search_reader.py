"""A fresh process that searches an index: how much memory a reader takes."""

import json
import sys
from pathlib import Path

from bench._search_corpus import Corpus
from souk.discovery.search.embedding.embedder import Embedder
from souk.discovery.search.engine.engine import SearchEngine


def main(root: Path, models: Path, count: int) -> None:
    """Prints this process's private and mapped memory before and after the searches, in bytes."""
    before = memory_bytes()
    embedder = Embedder.open(models)
    engine = SearchEngine(root, is_word=embedder.knows)
    for query in Corpus().queries(count):
        engine.answer(query.request(), embed=embedder.query)
    after = memory_bytes()
    print(json.dumps({name: after[name] - before[name] for name in after}))


def memory_bytes() -> dict[str, int]:
    """Private anonymous memory, and pages of files that other processes may share."""
    sizes: dict[str, int] = {}
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
        name, _, rest = line.partition(":")
        if rest.strip().endswith("kB"):
            sizes[name] = int(rest.split()[0]) * 1024
    return {"private": sizes["Anonymous"], "mapped": sizes["Rss"] - sizes["Anonymous"]}


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
