"""Publishes the catalogue through the public API, as often as wanted, and doubles nothing.

What is there already is found by its address `owner/slug` and its version, so a run that was cut
off is completed by the next one. A listing that its owner retired stays retired.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from souk.apps.catalogue.accounts import DemoAccount, demo_accounts
from souk.apps.catalogue.build import build_catalogue
from souk.apps.catalogue.manifest import Catalogue, CatalogueFile, CatalogueListing, Metric, Work
from souk.apps.catalogue.uploads import KeptUploads
from souk_client.contracts.evaluations import EvaluationRequest
from souk_client.contracts.works import (
    Compatibility,
    Listing,
    ListingRequest,
    VersionFile,
)
from souk_client.contracts.works import Metric as ListingMetric
from souk_client.sdk import Souk, SoukApiError

Report = Callable[[str], None]
Outcome = Literal["published", "completed", "already there", "retired"]

BUYER: Final = "robin"
ADMIN: Final = "steward"
BUYER_FUNDS: Final = (("USD", 250_00), ("EUR", 100_00))
"""What the demo buyer starts with, in minor units."""


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a run did."""

    outcomes: Sequence[tuple[str, Outcome]]
    """Each listing's address, and what became of it."""
    lacks_admin_role: DemoAccount | None
    """The demo admin, when somebody with access to the database has yet to make them one."""


def load_catalogue(base_url: str, data_dir: Path, *, report: Report) -> LoadReport:
    """Makes the catalogue if need be, the demo accounts, and every listing that is missing.

    Raises:
        SoukApiError: the marketplace refused something.
        SoukConnectionError: it could not be reached.
    """
    catalogue = build_catalogue(data_dir, progress=report)
    accounts = demo_accounts(data_dir)
    uploads = KeptUploads(data_dir / "catalogue" / "uploads.json")
    outcomes: list[tuple[str, Outcome]] = []
    listings = catalogue.manifest.listings
    for seller in sorted({listing.work.seller for listing in listings}):
        with Souk(base_url) as souk:
            sign_in(souk, accounts[seller])
            for listing in (one for one in listings if one.work.seller == seller):
                outcome = publish(souk, catalogue, listing, uploads=uploads)
                outcomes.append((listing.address, outcome))
                report(f"{len(outcomes)}/{len(listings)} {listing.address}: {outcome}")
    for seller in sorted({listing.work.seller for listing in listings if listing.work.rerun}):
        with Souk(base_url) as souk:
            sign_in(souk, accounts[seller])
            ask_to_verify(souk, [one for one in listings if one.work.seller == seller], report)
    with Souk(base_url) as souk:
        sign_in(souk, accounts[BUYER])
        fund(souk, report=report)
    with Souk(base_url) as souk:
        sign_in(souk, accounts[ADMIN])
        is_admin = "admin" in souk.account.get().user.roles
    return LoadReport(outcomes, None if is_admin else accounts[ADMIN])


def sign_in(souk: Souk, account: DemoAccount) -> None:
    """Signs in to the account; makes it first when there is none."""
    try:
        souk.auth.login(email=account.email, password=account.password)
    except SoukApiError as error:
        if error.status != 401:
            raise
        souk.auth.register(
            email=account.email,
            password=account.password,
            name=account.name,
            handle=account.handle,
        )


def publish(
    souk: Souk, catalogue: Catalogue, listing: CatalogueListing, *, uploads: KeptUploads
) -> Outcome:
    """Brings one listing to its published state from wherever it stands."""
    existing = _find(souk, listing.address)
    if existing is not None and existing.state == "retired":
        return "retired"
    draft = existing or souk.listings.create(_request(catalogue, listing))
    version = listing.work.version
    if version not in {known.version for known in draft.versions}:
        for file in listing.files:
            souk.upload_file(catalogue.path_of(listing, file), filename=file.path, memory=uploads)
        souk.listings.create_version(draft.id, version=version, files=_files(listing.files))
    elif draft.state == "published":
        return "already there"
    souk.listings.publish(draft.id)
    return "completed" if existing else "published"


def ask_to_verify(souk: Souk, listings: Sequence[CatalogueListing], report: Report) -> None:
    """Asks the marketplace to measure the models again, once each; the worker does it later.

    A listing that cannot be verified, such as one of an older catalogue, is left as it is.
    """
    asked = 0
    for listing in listings:
        rerun, trained_on = listing.work.rerun, listing.work.trained_on
        published = _find(souk, listing.address) if rerun else None
        if rerun is None or trained_on is None or published is None:
            continue
        if published.state != "published" or souk.evaluations.list(published.id).items:
            continue
        request = EvaluationRequest(
            dataset=trained_on,
            target=rerun.target,
            data_file=rerun.data_file,
            rows_file=rerun.rows_file,
        )
        try:
            souk.evaluations.ask(published.id, request)
        except SoukApiError as error:
            report(f"{listing.address} is not verified: {error}")
            continue
        asked += 1
    if asked:
        report(f"Asked the marketplace to measure {asked} models again")


def fund(souk: Souk, *, report: Report) -> None:
    """Gives the buyer money through the provider `test`, once for each currency.

    A wallet that ever had a posting in a currency is left alone, also when it has been spent.
    """
    for currency, amount_minor in BUYER_FUNDS:
        if souk.wallet.statement(currency=currency, limit=1).items:
            continue
        souk.wallet.deposit(
            amount_minor=amount_minor,
            currency=currency,
            idempotency_key=f"demo-funds-{currency}",
        )
        report(f"Gave the demo buyer {amount_minor / 100:.2f} {currency}")


def _find(souk: Souk, address: str) -> Listing | None:
    try:
        return souk.listings.get(address)
    except SoukApiError as error:
        if error.status != 404:
            raise
        return None


def _request(catalogue: Catalogue, listing: CatalogueListing) -> ListingRequest:
    work = listing.work
    return ListingRequest(
        kind=work.kind,
        slug=work.slug,
        title=work.title,
        summary=work.summary,
        card=catalogue.card_of(listing),
        licence=work.licence,
        category=work.category,
        task=work.task,
        tags=list(work.tags),
        metrics=[_metric(work, metric) for metric in work.metrics],
        compatibility=Compatibility(
            frameworks=list(work.compatibility.formats),
            runtimes=list(work.compatibility.libraries),
            hardware=list(work.compatibility.hardware),
        ),
        price_minor=work.price.amount_minor if work.price else 0,
        currency=work.price.currency if work.price else "USD",
    )


def _metric(work: Work, metric: Metric) -> ListingMetric:
    return ListingMetric(
        name=metric.name,
        value=metric.value,
        higher_is_better=metric.higher_is_better,
        dataset=work.trained_on or "",
        split=f"{metric.split}, {metric.sample_count} rows",
        how=f"95 % interval {metric.low:g} to {metric.high:g} by percentile bootstrap",
    )


def _files(files: Sequence[CatalogueFile]) -> list[VersionFile]:
    return [VersionFile(path=file.path, sha256=file.sha256) for file in files]
