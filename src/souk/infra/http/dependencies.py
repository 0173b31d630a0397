"""What handlers receive by name: the caller and the transaction."""

from litestar.connection import Request
from litestar.datastructures import State
from litestar.di import Provide
from litestar.params import SkipValidation as Service

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor

__all__ = ["EDGE_DEPENDENCIES", "Service"]
# A handler that receives another context's service names its Protocol as `Service[Listings]`: what
# the container gives is not checked again at every request.


def provide_actor(request: Request[Actor, None, State]) -> Actor:
    """Who asks."""
    return request.user


def provide_uow(request: Request[Actor, None, State]) -> UnitOfWork:
    """The request's transaction."""
    uow: UnitOfWork = request.scope["state"]["uow"]
    return uow


EDGE_DEPENDENCIES = {
    "actor": Provide(provide_actor, sync_to_thread=False),
    "uow": Provide(provide_uow, sync_to_thread=False),
}
