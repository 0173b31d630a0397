"""The SQL of likeness."""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.works.likeness.api import LookedAt
from souk.works.likeness.sketching import Features

Kind = Literal["chunk", "tensor", "shape"]
PER_FEATURE = 100
"""How many files that share one feature are considered."""


class WaitingRow(msgspec.Struct, frozen=True, kw_only=True):
    """A file to look at."""

    sha256: str
    size_bytes: int
    name: str
    attempts: int


class FeatureRow(msgspec.Struct, frozen=True, kw_only=True):
    """One feature of a file."""

    sha256: str
    kind: Kind
    feature: int
    weight: int


class SharedRow(msgspec.Struct, frozen=True, kw_only=True):
    """What another file has in common with one."""

    sha256: str
    kind: Kind
    shared: int
    """Bytes of the one file."""


async def note(
    uow: UnitOfWork, files: Sequence[tuple[str, int, str]], *, least: int, most: int
) -> None:
    """Notes published files (sha256, bytes, name) to be looked at, each once."""
    await uow.execute(
        """
        INSERT INTO likeness.files (sha256, size_bytes, name, state, noted_at)
        SELECT DISTINCT ON (f.sha256) f.sha256, f.size_bytes, f.name,
            CASE WHEN f.size_bytes BETWEEN %(least)s AND %(most)s THEN 'waiting' ELSE 'skipped' END,
            %(now)s
        FROM unnest(%(sha256s)s::text[], %(sizes)s::bigint[], %(names)s::text[])
            AS f (sha256, size_bytes, name)
        ON CONFLICT DO NOTHING
        """,
        sha256s=[one[0] for one in files],
        sizes=[one[1] for one in files],
        names=[one[2] for one in files],
        least=least,
        most=most,
        now=uow.now,
    )


async def waiting(uow: UnitOfWork, *, limit: int) -> list[WaitingRow]:
    """The next files to look at, those that failed before last."""
    return await uow.all(
        WaitingRow,
        """
        SELECT sha256, size_bytes, name, attempts FROM likeness.files WHERE state = 'waiting'
        ORDER BY attempts, noted_at, sha256 LIMIT %(limit)s
        """,
        limit=limit,
    )


async def state(uow: UnitOfWork, sha256: str) -> LookedAt | None:
    """Whether a file was looked at; None when it was never noted."""
    found: LookedAt | None = await uow.value(
        "SELECT state FROM likeness.files WHERE sha256 = %(sha256)s", sha256=sha256
    )
    return found


async def known(uow: UnitOfWork, sha256: str, features: Features) -> bool:
    """Keeps a file's features; False when somebody did before."""
    touched = await uow.execute(
        """
        UPDATE likeness.files SET state = 'known', known_at = %(now)s
        WHERE sha256 = %(sha256)s AND state = 'waiting'
        """,
        sha256=sha256,
        now=uow.now,
    )
    if touched == 0:
        return False
    rows = [
        (kind, feature, weight)
        for kind, found in _by_kind(features).items()
        for feature, weight in found.items()
    ]
    await uow.execute(
        """
        INSERT INTO likeness.features (sha256, kind, feature, weight)
        SELECT %(sha256)s, f.kind, f.feature, f.weight
        FROM unnest(%(kinds)s::text[], %(features)s::bigint[], %(weights)s::bigint[])
            AS f (kind, feature, weight)
        """,
        sha256=sha256,
        kinds=[row[0] for row in rows],
        features=[row[1] for row in rows],
        weights=[row[2] for row in rows],
    )
    return True


async def failed(uow: UnitOfWork, sha256s: Sequence[str], *, most_attempts: int) -> None:
    """Notes that looking went wrong; after so many times it is given up."""
    await uow.execute(
        """
        UPDATE likeness.files SET attempts = attempts + 1,
            state = CASE WHEN attempts + 1 >= %(most)s THEN 'failed' ELSE state END
        WHERE sha256 = ANY(%(sha256s)s) AND state = 'waiting'
        """,
        sha256s=list(sha256s),
        most=most_attempts,
    )


async def features(uow: UnitOfWork, sha256s: Sequence[str], *, kind: Kind) -> list[FeatureRow]:
    """The features of one kind of these files."""
    return await uow.all(
        FeatureRow,
        """
        SELECT sha256, kind, feature, weight FROM likeness.features
        WHERE sha256 = ANY(%(sha256s)s) AND kind = %(kind)s
        """,
        sha256s=list(sha256s),
        kind=kind,
    )


async def weights(uow: UnitOfWork, sha256: str) -> Mapping[str, int]:
    """How many bytes the features of each kind stand for."""
    rows = await uow.all(
        _Weight,
        """
        SELECT kind, sum(weight)::bigint AS weight FROM likeness.features
        WHERE sha256 = %(sha256)s GROUP BY kind
        """,
        sha256=sha256,
    )
    return {row.kind: row.weight for row in rows}


async def sharing(uow: UnitOfWork, sha256: str, *, limit: int) -> list[SharedRow]:
    """Files that share features with this one, of each kind those that share most first."""
    return await uow.all(
        SharedRow,
        """
        SELECT sha256, kind, shared FROM (
            SELECT other.sha256, f.kind, sum(f.weight)::bigint AS shared,
                row_number() OVER (PARTITION BY f.kind ORDER BY sum(f.weight) DESC, other.sha256)
                    AS place
            FROM likeness.features f CROSS JOIN LATERAL (
                SELECT o.sha256 FROM likeness.features o
                WHERE o.kind = f.kind AND o.feature = f.feature AND o.sha256 <> f.sha256
                LIMIT %(per_feature)s
            ) AS other
            WHERE f.sha256 = %(sha256)s
            GROUP BY other.sha256, f.kind
        ) AS found
        WHERE place <= %(limit)s ORDER BY shared DESC, sha256
        """,
        sha256=sha256,
        per_feature=PER_FEATURE,
        limit=limit,
    )


class _Weight(msgspec.Struct, frozen=True, kw_only=True):
    kind: str
    weight: int


def _by_kind(features: Features) -> dict[str, dict[int, int]]:
    return {"chunk": features.chunk, "tensor": features.tensor, "shape": features.shape}
