"""Headers of safetensors files are strangers' words: none may stop the server, or be repeated."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.delivery.hub.raw import HubPerson, refusal, small


@pytest.fixture(scope="module")
def ada(base_url: str) -> Iterator[HubPerson]:
    person = HubPerson(base_url)
    yield person
    person.close()


def safetensors(header: Any) -> bytes:
    content = json.dumps(header).encode()
    return len(content).to_bytes(8, "little") + content


def tensor(*shape: object) -> dict[str, object]:
    return {"dtype": "F32", "shape": list(shape), "data_offsets": [0, 0]}


@pytest.mark.parametrize(
    "header",
    [
        {"w": tensor(*[2**62] * 150_000)},
        {"w": tensor(2**30, 2**30)},
        {f"w{n}": tensor(2**52) for n in range(9)},
        {"w": tensor(-5)},
        {"w": tensor("3")},
        [1, 2],
    ],
    ids=["endless", "too many", "too many together", "negative", "text", "no object"],
)
def test_a_header_that_lies_is_left_out(ada: HubPerson, header: Any) -> None:
    repo = ada.repository()
    answer = ada.commit(repo, small("model.safetensors", safetensors(header)))
    assert answer.status_code == 200, answer.text
    info = ada.http.get(f"/api/models/{repo}")
    assert info.status_code == 200
    assert info.json().get("safetensors") is None


def test_parameters_are_counted_over_all_files(ada: HubPerson) -> None:
    repo = ada.repository()
    files = [
        small("a.safetensors", safetensors({"__metadata__": {"a": "b"}, "w": tensor(3, 4)})),
        small("b.safetensors", safetensors({"w": tensor(), "v": tensor(0, 7)})),
    ]
    assert ada.commit(repo, *files).status_code == 200
    counted = ada.http.get(f"/api/models/{repo}").json()["safetensors"]
    assert counted == {"parameters": {"F32": 13}, "total": 13}


def test_all_headers_together_have_a_limit(ada: HubPerson) -> None:
    """Each of the files may be read alone; a model of many such would fill the memory."""
    repo = ada.repository()
    content = safetensors({"w": tensor(1), "__metadata__": {"pad": 7_000_000 * "x"}})
    names = [f"{n}.safetensors" for n in range(4)]
    index = json.dumps({"weight_map": {name: name for name in names}}).encode()
    lines = [small("model.safetensors.index.json", index)]
    answer = ada.commit(repo, *lines, *[small(name, content) for name in names])
    assert answer.status_code == 200, answer.text
    path = f"/api/models/{repo}/safetensors-metadata/model.safetensors.index.json"
    answer = ada.http.get(path)
    assert refusal(answer, 422) == "safetensors_invalid"
