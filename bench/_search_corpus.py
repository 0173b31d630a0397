"""100,000 listings that read like a marketplace's, the same on every machine.

Titles and summaries are composed from the trade's own words (tasks, fields, architectures, data,
languages) and a made-up product name, so that the vocabulary has a long tail. Cards are written by
a word-pair chain learnt from the dataset descriptions that scikit-learn carries: real English of
the subject, with its real word frequencies. Kinds, licences, tags, prices and downloads follow
skewed distributions. Everything comes from one seed.
"""

import datetime as dt
import itertools
import random
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import resources
from typing import Final

import msgspec

from souk.discovery.search.model import Filters, SearchDocument, Sort
from souk_client.contracts.base import OwnerRef
from souk_client.contracts.works import ListingSummary

SEED: Final = 20_260
TASKS: Final = (
    "text classification",
    "sentiment analysis",
    "object detection",
    "image segmentation",
    "speech recognition",
    "machine translation",
    "question answering",
    "summarization",
    "time series forecasting",
    "anomaly detection",
    "fraud detection",
    "recommendation",
    "named entity recognition",
    "sentence embedding",
    "image generation",
    "code completion",
    "document layout analysis",
    "handwriting recognition",
    "churn prediction",
    "pose estimation",
    "speaker identification",
    "protein folding",
    "route planning",
    "demand forecasting",
)
FIELDS: Final = (
    "medical records",
    "legal contracts",
    "retail sales",
    "crop images",
    "satellite photos",
    "bank transactions",
    "customer reviews",
    "news articles",
    "factory sensors",
    "street scenes",
    "radiology scans",
    "insurance claims",
    "energy meters",
    "social media posts",
    "call centres",
    "scientific papers",
    "job adverts",
    "real estate",
    "weather stations",
    "genome sequences",
    "wine chemistry",
    "air traffic",
    "shipping logs",
    "court rulings",
    "museum archives",
)
SHAPES: Final = (
    "transformer",
    "convolutional network",
    "gradient boosted trees",
    "diffusion model",
    "graph network",
    "recurrent network",
    "mixture of experts",
    "random forest",
    "vision transformer",
    "autoencoder",
    "support vector machine",
    "state space model",
)
QUALITIES: Final = (
    "small",
    "fast",
    "multilingual",
    "quantized",
    "robust",
    "explainable",
    "real-time",
    "low-latency",
    "pretrained",
    "distilled",
    "calibrated",
    "lightweight",
    "production-ready",
)
LANGUAGES: Final = (
    "English",
    "German",
    "Portuguese",
    "Hindi",
    "Arabic",
    "Swahili",
    "Japanese",
    "Polish",
    "Vietnamese",
    "Turkish",
    "Korean",
    "French",
)
KINDS: Final = (
    "model",
    "dataset",
    "api",
    "plugin",
    "agent",
    "template",
    "design",
    "material",
    "compute",
)
LICENCES: Final = ("MIT", "Apache-2.0", "CC-BY-4.0", "GPL-3.0-only", "LicenseRef-Commercial")
_SYLLABLES: Final = (
    "ba",
    "cor",
    "del",
    "fi",
    "gra",
    "hel",
    "in",
    "jo",
    "kal",
    "lum",
    "mer",
    "nov",
    "or",
    "pra",
    "quin",
    "ro",
    "sol",
    "tra",
    "ul",
    "ver",
    "wel",
    "xan",
    "yor",
    "zen",
)
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z-]+")
_NOW_MS: Final = 1_780_000_000_000


@dataclass(frozen=True, slots=True)
class Query:
    """What somebody types and chooses."""

    text: str
    filters: Filters = field(default_factory=Filters)
    sort: Sort = Sort.RELEVANCE


class Corpus:
    """Listings and queries from one seed."""

    def __init__(self, seed: int = SEED) -> None:
        self._seed = seed
        self._chain = _word_pairs()

    def documents(self, count: int) -> Iterator[SearchDocument]:
        """Listings 1 to `count`."""
        chance = random.Random(self._seed)
        for seq in range(1, count + 1):
            yield self._document(chance, seq)

    def queries(self, count: int) -> list[Query]:
        """Mostly two to five words; some with typing errors, phrases, filters or another order."""
        chance = random.Random(self._seed + 1)
        return [_query(chance) for _ in range(count)]

    def _document(self, chance: random.Random, seq: int) -> SearchDocument:
        task, trade, shape = chance.choice(TASKS), chance.choice(FIELDS), chance.choice(SHAPES)
        quality, language = chance.choice(QUALITIES), chance.choice(LANGUAGES)
        name = _product_name(chance)
        owner = f"{_product_name(chance).lower()}-{chance.randrange(40)}"
        kind = chance.choices(KINDS, [40, 25, 12, 6, 5, 4, 3, 3, 2])[0]
        title = f"{name} {quality} {task} for {trade}"
        summary = f"{quality.capitalize()} {shape} for {task} on {trade} in {language}."
        price = 0 if chance.random() < 0.4 else int(10 ** chance.uniform(2, 5.5))
        tags = (
            task.replace(" ", "-"),
            trade.split()[0],
            shape.split()[0],
            language,
            quality,
        )
        document = SearchDocument(
            seq=seq,
            change=seq,
            kind=kind,
            owner=owner,
            title=title,
            summary=summary,
            card=f"{summary} {self._prose(chance, chance.randint(40, 160))}",
            seller=owner.replace("-", " ").title(),
            tags=tags,
            licence=chance.choices(LICENCES, [35, 30, 15, 10, 10])[0],
            task=task,
            category=trade,
            price_minor=price,
            currency=chance.choices(["USD", "EUR", "GENX"], [80, 15, 5])[0],
            downloads=int(chance.paretovariate(0.6)),
            published_at_ms=_NOW_MS - chance.randrange(3 * 365 * 86_400_000),
        )
        return msgspec.structs.replace(document, payload=_payload(document))

    def _prose(self, chance: random.Random, words: int) -> str:
        word = chance.choice(self._chain["."])
        written = []
        for _ in range(words):
            written.append(word)
            word = chance.choice(self._chain.get(word) or self._chain["."])
        return " ".join(written)


def _query(chance: random.Random) -> Query:
    task, trade = chance.choice(TASKS), chance.choice(FIELDS)
    text = chance.choice(
        (
            task,
            f"{task} {trade}",
            f"{chance.choice(QUALITIES)} {task}",
            f"{chance.choice(SHAPES)} for {trade}",
            f"{task} in {chance.choice(LANGUAGES)}",
            f"find {trade} with a {chance.choice(QUALITIES)} {chance.choice(SHAPES)}",
            f'"{task}" {trade.split()[0]}',
            _product_name(chance),
            "how do I know which of my customers will leave",
            f"model that reads {trade} and warns me early",
        )
    )
    if chance.random() < 0.2:
        text = _mistyped(chance, text)
    filters = Filters()
    if chance.random() < 0.3:
        filters = chance.choice(
            (
                Filters(kinds=("model",)),
                Filters(kinds=("dataset",), licences=("MIT",)),
                Filters(price_max_minor=2_000),
                Filters(tags=(task.replace(" ", "-"),)),
                Filters(kinds=("compute",), licences=("GPL-3.0-only",)),
            )
        )
    sort = chance.choice(list(Sort)) if chance.random() < 0.15 else Sort.RELEVANCE
    return Query(text, filters, sort)


def _mistyped(chance: random.Random, text: str) -> str:
    """Two neighbouring letters of one long word swapped."""
    words = text.split()
    long = [index for index, word in enumerate(words) if len(word) > 5 and word.isalpha()]
    if long:
        index = chance.choice(long)
        word, place = words[index], chance.randrange(1, len(words[index]) - 2)
        words[index] = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    return " ".join(words)


def _product_name(chance: random.Random) -> str:
    return "".join(chance.choice(_SYLLABLES) for _ in range(chance.choice((2, 3, 3, 4)))).title()


def _word_pairs() -> dict[str, list[str]]:
    """Which words follow which in scikit-learn's dataset descriptions; "." starts a sentence."""
    follows: dict[str, list[str]] = defaultdict(list)
    folder = resources.files("sklearn.datasets.descr")
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        if file.name.endswith(".rst"):
            words = [".", *_WORD.findall(file.read_text(encoding="utf-8").lower())]
            for before, after in itertools.pairwise(words):
                follows[before].append(after)
    follows["."] = follows["."] + ["the", "this", "each", "data"]
    return dict(follows)


def _payload(document: SearchDocument) -> bytes:
    """What a hit answers with: a real summary, of a real size."""
    published = dt.datetime.fromtimestamp(document.published_at_ms / 1000, dt.UTC)
    number = f"{document.seq:026d}"
    summary = ListingSummary(
        id=f"lst_{number}",
        address=f"{document.owner}/{document.seq}",
        owner=OwnerRef(id=f"org_{number}", slug=document.owner, name=document.seller),
        kind=document.kind,  # type: ignore[arg-type]  # one of KINDS
        title=document.title,
        summary=document.summary,
        licence=document.licence,
        task=document.task,
        tags=list(document.tags),
        state="published",
        price_minor=document.price_minor,
        currency=document.currency,
        version="1.0.0",
        sales=0,
        downloads=document.downloads,
        updated_at=published,
        published_at=published,
    )
    return msgspec.json.encode(summary)
