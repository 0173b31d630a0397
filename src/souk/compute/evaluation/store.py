"""The SQL of evaluations."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec

from souk.compute.evaluation.model import Claim, Result, Task
from souk.infra.postgres.uow import UnitOfWork, json_value
from souk_client.contracts.evaluations import (
    EvaluatedFile,
    Evaluation,
    EvaluationResult,
    EvaluationState,
)

_COLUMNS = """
    id, listing_id, owner_organisation_id, version_id, version, model_path, model_sha256,
    dataset_id, dataset_address, dataset_version, dataset_path, dataset_sha256, rows_path,
    rows_sha256, target, task, claims, state, results, row_count, problem, log, environment,
    requested_by, created_at, finished_at
"""


class EvaluationRow(msgspec.Struct, frozen=True, kw_only=True):
    """An evaluation as it is stored."""

    id: str
    listing_id: str
    owner_organisation_id: str
    version_id: str
    version: str
    model_path: str
    model_sha256: str
    dataset_id: str
    dataset_address: str
    dataset_version: str
    dataset_path: str
    dataset_sha256: str
    rows_path: str | None
    rows_sha256: str | None
    target: str
    task: Task
    claims: list[dict[str, str | float]]
    requested_by: str
    created_at: datetime
    state: EvaluationState = "queued"
    results: list[dict[str, str | float]] = []
    row_count: int | None = None
    problem: str = ""
    log: str = ""
    environment: dict[str, str] = {}
    finished_at: datetime | None = None

    def read_claims(self) -> list[Claim]:
        """What the listing claimed when it was asked for."""
        return msgspec.convert(self.claims, list[Claim])

    def read_results(self) -> list[Result]:
        """What came out."""
        return msgspec.convert(self.results, list[Result])

    def shown(self, *, whole: bool) -> Evaluation:
        """As it is answered: to others than the seller only what was verified."""
        results = [one for one in self.read_results() if whole or one.verdict == "verified"]
        rows = (
            None
            if self.rows_path is None or self.rows_sha256 is None
            else EvaluatedFile(path=self.rows_path, sha256=self.rows_sha256)
        )
        return Evaluation(
            id=self.id,
            listing_id=self.listing_id,
            version=self.version,
            model=EvaluatedFile(path=self.model_path, sha256=self.model_sha256),
            dataset=self.dataset_address,
            dataset_version=self.dataset_version,
            data=EvaluatedFile(path=self.dataset_path, sha256=self.dataset_sha256),
            rows=rows,
            target=self.target,
            task=self.task,
            state=self.state,
            results=[
                EvaluationResult(
                    name=one.name,
                    claimed=one.claimed,
                    value=one.value,
                    tolerance=one.tolerance,
                    verdict=one.verdict,
                    unit=one.unit,
                )
                for one in results
            ],
            row_count=self.row_count,
            problem=self.problem,
            log=self.log if whole else "",
            environment=self.environment,
            created_at=self.created_at,
            finished_at=self.finished_at,
        )


async def add(uow: UnitOfWork, row: EvaluationRow) -> None:
    """Queues an evaluation."""
    await uow.execute(
        """
        INSERT INTO evaluation.evaluations (id, listing_id, owner_organisation_id, version_id,
            version, model_path, model_sha256, dataset_id, dataset_address, dataset_version,
            dataset_path, dataset_sha256, rows_path, rows_sha256, target, task, claims,
            requested_by, created_at)
        VALUES (%(id)s, %(listing_id)s, %(owner_organisation_id)s, %(version_id)s, %(version)s,
            %(model_path)s, %(model_sha256)s, %(dataset_id)s, %(dataset_address)s,
            %(dataset_version)s, %(dataset_path)s, %(dataset_sha256)s, %(rows_path)s,
            %(rows_sha256)s, %(target)s, %(task)s, %(claims)s, %(requested_by)s, %(created_at)s)
        """,
        **{
            name: getattr(row, name)
            for name in EvaluationRow.__struct_fields__
            if name not in _LATER and name != "claims"
        },
        claims=json_value(row.claims),
    )


_LATER = frozenset(
    {"state", "results", "row_count", "problem", "log", "environment", "finished_at"}
)


async def find(uow: UnitOfWork, evaluation_id: str) -> EvaluationRow | None:
    """An evaluation that this scope sees."""
    return await uow.one_or_none(
        EvaluationRow,
        f"SELECT {_COLUMNS} FROM evaluation.evaluations WHERE id = %(id)s",
        id=evaluation_id,
    )


async def of_listing(uow: UnitOfWork, listing_id: str, *, limit: int) -> list[EvaluationRow]:
    """A listing's evaluations that this scope sees, newest first."""
    return await uow.all(
        EvaluationRow,
        f"""
        SELECT {_COLUMNS} FROM evaluation.evaluations
        WHERE listing_id = %(listing_id)s ORDER BY id DESC LIMIT %(limit)s
        """,
        listing_id=listing_id,
        limit=limit,
    )


async def finished(
    uow: UnitOfWork, versions: Mapping[str, str], *, limit: int
) -> list[EvaluationRow]:
    """The newest `limit` finished evaluations of each listing's version, newest first.

    Args:
        versions: the version's id by the listing's.
    """
    return await uow.all(
        EvaluationRow,
        f"""
        SELECT {_COLUMNS} FROM (
            SELECT *, row_number() OVER (PARTITION BY version_id ORDER BY id DESC) AS place
            FROM evaluation.evaluations
            WHERE listing_id = ANY(%(listing_ids)s) AND version_id = ANY(%(version_ids)s)
                AND state = 'finished'
        ) AS numbered
        WHERE place <= %(limit)s ORDER BY id DESC
        """,
        listing_ids=list(versions),
        version_ids=list(versions.values()),
        limit=limit,
    )


async def verified_names(uow: UnitOfWork, listing_ids: Collection[str]) -> dict[str, list[str]]:
    """Names of metrics that some evaluation of each listing verified."""
    rows = await uow.dicts(
        """
        SELECT listing_id, array_agg(DISTINCT result ->> 'name') AS names
        FROM evaluation.evaluations, jsonb_array_elements(results) AS result
        WHERE listing_id = ANY(%(listing_ids)s) AND is_verified
            AND result ->> 'verdict' = 'verified'
        GROUP BY listing_id
        """,
        listing_ids=list(listing_ids),
    )
    return {row["listing_id"]: sorted(row["names"]) for row in rows}


async def count_waiting(uow: UnitOfWork, organisation_id: str) -> int:
    """How many of an organisation's have not ended."""
    return int(
        await uow.value(
            "SELECT count(*) FROM evaluation.evaluations "
            "WHERE owner_organisation_id = %(id)s AND state IN ('queued', 'running')",
            id=organisation_id,
        )
    )


async def begin(uow: UnitOfWork, evaluation_id: str) -> bool:
    """Notes that it runs (system scope); False when it has ended before."""
    return bool(
        await uow.execute(
            "UPDATE evaluation.evaluations SET state = 'running' "
            "WHERE id = %(id)s AND state IN ('queued', 'running')",
            id=evaluation_id,
        )
    )


async def end(
    uow: UnitOfWork,
    evaluation_id: str,
    *,
    results: Sequence[Result],
    row_count: int | None,
    problem: str,
    log: str,
    environment: dict[str, str],
) -> bool:
    """Writes how it ended (system scope); False when that stands there already."""
    return bool(
        await uow.execute(
            """
            UPDATE evaluation.evaluations
            SET state = %(state)s, results = %(results)s, is_verified = %(is_verified)s,
                row_count = %(row_count)s, problem = %(problem)s, log = %(log)s,
                environment = %(environment)s, finished_at = %(now)s
            WHERE id = %(id)s AND state IN ('queued', 'running')
            """,
            id=evaluation_id,
            state="failed" if problem else "finished",
            results=json_value([msgspec.to_builtins(one) for one in results]),
            is_verified=not problem and any(one.verdict == "verified" for one in results),
            row_count=row_count,
            problem=problem,
            log=log,
            environment=json_value(environment),
            now=uow.now,
        )
    )


async def overdue(uow: UnitOfWork, *, before: datetime, limit: int) -> list[str]:
    """Ids of evaluations that were asked for before then and have not ended (system scope)."""
    return [
        str(found)
        for found in await uow.values(
            "SELECT id FROM evaluation.evaluations "
            "WHERE state IN ('queued', 'running') AND created_at < %(before)s ORDER BY id "
            "LIMIT %(limit)s",
            before=before,
            limit=limit,
        )
    ]
