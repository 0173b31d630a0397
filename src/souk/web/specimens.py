"""One of each thing that pages draw, for the gallery `/_design` and the tests of the templates."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final, Literal

from souk_client.contracts.base import OwnerRef
from souk_client.contracts.rights import EntryKind, ProvenanceEntry
from souk_client.contracts.works import (
    Compatibility,
    FileEntry,
    LicenceTerms,
    Listing,
    ListingSummary,
    Metric,
    Offer,
    Scan,
    Version,
)

NOW: Final = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
OWNER: Final = OwnerRef(id="org_00000000000000000000000001", slug="hakima", name="Hakima Works")

CARD: Final = """
Tells whether a tumour is benign or malignant from thirty measurements of cell nuclei. Logistic
regression on standardised features, exported to ONNX.

## Use it

```python
import onnxruntime as ort
session = ort.InferenceSession("model.onnx")
label, probability = session.run(None, {"features": x})
```

## Where it fails

Trained on one hospital's data from 1995. **Not a medical device.**

| set | rows | malignant |
|---|---|---|
| train | 426 | 158 |
| test | 143 | 54 |
"""


def summary(
    kind: Literal["model", "dataset", "api", "plugin", "design", "agent", "compute"] = "model",
    *,
    title: str = "Breast cancer classifier",
    slug: str = "breast-cancer-classifier",
    price_minor: int | None = 1900,
    text: str = "Benign or malignant from thirty measurements of cell nuclei, with honest metrics.",
) -> ListingSummary:
    """A listing in a list."""
    return ListingSummary(
        id="lst_00000000000000000000000001",
        address=f"{OWNER.slug}/{slug}",
        owner=OWNER,
        kind=kind,
        title=title,
        summary=text,
        licence="Apache-2.0",
        task="tabular-classification",
        tags=["onnx", "health"],
        state="published",
        price_minor=price_minor,
        currency="USD",
        version="1.0.0",
        sales=12,
        downloads=1480,
        updated_at=NOW - timedelta(days=3),
        published_at=NOW - timedelta(days=3),
    )


def summaries() -> list[ListingSummary]:
    """A row of stalls: long and short titles, free and priced, several kinds."""
    return [
        summary(),
        summary("dataset", title="Wine chemistry", slug="wine-chemistry", price_minor=0),
        summary("model", title="MiniLM sentence embeddings", slug="minilm", price_minor=0),
        summary(
            "agent", title="Invoice reader", slug="invoice-reader", price_minor=129900, text=""
        ),
        summary(
            "model",
            title="Handwritten digits, a small convolutional network for eight by eight pictures",
            slug="digits-cnn",
        ),
        summary("api", title="Diabetes progression", slug="diabetes-api", price_minor=None),
        summary("compute", title="GPU hours, Frankfurt", slug="gpu-hours", price_minor=240),
        summary("design", title="Zellij pattern set", slug="zellij", price_minor=4500),
    ]


def file_entry(
    path: str, *, state: Literal["pending", "clean", "quarantined"] = "clean"
) -> FileEntry:
    """A file of a version."""
    reasons = ["calls os.system while it is loaded"] if state == "quarantined" else []
    return FileEntry(
        path=path,
        sha256=sha256(path.encode()).hexdigest(),
        size_bytes=90_868_376 if path.endswith(".onnx") else 4_812,
        cid="bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi",
        media_type="application/octet-stream",
        scan=Scan(state=state, format=path.rsplit(".", maxsplit=1)[-1], reasons=reasons),
    )


def version(number: str = "1.1.0") -> Version:
    """A version with two files."""
    files = [file_entry("model.onnx"), file_entry("README.md")]
    return Version(
        id="ver_00000000000000000000000001",
        version=number,
        revision_id="rev_00000000000000000000000001",
        notes="Calibrated probabilities." if number == "1.1.0" else "",
        files=files,
        size_bytes=sum(file.size_bytes for file in files),
        created_at=NOW - timedelta(hours=5),
        published_at=NOW - timedelta(hours=5),
    )


def offer(edition: str = "standard", price_minor: int = 1900) -> Offer:
    """A price and terms."""
    kind: Literal["perpetual", "timed"] = "perpetual" if edition == "standard" else "timed"
    return Offer(
        id="off_00000000000000000000000001",
        edition=edition,
        price_minor=price_minor,
        currency="USD",
        terms=LicenceTerms(kind=kind, duration_days=None if kind == "perpetual" else 365),
        split="standard",
        shares=[],
    )


def listing() -> Listing:
    """A published listing with everything on it."""
    metric = Metric(
        name="Accuracy",
        value=0.9790209,
        dataset="Breast Cancer Wisconsin",
        split="test, 143 rows",
        how="One run, seed 7, stratified hold-out",
    )
    loss = Metric(name="Log loss", value=0.0816, higher_is_better=False, dataset=metric.dataset)
    return Listing(
        id="lst_00000000000000000000000001",
        address=f"{OWNER.slug}/breast-cancer-classifier",
        owner=OWNER,
        kind="model",
        slug="breast-cancer-classifier",
        title="Breast cancer classifier",
        summary="Benign or malignant from thirty measurements of cell nuclei, with honest metrics.",
        card=CARD,
        licence="Apache-2.0",
        category="health",
        task="tabular-classification",
        tags=["onnx", "health", "tabular"],
        metrics=[metric, loss],
        compatibility=Compatibility(frameworks=["onnx"], runtimes=["onnxruntime 1.17+"]),
        state="published",
        offers=[offer(), offer("enterprise", 49900)],
        versions=[version(), version("1.0.0")],
        created_at=NOW - timedelta(days=9),
        updated_at=NOW - timedelta(hours=5),
        published_at=NOW - timedelta(days=3),
        sales=12,
        downloads=1480,
    )


def history() -> list[ProvenanceEntry]:
    """Three entries, newest first; the newest is not in the log yet."""
    kinds: tuple[EntryKind, ...] = ("sold", "published", "created")
    return [
        ProvenanceEntry(
            id=f"prv_0000000000000000000000000{at}",
            kind=kind,
            body={},
            leaf_hash=sha256(kind.encode()).hexdigest(),
            leaf_index=None if at == 0 else 1203 - at,
            created_at=NOW - timedelta(days=at * 3, minutes=4),
        )
        for at, kind in enumerate(kinds)
    ]
