"""Evaluations and galleries of listings."""

from souk_client.contracts.evaluations import (
    Evaluation,
    EvaluationList,
    EvaluationRequest,
    MeasuredMetrics,
)
from souk_client.contracts.galleries import Gallery, GalleryImage, ImageRequest
from souk_client.sdk.call import Call, Endpoint, Namespace, S, api


def ask_evaluation(listing_id: str, evaluation: EvaluationRequest) -> Call[Evaluation]:
    """Asks the marketplace to run a model on a dataset, and to compare with what is claimed."""
    path = api("listings", listing_id, "evaluations")
    return Call(method="POST", path=path, answer=Evaluation, body=evaluation)


def get_evaluation(evaluation_id: str) -> Call[Evaluation]:
    """One run."""
    return Call(method="GET", path=api("evaluations", evaluation_id), answer=Evaluation)


def list_evaluations(listing_id: str) -> Call[EvaluationList]:
    """Runs of a listing, newest first."""
    path = api("listings", listing_id, "evaluations")
    return Call(method="GET", path=path, answer=EvaluationList)


def measured_metrics(listing_id: str) -> Call[MeasuredMetrics]:
    """The metrics of a listing, each with `verified` where the marketplace got the same figure."""
    path = api("listings", listing_id, "metrics")
    return Call(method="GET", path=path, answer=MeasuredMetrics)


def list_images(listing_id: str) -> Call[Gallery]:
    """A listing's pictures in their order."""
    return Call(method="GET", path=api("listings", listing_id, "images"), answer=Gallery)


def add_image(listing_id: str, *, sha256: str, alt: str) -> Call[GalleryImage]:
    """Puts an uploaded picture at the end of the gallery."""
    path = api("listings", listing_id, "images")
    body = ImageRequest(sha256=sha256, alt=alt)
    return Call(method="POST", path=path, answer=GalleryImage, body=body)


class Evaluations(Namespace[S]):
    """Metrics that the marketplace measures again itself."""

    ask = Endpoint(ask_evaluation)
    get = Endpoint(get_evaluation)
    list = Endpoint(list_evaluations)
    metrics = Endpoint(measured_metrics)


class Galleries(Namespace[S]):
    """The pictures of listings."""

    list = Endpoint(list_images)
    add = Endpoint(add_image)
