"""Facts about evaluations."""

from typing import ClassVar

from souk.kernel.events import Event


class EvaluationRequested(Event, frozen=True, kw_only=True):
    """Somebody wants a model's metrics to be re-run. The run starts on this."""

    topic: ClassVar[str] = "compute.evaluation_requested"
    evaluation_id: str
    listing_id: str
    organisation_id: str


class EvaluationFinished(Event, frozen=True, kw_only=True):
    """A run came to an end."""

    topic: ClassVar[str] = "compute.evaluation_finished"
    evaluation_id: str
    listing_id: str
    address: str
    title: str
    organisation_id: str
    """Who sells the model."""
    verified: list[str]
    """Names of the metrics that came out as claimed."""
    differing: list[str]
    """Names of those that did not."""
    problem: str = ""
    """Why nothing came out."""
