"""The seller's part: sign up, train a real model, publish it, and a dataset with `mp publish`."""

import time
from pathlib import Path
from typing import Final

from souk.apps.catalogue.datasets import write_dataset
from souk.apps.catalogue.manifest import CARD_NAME, Work
from souk.apps.catalogue.models import write_model
from souk.apps.catalogue.sources import dataset_by_slug
from souk.apps.demo import pictures
from souk.apps.demo.recipe import DATASET_PRICE, DATASET_SLUG, DIGIT_READER
from souk.apps.demo.story import PASSWORD, Person, Story, register
from souk_client.contracts.works import (
    Listing,
    ListingRequest,
    Metric,
    VersionFile,
)

FINDABLE_WITHIN_S: Final = 1.0
PATIENCE_S: Final = 15.0


def sign_up(story: Story, person: Person) -> None:
    """An account through the API, and `mp login` with it."""
    register(person)
    me = person.souk.account.get()
    story.stage.equal(f"{person.name} has an account", me.user.email, person.email)
    ran = person.mp.run("login", "--email", person.email, "--password-stdin", typed=PASSWORD)
    story.stage.show(ran.picture())
    story.stage.check(
        "`mp login` signs in and pins the public keys", ran.code == 0, seen=ran.noted or ran.said
    )


def train(story: Story) -> Work:
    """Trains the model on this machine, on real data, and measures it on held-out rows."""
    work = write_model(story.folder, DIGIT_READER)
    accuracy = work.metrics[0]
    size_mib = (story.folder / work.slug / "model.onnx").stat().st_size / 2**20
    story.stage.show(
        pictures.facts(
            work.title,
            {
                "trained on": "1,257 handwritten digits",
                "accuracy": f"{accuracy.value:.1%} (95 % interval {accuracy.low:.1%} to "
                f"{accuracy.high:.1%}) on {accuracy.sample_count} digits it never saw",
                "file": f"model.onnx, {size_mib:.1f} MiB, answers like the model it was made from",
            },
        )
    )
    story.stage.check(
        "it reads more than 95 % of unseen digits", accuracy.low > 0.95, seen=accuracy
    )
    return work


def publish_model(story: Story, seller: Person, work: Work) -> Listing:
    """Uploads the files in parts, makes the listing and its version, publishes, and finds it."""
    souk, folder = seller.souk, story.folder / work.slug
    files = [
        VersionFile(path=path.name, sha256=souk.upload_file(path).sha256)
        for path in sorted(folder.iterdir())
    ]
    draft = souk.listings.create(_request(work, folder))
    souk.listings.create_version(draft.id, version=work.version, files=files)
    souk.listings.publish(draft.id)
    published_at = time.perf_counter()
    waited_s = _until_findable(seller, draft.id, published_at)
    published = souk.listings.get(draft.id)
    story.stage.show(pictures.listing(published))
    (model,) = (file for file in published.versions[0].files if file.path == "model.onnx")
    story.stage.show(
        pictures.facts(
            "model.onnx, as the marketplace holds it",
            {
                "sha256": model.sha256,
                "CID": model.cid,
                "scan": f"{model.scan.state}, {model.scan.format}",
                **model.scan.facts,
            },
        )
    )
    story.stage.equal("it is published", published.state, "published")
    story.stage.equal("the scan found it clean", _scans(published), {"clean"})
    story.stage.check(
        f"it could be found {waited_s * 1000:.0f} ms after it was published",
        waited_s < FINDABLE_WITHIN_S,
        seen=f"{waited_s:.2f} s",
    )
    return published


def publish_dataset(story: Story, seller: Person) -> Listing:
    """Publishes a folder with a card in one command."""
    work = write_dataset(story.folder, dataset_by_slug(DATASET_SLUG))
    ran = seller.mp.run(
        "publish",
        str(story.folder / work.slug),
        "--kind",
        "dataset",
        "--slug",
        work.slug,
        "--title",
        work.title,
        "--version",
        work.version,
        "--price",
        DATASET_PRICE,
        "--currency",
        "EUR",
    )
    story.stage.show(ran.picture())
    story.stage.check("`mp publish` publishes a folder", ran.code == 0, seen=ran.noted or ran.said)
    published = seller.souk.listings.get(f"{seller.handle}/{work.slug}")
    story.stage.equal("the dataset is published", published.state, "published")
    return published


def _until_findable(seller: Person, listing_id: str, published_at: float) -> float:
    while (waited_s := time.perf_counter() - published_at) < PATIENCE_S:
        found = seller.souk.discovery.search("digit reader").items
        if listing_id in {hit.listing.id for hit in found}:
            return time.perf_counter() - published_at
        time.sleep(0.02)
    return waited_s


def _scans(listing: Listing) -> set[str]:
    return {file.scan.state for file in listing.versions[0].files}


def _request(work: Work, folder: Path) -> ListingRequest:
    assert work.price is not None
    return ListingRequest(
        kind=work.kind,
        slug=work.slug,
        title=work.title,
        summary=work.summary,
        card=(folder / CARD_NAME).read_text(encoding="utf-8"),
        licence=work.licence,
        category=work.category,
        task=work.task,
        tags=list(work.tags),
        metrics=[Metric(name=one.name, value=one.value, split=one.split) for one in work.metrics],
        price_minor=work.price.amount_minor,
        currency=work.price.currency,
    )
