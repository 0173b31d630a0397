"""Which organisations' rows a transaction may see: handed to PostgreSQL's row-level security."""

import re
from typing import Final

import msgspec

from souk.kernel.actor import Actor

_PLAIN: Final = re.compile(r"[a-z0-9_]*")


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of these organisations and this user, public rows, and nothing else."""

    organisation_ids: tuple[str, ...] = ()
    user_id: str = ""
    system: bool = False
    """Every row: for jobs that serve all organisations, and for admins."""

    def owns(self, organisation_id: str) -> bool:
        """Whether this organisation's rows are this scope's own."""
        return self.system or organisation_id in self.organisation_ids

    def statement(self) -> str:
        """The SQL that hands this scope to the policies, for the length of a transaction."""
        for text in (*self.organisation_ids, self.user_id):
            if not _PLAIN.fullmatch(text):
                raise ValueError(f"not an id: {text!r}")
        organisations = ",".join(self.organisation_ids)
        return (
            f"SET LOCAL souk.organisations = '{{{organisations}}}'; "
            f"SET LOCAL souk.user_id = '{self.user_id}'; "
            f"SET LOCAL souk.system = '{'on' if self.system else 'off'}'"
        )


SYSTEM: Final = Scope(system=True)
PUBLIC: Final = Scope()


def scope_of(actor: Actor) -> Scope:
    """The scope of a caller; an admin's is that of the system."""
    return Scope(
        organisation_ids=tuple(actor.memberships),
        user_id=actor.user_id or "",
        system=actor.is_admin,
    )
