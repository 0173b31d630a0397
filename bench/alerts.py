"""One new listing against thousands of saved searches, beside asking each of them."""

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Final

import msgspec

from bench._harness import Line, Section, format_duration
from bench._search_corpus import Corpus
from souk.discovery.alerts import model
from souk.discovery.search.api import Between, Filters, SearchQuestion, Sort
from souk.discovery.search.embedding.shared import SharedEmbedder
from souk.discovery.search.engine.writer import Entry, IndexWriter
from souk.discovery.search.query.reader import read_query
from souk.discovery.search.service import SearchService
from souk.discovery.search.settings import SearchSettings

LISTINGS: Final = 100_000
SEARCHES: Final = 5_000
PEER: Final = 100
GOAL_S: Final = 5.0
HOW: Final = """
{searches:,} saved searches, no two alike, made from the queries of the search bench (words and
phrases, three tenths with filters), each with every word needed, as they are kept; {listings:,}
listings, of which one is new. In one process and one thread, as the worker does it: reading every
query, and asking the index which of them the new listing matches; the rows of those who are told
come on top. Beside it: the same searches asked one by one as people ask them, narrowed down to the
new listing (a sample of {peer}), which is how it was done before.
"""


def run(*, quick: bool) -> Section:
    """Builds the index by words alone, holds the searches against one listing, and asks some."""
    listings, searches, peer = (2_000, 200, 20) if quick else (LISTINGS, SEARCHES, PEER)
    with tempfile.TemporaryDirectory(prefix="souk-bench-alerts-") as folder:
        held_s, matched, peer_s = asyncio.run(
            _measure(Path(folder), listings=listings, searches=searches, peer=peer)
        )
    whole_peer_s = peer_s * searches
    return Section(
        title="Saved searches",
        how=HOW.format(searches=searches, listings=listings, peer=peer),
        lines=[
            Line(
                what=f"one new listing held against {searches:,} different saved searches",
                measured=f"{held_s:.2f} s, {format_duration(held_s / searches)} a search "
                f"({matched} match)",
                promised="a few seconds",
                reached=held_s < GOAL_S,
                beside=f"asked one by one: {format_duration(peer_s)} a search, "
                f"so {whole_peer_s:.0f} s",
            )
        ],
    )


async def _measure(
    folder: Path, *, listings: int, searches: int, peer: int
) -> tuple[float, int, float]:
    """Seconds for all, how many matched, and seconds for one of them asked by itself."""
    corpus = Corpus()
    documents = list(corpus.documents(listings))
    writer = IndexWriter(folder / "search", model="bench")
    writer.rebuild([[Entry(document, None) for document in documents]])
    embedder = SharedEmbedder(folder, threads=1, cached_queries=100)
    service = SearchService(root=folder / "search", settings=SearchSettings(), embedder=embedder)
    await service.open()
    new = documents[len(documents) // 2]
    within = Filters(
        owners=(new.owner,), published_ms=Between(new.published_at_ms, new.published_at_ms)
    )
    questions = _saved(corpus, searches)
    await service.held_against(questions[:10], within=within)
    started = time.perf_counter()
    answers = [
        answer
        for at in range(0, len(questions), 500)
        for answer in await service.held_against(questions[at : at + 500], within=within)
    ]
    held_s = time.perf_counter() - started
    matched = sum(bool(answer) for answer in answers)
    started = time.perf_counter()
    for question in questions[:: len(questions) // peer][:peer]:
        await service.search(_narrowed(question, within))
    peer_s = (time.perf_counter() - started) / peer
    service.close()
    writer.close()
    return held_s, matched, peer_s


def _saved(corpus: Corpus, count: int) -> list[SearchQuestion]:
    """Different queries, each as a saved search keeps it."""
    found: dict[str, SearchQuestion] = {}
    for query in corpus.queries(3 * count):
        read = read_query(query.typed, currency="USD")
        words = model.strict(read.text, read.text, [])
        key = f"{words} {read.filters}"
        found.setdefault(key, SearchQuestion(text=words, filters=read.filters))
        if len(found) == count:
            break
    return list(found.values())


def _narrowed(question: SearchQuestion, within: Filters) -> SearchQuestion:
    filters = msgspec.structs.replace(
        question.filters, owners=within.owners, published_ms=within.published_ms
    )
    return SearchQuestion(text=question.text, filters=filters, sort=Sort.NEWEST)
