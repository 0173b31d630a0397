"""Likeness as other contexts ask for it."""

from souk.infra.postgres.uow import UnitOfWork
from souk.works.likeness import store
from souk.works.likeness.api import FoundBy, Like, LookedAt
from souk.works.likeness.model import LEAST_SHARE, resemblance

CANDIDATES = 50
_WORDS: dict[str, FoundBy] = {"tensor": "tensors", "shape": "shapes"}
_PLAINEST: tuple[FoundBy, ...] = ("tensors", "chunks", "shapes")


class LikenessService:
    """Implements `souk.works.likeness.api.Likeness`."""

    async def looked_at(self, uow: UnitOfWork, sha256: str) -> LookedAt:
        return await store.state(uow, sha256) or "unknown"

    async def like(self, uow: UnitOfWork, sha256: str, *, limit: int = 20) -> list[Like]:
        shared = await store.sharing(uow, sha256, limit=CANDIDATES)
        if not shared:
            return []
        found = await self._by_chunks(
            uow, sha256, [row.sha256 for row in shared if row.kind == "chunk"]
        )
        weights = await store.weights(uow, sha256)
        found += [
            Like(
                sha256=row.sha256,
                share=min(1.0, row.shared / weights[row.kind]),
                found_by=_WORDS[row.kind],
            )
            for row in shared
            if row.kind in _WORDS
        ]
        best: dict[str, Like] = {}
        for one in sorted(found, key=_most_alike):
            if one.share >= LEAST_SHARE[one.found_by]:
                best.setdefault(one.sha256, one)
        return list(best.values())[:limit]

    async def _by_chunks(self, uow: UnitOfWork, sha256: str, others: list[str]) -> list[Like]:
        rows = await store.features(uow, [sha256, *others], kind="chunk") if others else []
        samples: dict[str, set[int]] = {}
        for row in rows:
            samples.setdefault(row.sha256, set()).add(row.feature)
        own = frozenset(samples.get(sha256, ()))
        return [
            Like(
                sha256=other,
                share=resemblance(own, frozenset(samples[other])),
                found_by="chunks",
            )
            for other in others
        ]


def _most_alike(like: Like) -> tuple[float, int, str]:
    return -like.share, _PLAINEST.index(like.found_by), like.sha256
