"""How well search ranks: nDCG@10 by words, by meaning and by both, on two judged collections.

The gain of a document is its grade on a scale where more is better; a page's score is the sum of
gains, each divided by the logarithm to base 2 of its place plus one, over the same sum for the
best page there could be (Järvelin and Kekäläinen 2002). What has no judgement gains nothing.
"""

import math
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

import msgspec

from souk.discovery.search.documents import text_to_embed
from souk.discovery.search.embedding.embedder import Embedder
from souk.discovery.search.engine.engine import SearchEngine
from souk.discovery.search.engine.writer import Entry, IndexWriter
from souk.discovery.search.model import SearchDocument, SearchRequest

DATA: Final = Path(__file__).parents[1] / "tests" / "data"
CRANFIELD: Final = DATA / "cranfield"
JUDGED: Final = DATA / "judged"
SHOWN: Final = 10
_BEST_GRADE_PLUS_ONE: Final = 5
_EMBEDDED_AT_A_TIME: Final = 32

Way = Literal["words", "meaning", "both"]
WAYS: Final[tuple[Way, ...]] = ("words", "meaning", "both")


class Question(msgspec.Struct, frozen=True):
    """A query and the gains of the documents that answer it, by their numbers."""

    text: str
    gains: Mapping[int, int]


class Collection(msgspec.Struct, frozen=True):
    """Documents and judged questions."""

    documents: Sequence[SearchDocument]
    questions: Sequence[Question]


class Quality(msgspec.Struct, frozen=True):
    """What one way of ranking reached."""

    ndcg: float
    """Mean nDCG@10 over all questions."""
    first_is_best: float
    """The share of questions whose first hit has the best grade there is for it."""


def cranfield() -> Collection:
    """The Cranfield collection; questions are numbered by their position."""
    documents = []
    for number, parts in _records(CRANFIELD / "cran.all.1400"):
        # The abstract repeats the title; as a listing's card it follows it anyway.
        documents.append(
            SearchDocument(
                seq=number,
                change=number,
                kind="dataset",
                owner="cranfield",
                title=_joined(parts["T"]),
                card=_joined(parts["W"]),
                payload=b"{}",
            )
        )
    texts = [_joined(parts["W"]) for _, parts in _records(CRANFIELD / "cran.qry")]
    gains: list[dict[int, int]] = [{} for _ in texts]
    for line in (CRANFIELD / "cranqrel").read_text("ascii").splitlines():
        question, document, grade = map(int, line.split())
        if grade > 0:
            gains[question - 1][document] = _BEST_GRADE_PLUS_ONE - grade
    return Collection(documents, [Question(*pair) for pair in zip(texts, gains, strict=True)])


def judged_catalogue() -> Collection:
    """Our own judged set over the starting catalogue; the rule is in its README."""
    listings = msgspec.json.decode((JUDGED / "listings.json").read_bytes(), type=list[_Listing])
    queries = msgspec.json.decode(
        (JUDGED / "queries.json").read_bytes(), type=list[tuple[str, dict[str, int]]]
    )
    numbers = {listing.slug: number for number, listing in enumerate(listings, start=1)}
    documents = [listing.document(numbers[listing.slug]) for listing in listings]
    questions = [
        Question(text, {numbers[slug]: grade for slug, grade in grades.items()})
        for text, grades in queries
    ]
    return Collection(documents, questions)


def part_of(collection: Collection, *, questions: int, others: int) -> Collection:
    """The first questions, what answers them, and every so many of the other documents."""
    kept = collection.questions[:questions]
    judged = {number for question in kept for number in question.gains}
    rest = [one for one in collection.documents if one.seq not in judged]
    step = max(1, len(rest) // others)
    chosen = judged | {one.seq for one in rest[::step]}
    return Collection([one for one in collection.documents if one.seq in chosen], kept)


def measure(
    collection: Collection, embedder: Embedder, ways: Sequence[Way] = WAYS
) -> dict[Way, Quality]:
    """Ranks every question in each way, through the engine as a search does."""
    with _indexed(collection, embedder if set(ways) - {"words"} else None) as engine:
        return {way: _quality(engine, collection.questions, embedder, way) for way in ways}


def _quality(
    engine: SearchEngine, questions: Sequence[Question], embedder: Embedder, way: Way
) -> Quality:
    scores, firsts = [], []
    for question in questions:
        found = _ranked(engine, question.text, embedder, way)
        gains = [question.gains.get(number, 0) for number in found]
        scores.append(ndcg(gains, list(question.gains.values())))
        firsts.append(gains[:1] == [max(question.gains.values())])
    return Quality(sum(scores) / len(scores), sum(firsts) / len(firsts))


def _ranked(engine: SearchEngine, text: str, embedder: Embedder, way: Way) -> list[int]:
    snapshot = engine.snapshot()
    plan = engine.plan(snapshot, text)
    vector = None if way == "words" else embedder.query(plan.meaning)
    if way == "meaning":
        plan = msgspec.structs.replace(plan, terms=(), phrases=())
    request = SearchRequest(text=text, limit=SHOWN)
    result = engine.search(snapshot, request, plan=plan, vector=vector)
    return [hit.seq for hit in result.hits]


def ndcg(found: Sequence[int], possible: Sequence[int]) -> float:
    """The normalised discounted cumulative gain of a page.

    Args:
        found: the gains of what was shown, in order.
        possible: the gains of everything that could have been.
    """
    best = _discounted(sorted(possible, reverse=True)[:SHOWN])
    return _discounted(found[:SHOWN]) / best if best else 0.0


def _discounted(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(place + 1) for place, gain in enumerate(gains, start=1))


@contextmanager
def _indexed(collection: Collection, embedder: Embedder | None) -> Iterator[SearchEngine]:
    documents = collection.documents
    with tempfile.TemporaryDirectory(prefix="souk-relevance-") as folder:
        root = Path(folder) / "search"
        writer = IndexWriter(root, model="relevance")
        writer.rebuild(_batches(documents, embedder))
        writer.close()
        knows = (lambda _: False) if embedder is None else embedder.knows
        yield SearchEngine(root, is_word=knows)


def _batches(
    documents: Sequence[SearchDocument], embedder: Embedder | None
) -> Iterator[Sequence[Entry]]:
    for start in range(0, len(documents), _EMBEDDED_AT_A_TIME):
        batch = documents[start : start + _EMBEDDED_AT_A_TIME]
        if embedder is None:
            yield [Entry(document, None) for document in batch]
            continue
        vectors = embedder.documents([text_to_embed(document) for document in batch])
        yield [Entry(*pair) for pair in zip(batch, vectors, strict=True)]


class _Listing(msgspec.Struct, frozen=True):
    slug: str
    kind: str
    seller: str
    title: str
    summary: str
    licence: str
    category: str
    task: str
    tags: tuple[str, ...]
    card: str

    def document(self, number: int) -> SearchDocument:
        return SearchDocument(
            seq=number,
            change=number,
            kind=self.kind,
            owner=self.seller,
            seller=self.seller,
            title=self.title,
            summary=self.summary,
            licence=self.licence,
            category=self.category,
            task=self.task,
            tags=self.tags,
            card=self.card,
            payload=b"{}",
        )


def _records(path: Path) -> Iterator[tuple[int, dict[str, list[str]]]]:
    """Records of a SMART file: their number, and the lines of each of their parts."""
    number, name = 0, ""
    parts: dict[str, list[str]] = {}
    for line in path.read_text("latin-1").splitlines():
        if match := re.fullmatch(r"\.I (\d+)", line):
            if number:
                yield number, parts
            number, parts = int(match[1]), {}
        elif re.fullmatch(r"\.[TABW]", line):
            name = line[1]
            parts.setdefault(name, [])
        else:
            parts[name].append(line)
    if number:
        yield number, parts


def _joined(lines: Sequence[str]) -> str:
    return " ".join(" ".join(lines).split())
