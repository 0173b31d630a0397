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
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

import msgspec

from souk.discovery.search.documents import Shown
from souk.discovery.search.model import SearchDocument, SearchRequest, Sort
from souk.discovery.search.query.reader import read_query
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
FRAMEWORKS: Final = ("onnx", "pytorch", "safetensors", "scikit-learn", "jax", "onnxruntime")
HARDWARE: Final = ("cpu", "gpu", "tpu")
REGIONS: Final = ("af", "as", "eu", "na", "oc", "sa")
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

    typed: str
    sort: Sort = Sort.RELEVANCE

    def request(self) -> SearchRequest:
        """As the index is asked: the query read, as every search does."""
        read = read_query(self.typed, currency="USD")
        return SearchRequest(text=read.text, filters=read.filters, sort=self.sort)


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
            **_figures(chance, is_model=kind in ("model", "api", "agent")),
        )
        return msgspec.structs.replace(document, payload=_payload(document))

    def _prose(self, chance: random.Random, words: int) -> str:
        word = chance.choice(self._chain["."])
        written = []
        for _ in range(words):
            written.append(word)
            word = chance.choice(self._chain.get(word) or self._chain["."])
        return " ".join(written)


def _figures(chance: random.Random, *, is_model: bool) -> dict[str, Any]:
    """What most listings say in figures, models more of it. Values are fields of the document."""
    rated = chance.random() < 0.3
    figures: dict[str, Any] = {  # of several types, one a field
        "rating_milli": chance.randint(1_500, 5_000) if rated else None,
        "rating_count": int(chance.paretovariate(0.9)) if rated else 0,
        "trending_milli": int(chance.paretovariate(0.5)) if chance.random() < 0.1 else 0,
        "favourites": int(chance.paretovariate(0.8)) - 1,
        "size_bytes": int(10 ** chance.uniform(4, 10.5)),
        "regions": tuple(chance.sample(REGIONS, 2)) if chance.random() < 0.1 else (),
    }
    if is_model:
        figures |= {
            "accuracy_ppm": int(10**6 * chance.betavariate(9, 1.5)),
            "latency_us": int(10 ** chance.uniform(2.5, 6.5)),
            "memory_mb": chance.choice((500, 2_000, 8_000, 16_000, 48_000)),
            "frameworks": tuple(chance.sample(FRAMEWORKS, chance.randint(1, 2))),
            "hardware": tuple(chance.sample(HARDWARE, chance.randint(1, 2))),
        }
    return figures


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
    if chance.random() < 0.3:
        text = f"{text} {_filters(chance, task)}"
    sort = chance.choice(list(Sort)) if chance.random() < 0.15 else Sort.RELEVANCE
    return Query(text, sort)


def _filters(chance: random.Random, task: str) -> str:
    return chance.choice(
        (
            "kind:model",
            "kind:dataset license:mit",
            "price:<20",
            f"tag:{task.replace(' ', '-')}",
            "kind:compute licence:GPL-3.0-only",
            "accuracy:>0.9 latency:<50ms",
            "rating:>=4 region:eu",
            "framework:onnx hardware:gpu min_memory_gb=16",
            "size:<2gb kind:model,api price:5..200",
        )
    )


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
    return msgspec.json.encode(
        Shown(
            listing=summary,
            rating=None if document.rating_milli is None else document.rating_milli / 1000,
            rating_count=document.rating_count,
            favourites=document.favourites,
            accuracy=None if document.accuracy_ppm is None else document.accuracy_ppm / 10**6,
            latency_ms=None if document.latency_us is None else document.latency_us / 1000,
            size_bytes=document.size_bytes,
        )
    )
