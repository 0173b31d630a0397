"""The use cases of evaluations: asking for one, and reading what came out."""

from collections.abc import Collection, Sequence
from typing import Final

import msgspec

from souk.compute.evaluation import store
from souk.compute.evaluation.errors import (
    AttachmentInvalid,
    EvaluationsWaiting,
    EvaluationUnknown,
    NothingToVerify,
)
from souk.compute.evaluation.events import EvaluationRequested
from souk.compute.evaluation.model import (
    TABLE_FORMATS,
    choose_file,
    claims_of,
    still_holds,
    table_format,
    task_of,
)
from souk.compute.evaluation.settings import EvaluationSettings
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import NotFound
from souk.kernel.ids import new_id
from souk.rights.licences.api import Licences
from souk.works.listings.api import Listings, current_version
from souk_client.contracts.evaluations import (
    Evaluation,
    EvaluationRequest,
    MeasuredMetric,
    MetricVerification,
)
from souk_client.contracts.works import FileEntry, Listing, Metric, Version

MAX_SHOWN: Final = 50
ADMINISTER: Final = "marketplace:administer"


class EvaluationService:
    """Implements `souk.compute.evaluation.api.Evaluations`."""

    def __init__(
        self, *, listings: Listings, licences: Licences, settings: EvaluationSettings
    ) -> None:
        self._listings = listings
        self._licences = licences
        self._settings = settings

    async def ask(
        self, uow: UnitOfWork, actor: Actor, listing_id: str, request: EvaluationRequest
    ) -> Evaluation:
        user_id = actor.require_user()
        if ADMINISTER not in actor.permissions:
            await self._listings.managed(uow, actor, listing_id)
        listing = await self._listings.get(uow, listing_id)
        version = current_version(listing)
        if listing.kind != "model" or version is None:
            raise NothingToVerify("only published models can be run")
        task = request.task or task_of(listing.metrics)
        claims = claims_of(listing.metrics, task=task) if task else []
        if task is None or not claims:
            raise NothingToVerify(
                "none of the listing's metrics is accuracy, macro F1, R², mean absolute error or "
                "root mean squared error"
            )
        if await store.count_waiting(uow, listing.owner.id) >= self._settings.max_waiting:
            raise EvaluationsWaiting(self._settings.max_waiting)
        model = self._file(version, ".onnx", request.model_file, what="ONNX file of the model")
        dataset, data_version = await self._dataset(uow, actor, listing, request.dataset)
        data = self._table(data_version, request.data_file)
        self._check_sizes(model, data)
        rows = (
            self._file(version, ".json", request.rows_file, what="file of row numbers")
            if request.rows_file
            else None
        )
        row = store.EvaluationRow(
            id=new_id("evl", uow.now),
            listing_id=listing.id,
            owner_organisation_id=listing.owner.id,
            version_id=version.id,
            version=version.version,
            model_path=model.path,
            model_sha256=model.sha256,
            dataset_id=dataset.id,
            dataset_address=dataset.address,
            dataset_version=data_version.version,
            dataset_path=data.path,
            dataset_sha256=data.sha256,
            rows_path=rows.path if rows else None,
            rows_sha256=rows.sha256 if rows else None,
            target=request.target,
            task=task,
            claims=msgspec.to_builtins(claims),
            requested_by=user_id,
            created_at=uow.now,
        )
        await store.add(uow, row)
        uow.publish(
            EvaluationRequested(
                evaluation_id=row.id, listing_id=listing.id, organisation_id=listing.owner.id
            )
        )
        return row.shown(whole=True)

    async def of_listing(self, uow: UnitOfWork, actor: Actor, listing_id: str) -> list[Evaluation]:
        if not await self._listings.can_be_seen(uow, listing_id):
            raise NotFound("listing_unknown", "There is no such listing, or it is not public.")
        rows = await store.of_listing(uow, listing_id, limit=MAX_SHOWN)
        return [row.shown(whole=_sees_all(actor, row)) for row in rows]

    async def get(self, uow: UnitOfWork, actor: Actor, evaluation_id: str) -> Evaluation:
        row = await store.find(uow, evaluation_id)
        if row is None:
            raise EvaluationUnknown()
        return row.shown(whole=_sees_all(actor, row))

    async def measured(self, uow: UnitOfWork, listing: Listing) -> list[MeasuredMetric]:
        return (await self.measured_each(uow, [listing]))[listing.id]

    async def measured_each(
        self, uow: UnitOfWork, listings: Sequence[Listing]
    ) -> dict[str, list[MeasuredMetric]]:
        versions = {
            listing.id: version.id
            for listing in listings
            if listing.kind == "model" and listing.metrics
            if (version := current_version(listing)) is not None
        }
        rows = await store.finished(uow, versions, limit=MAX_SHOWN) if versions else []
        return {
            listing.id: [
                MeasuredMetric(
                    metric=metric,
                    verified=_verification(
                        [row for row in rows if row.listing_id == listing.id], metric
                    ),
                )
                for metric in listing.metrics
            ]
            for listing in listings
        }

    async def verified_names(
        self, uow: UnitOfWork, listing_ids: Collection[str]
    ) -> dict[str, list[str]]:
        return await store.verified_names(uow, listing_ids)

    async def _dataset(
        self, uow: UnitOfWork, actor: Actor, model: Listing, address: str
    ) -> tuple[Listing, Version]:
        """The dataset and its current version, when the seller of the model may use it."""
        owner, _, slug = address.partition("/")
        try:
            dataset = await self._listings.by_address(uow, owner, slug)
        except NotFound:
            raise AttachmentInvalid(f"there is no listing {address}, or it is not public") from None
        version = current_version(dataset)
        if dataset.kind != "dataset" or dataset.state != "published" or version is None:
            raise AttachmentInvalid(f"{address} is no published dataset")
        is_free = any(
            offer.state == "active" and offer.price_minor == 0 for offer in dataset.offers
        )
        if dataset.owner.id != model.owner.id and not is_free:
            grant = await self._licences.find_good(
                uow, [model.owner.id], dataset.id, user_id=actor.user_id
            )
            if grant is None:
                raise AttachmentInvalid(f"the seller has no licence for {address}")
        return dataset, version

    def _table(self, version: Version, wanted: str | None) -> FileEntry:
        paths = {file.path for file in version.files}
        usual = (f"data{ending}" for ending in TABLE_FORMATS)
        chosen = wanted or next((path for path in usual if path in paths), None)
        if chosen is not None and table_format(chosen) is None:
            raise AttachmentInvalid(
                f"{chosen} is neither CSV nor Parquet by its name; pictures, text and arrays are "
                "not run on"
            )
        return self._file(version, tuple(TABLE_FORMATS), chosen, what="CSV or Parquet file")

    def _file(
        self, version: Version, ending: str | tuple[str, ...], wanted: str | None, *, what: str
    ) -> FileEntry:
        files = {file.path: file for file in version.files}
        chosen = choose_file(files.keys(), ending=ending, wanted=wanted)
        if chosen is None:
            named = f" {wanted!r}" if wanted else ", or more than one: name it"
            raise AttachmentInvalid(f"version {version.version} has no {what}{named}")
        if files[chosen].scan.state != "clean":
            raise AttachmentInvalid(f"{chosen} has not passed the safety scan")
        return files[chosen]

    def _check_sizes(self, model: FileEntry, data: FileEntry) -> None:
        for file, limit in (
            (model, self._settings.max_model_bytes),
            (data, self._settings.max_data_bytes),
        ):
            if file.size_bytes > limit:
                raise AttachmentInvalid(
                    f"{file.path} has {file.size_bytes} bytes; at most {limit} are run"
                )


def _sees_all(actor: Actor, row: store.EvaluationRow) -> bool:
    return actor.is_admin or actor.belongs_to(row.owner_organisation_id)


def _verification(rows: Sequence[store.EvaluationRow], metric: Metric) -> MetricVerification | None:
    """What the newest run that measured this metric says of it."""
    for row in rows:
        for result in row.read_results():
            if result.name != metric.name:
                continue
            if not still_holds(result, metric) or row.finished_at is None:
                return None
            return MetricVerification(
                evaluation_id=row.id,
                value=result.value,
                at=row.finished_at,
                dataset=row.dataset_address,
                row_count=row.row_count or 0,
            )
    return None
