"""The SQL of webhooks for alerts. All of it belongs to the operator: system scope."""

from datetime import datetime

import msgspec

from souk.infra.postgres.uow import UnitOfWork


class WebhookRow(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook as it is stored."""

    id: str
    url: str
    secret_sealed: bytes
    created_by: str
    created_at: datetime
    last_at: datetime | None = None
    last_problem: str = ""


_COLUMNS = ", ".join(WebhookRow.__struct_fields__)


async def add(uow: UnitOfWork, row: WebhookRow) -> None:
    """Stores a webhook."""
    await uow.execute(
        """
        INSERT INTO cdn.alert_webhooks (id, url, secret_sealed, created_by, created_at)
        VALUES (%(id)s, %(url)s, %(secret_sealed)s, %(created_by)s, %(created_at)s)
        """,
        id=row.id,
        url=row.url,
        secret_sealed=row.secret_sealed,
        created_by=row.created_by,
        created_at=row.created_at,
    )


async def all_of_them(uow: UnitOfWork) -> list[WebhookRow]:
    """Every webhook, the oldest first."""
    return await uow.all(WebhookRow, f"SELECT {_COLUMNS} FROM cdn.alert_webhooks ORDER BY id")


async def get(uow: UnitOfWork, webhook_id: str) -> WebhookRow | None:
    """One webhook."""
    return await uow.one_or_none(
        WebhookRow, f"SELECT {_COLUMNS} FROM cdn.alert_webhooks WHERE id = %(id)s", id=webhook_id
    )


async def remove(uow: UnitOfWork, webhook_id: str) -> bool:
    """Drops a webhook; False when there is none."""
    touched = await uow.execute("DELETE FROM cdn.alert_webhooks WHERE id = %(id)s", id=webhook_id)
    return touched == 1


async def note(uow: UnitOfWork, webhook_id: str, *, problem: str) -> None:
    """Notes how sending went, just now."""
    await uow.execute(
        """
        UPDATE cdn.alert_webhooks SET last_at = %(now)s, last_problem = %(problem)s
        WHERE id = %(id)s
        """,
        id=webhook_id,
        now=uow.now,
        problem=problem[:300],
    )
