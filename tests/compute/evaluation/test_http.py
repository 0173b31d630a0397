"""Evaluations over HTTP and through the worker: asked for, run, shown, and told to the seller."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.compute.evaluation import models
from tests.security.world import Person

pytestmark = pytest.mark.database

FINISHED = "evaluation.finished"
CLAIMS = [
    {"name": "accuracy", "value": 0.9, "dataset": "Ours", "how": "counted"},
    {"name": "macro F1", "value": 0.2},
    {"name": "ROC AUC", "value": 0.99},
]


@pytest.fixture(scope="module")
def ada(base_url: str) -> Iterator[Person]:
    person = Person(base_url, "Ada Lovelace")
    yield person
    person.close()


@pytest.fixture(scope="module")
def mallory(base_url: str) -> Iterator[Person]:
    person = Person(base_url, "Mallory")
    yield person
    person.close()


@pytest.fixture(scope="module")
def dataset(ada: Person) -> Any:
    return ada.publish(models.nine_of_ten(), "data.csv", kind="dataset", price_minor=0)


def model(seller: Person, content: bytes, **fields: Any) -> Any:
    """A published model; the listing is of a kind and name of its own each time."""
    values = {"kind": "model", "metrics": CLAIMS, **fields}
    return seller.publish(content, "model.onnx", **values)


def ask(person: Person, listing: Any, on: Any, **fields: Any) -> Any:
    body = {"dataset": on["address"], "target": "label", **fields}
    return person.ask("POST", f"/listings/{listing['id']}/evaluations", body)


def ended(person: Person, evaluation_id: str) -> Any:
    """The evaluation when the worker is done with it."""
    until = time.monotonic() + 40
    while time.monotonic() < until:
        found = person.do("GET", f"/evaluations/{evaluation_id}")
        if found["state"] in {"finished", "failed"}:
            return found
        time.sleep(0.1)
    raise AssertionError("the worker did not run it")


@pytest.fixture(scope="module")
def verified(ada: Person, dataset: Any) -> tuple[Any, Any]:
    """A model of Ada's, and the run that verified one of its metrics and not the other."""
    listing = model(ada, models.larger_column())
    asked = ask(ada, listing, dataset)
    assert asked.status_code == 202, asked.text
    return listing, ended(ada, asked.json()["id"])


def test_a_metric_that_comes_out_as_claimed_is_verified(
    ada: Person, mallory: Person, verified: tuple[Any, Any]
) -> None:
    listing, run = verified
    assert run["state"] == "finished", run
    assert run["row_count"] == 100
    assert {one["name"]: one["verdict"] for one in run["results"]} == {
        "accuracy": "verified",
        "macro F1": "differs",
    }
    assert run["environment"]["onnxruntime"]
    assert "read 100 rows" in run["log"]
    public = mallory.do("GET", f"/listings/{listing['id']}/metrics")
    assert public["version"] == "1.0.0"
    marks = {one["metric"]["name"]: one["verified"] for one in public["metrics"]}
    assert marks["macro F1"] is None
    assert marks["ROC AUC"] is None
    assert marks["accuracy"]["value"] == 0.9
    assert marks["accuracy"]["evaluation_id"] == run["id"]


def test_a_comparison_says_which_figures_were_measured_here(
    ada: Person, mallory: Person, base_url: str, verified: tuple[Any, Any]
) -> None:
    listing, _ = verified
    claimed = model(ada, models.says_the_colour())
    asked = f"/compare?listing={listing['id']}&listing={claimed['id']}"
    rows = {row["name"]: row for row in mallory.do("GET", asked)["rows"]}
    assert [cell["verified"] for cell in rows["accuracy"]["cells"]] == [True, False]
    assert not any(cell["verified"] for cell in rows["macro F1"]["cells"]), "it came out otherwise"
    assert "Parameters" not in rows, "neither has any that the scan could count"
    page = httpx.get(f"{base_url}/compare?ids={listing['address']},{claimed['address']}").text
    assert page.count("Measured here") == 1


def test_a_model_is_run_on_parquet_and_on_no_other_file(ada: Person) -> None:
    colours = ["red", "blue"] * 5
    data = models.parquet_of(colour=colours, size=range(10), label=[*colours[:9], "green"])
    shelf = ada.publish(data, "data.parquet", kind="dataset", price_minor=0)
    asked = ask(ada, model(ada, models.says_the_colour()), shelf)
    assert asked.status_code == 202, asked.text
    run = ended(ada, asked.json()["id"])
    verdicts = {one["name"]: one["verdict"] for one in run["results"]}
    assert (run["problem"], run["row_count"], verdicts["accuracy"]) == ("", 10, "verified")
    other = ada.publish(b"a photograph", "data.txt", kind="dataset", price_minor=0)
    for fields, words in (
        ({"data_file": "data.txt"}, "neither CSV nor Parquet"),
        ({}, "no CSV or Parquet file"),
    ):
        refused = ask(ada, model(ada, models.says_the_colour()), other, **fields)
        assert (refused.status_code, refused.json()["code"]) == (422, "attachment_invalid")
        assert words in refused.json()["detail"]


def test_others_see_what_was_verified_and_nothing_else(
    ada: Person, mallory: Person, verified: tuple[Any, Any]
) -> None:
    listing, run = verified
    (seen,) = mallory.do("GET", f"/listings/{listing['id']}/evaluations")["items"]
    assert [one["name"] for one in seen["results"]] == ["accuracy"]
    assert seen["log"] == ""
    assert seen["model"] == run["model"]
    assert mallory.do("GET", f"/evaluations/{run['id']}") == seen
    assert ask(mallory, listing, {"address": "x/y"}).status_code == 403


def test_the_seller_is_told(ada: Person, verified: tuple[Any, Any]) -> None:
    listing, _ = verified
    until = time.monotonic() + 20
    while time.monotonic() < until:
        notices = ada.do("GET", "/notices")["items"]
        link = f"/{listing['address']}#metrics"
        told = [one for one in notices if (one["kind"], one["link"]) == (FINISHED, link)]
        if told:
            assert "not every metric" in told[0]["title"]
            return
        time.sleep(0.1)
    raise AssertionError("nobody was told")


def test_another_figure_or_version_has_to_be_verified_again(
    ada: Person, verified: tuple[Any, Any], dataset: Any
) -> None:
    listing = model(ada, models.larger_column(), metrics=CLAIMS[:1])
    run = ended(ada, ask(ada, listing, dataset).json()["id"])
    assert run["results"][0]["verdict"] == "verified"
    path = f"/listings/{listing['id']}"
    ada.do("PATCH", path, {"metrics": [{**CLAIMS[0], "value": 0.99}]})
    assert ada.do("GET", f"{path}/metrics")["metrics"][0]["verified"] is None
    ada.do("PATCH", path, {"metrics": CLAIMS[:1]})
    assert ada.do("GET", f"{path}/metrics")["metrics"][0]["verified"] is not None
    files = [{"path": "model.onnx", "sha256": ada.upload(models.wants_seven_columns())}]
    ada.do("POST", f"{path}/versions", {"version": "2.0.0", "files": files})
    ada.do("POST", f"{path}/publish")
    assert ada.do("GET", f"{path}/metrics")["metrics"][0]["verified"] is None


def test_a_failed_run_says_why_to_its_seller_alone(
    ada: Person, mallory: Person, dataset: Any
) -> None:
    listing = model(ada, models.wants_seven_columns())
    run = ended(ada, ask(ada, listing, dataset).json()["id"])
    assert run["state"] == "failed"
    assert "does not run" in run["problem"]
    assert mallory.do("GET", f"/listings/{listing['id']}/evaluations")["items"] == []
    assert mallory.ask("GET", f"/evaluations/{run['id']}").status_code == 404


def test_rows_that_the_model_never_saw(ada: Person, dataset: Any) -> None:
    listing = ada.draft(kind="model", metrics=[{"name": "accuracy", "value": 0.5}])
    rows = b"[3, 4]"
    files = [
        {"path": "model.onnx", "sha256": ada.upload(models.larger_column())},
        {"path": "held-out.json", "sha256": ada.upload(rows)},
    ]
    path = f"/listings/{listing['id']}"
    ada.do("POST", f"{path}/versions", {"version": "1.0.0", "files": files})
    published = ada.do("POST", f"{path}/publish")
    run = ended(ada, ask(ada, published, dataset, rows_file="held-out.json").json()["id"])
    assert (run["row_count"], run["results"][0]["value"]) == (2, 0.5)
    assert run["rows"]["path"] == "held-out.json"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"dataset": "nobody/nothing"}, "no listing"),
        ({"data_file": "other.csv"}, "other.csv"),
        ({"model_file": "../model.onnx"}, "model.onnx"),
        ({"rows_file": "rows.json"}, "rows.json"),
    ],
)
def test_an_attachment_that_is_not_there(
    ada: Person, verified: tuple[Any, Any], dataset: Any, fields: dict[str, str], words: str
) -> None:
    answer = ask(ada, verified[0], dataset, **fields)
    assert (answer.status_code, answer.json()["code"]) == (422, "attachment_invalid")
    assert words in answer.json()["detail"]


def test_what_cannot_be_verified(
    ada: Person, mallory: Person, verified: tuple[Any, Any], dataset: Any
) -> None:
    nothing = model(ada, models.sum_of_columns(), metrics=CLAIMS[2:])
    for listing in (nothing, dataset):
        answer = ask(ada, listing, dataset)
        assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_verify")
    dear = mallory.publish(b"a,b,label\n1,2,1\n", "data.csv", kind="dataset", price_minor=500)
    answer = ask(ada, verified[0], dear)
    assert (answer.status_code, answer.json()["code"]) == (422, "attachment_invalid")
    assert "no licence" in answer.json()["detail"]
    answer = ask(ada, verified[0], verified[0])
    assert "no published dataset" in answer.json()["detail"]
