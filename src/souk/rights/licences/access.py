"""Who may do what with a licence: pure, deny by default.

That a caller sees a licence at all is decided before, by the query and by row-level security:
members of the licensee's and of the licensor's organisation do, others are told it is not there.
"""

from souk.kernel.actor import Actor
from souk.kernel.errors import Forbidden
from souk_client.contracts.rights import Licence


def require_user_of(actor: Actor, licence: Licence) -> None:
    """Members of the licensee's organisation use the licence. Raises Forbidden `licensee_only`."""
    actor.require_user()
    if not (actor.belongs_to(licence.licensee.id) or actor.is_admin):
        raise Forbidden("licensee_only", "Only the licence's holder may do this.")


def require_seat_manager(actor: Actor, licence: Licence) -> None:
    """Managers of the licensee's organisation give seats. Raises Forbidden `licensee_only`."""
    actor.require_user()
    if not (actor.manages(licence.licensee.id) or actor.is_admin):
        raise Forbidden("licensee_only", "Only managers of the licence's holder give seats.")


def require_seat_freer(actor: Actor, licence: Licence, user_id: str) -> None:
    """Managers take seats back; everybody may give up their own. Raises Forbidden."""
    if actor.require_user() != user_id:
        require_seat_manager(actor, licence)


def require_revoker(actor: Actor, licence: Licence) -> None:
    """Managers of the licensor's organisation and admins. Raises Forbidden `licensor_only`."""
    actor.require_user()
    if not (actor.manages(licence.licensor.id) or actor.is_admin):
        raise Forbidden("licensor_only", "Only managers of the seller's organisation and admins.")
