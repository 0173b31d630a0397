"""Parameters that a route does not take: refused by the API, ignored by pages."""

from typing import Any

import httpx
import pytest

from tests.security.world import Person

pytestmark = pytest.mark.database


def ask(base_url: str, path: str) -> httpx.Response:
    return httpx.get(f"{base_url}{path}")


@pytest.mark.parametrize(
    ("path", "unknown", "words"),
    [
        ("/api/v1/search?knd=model", ["knd"], "Did you mean kind?"),
        ("/api/v1/search?q=a&price_max=1&limit=2", ["price_max"], "Did you mean price_max_minor?"),
        ("/api/v1/search?Q=a", ["Q"], "takes no parameter 'Q'"),
        ("/api/v1/search?x[]=1&y=2&x[]=3", ["x[]", "y"], "'x[]', 'y'"),
        ("/api/v1/provenance/head?cursor=1", ["cursor"], "It takes none."),
        ("/api/v1/search?" + "&".join(f"{n:0100d}=1" for n in range(99)), None, "takes no"),
    ],
)
def test_the_api_names_what_it_does_not_take(
    base_url: str, path: str, unknown: list[str] | None, words: str
) -> None:
    answer = ask(base_url, path)
    assert (answer.status_code, answer.json()["code"]) == (400, "parameter_unknown")
    problem = answer.json()
    assert words in problem["detail"] and len(problem["detail"]) < 1500
    if unknown is not None:
        assert problem["unknown"] == unknown


def test_what_a_route_takes_may_be_left_out_repeated_or_empty(base_url: str) -> None:
    for query in ("", "?", "?q=", "?kind=model&kind=dataset&q=a"):
        # the index of a marketplace that has just started may not be there yet
        assert ask(base_url, f"/api/v1/search{query}").status_code in (200, 503)


def test_pages_are_lenient(base_url: str) -> None:
    for path in ("/?utm_source=x", "/sign-in?fbclid=1", "/collections?gclid=2"):
        assert ask(base_url, path).status_code == 200


def test_what_every_operation_takes_is_what_is_described(base_url: str) -> None:
    ada = Person(base_url, "Ada Lovelace")
    description: Any = ada.http.get("/openapi.json").json()
    tried = 0
    for path, methods in description["paths"].items():
        operation = methods.get("get")
        if operation is None or "{" in path or not path.startswith("/api/v1/"):
            continue
        parameters = operation.get("parameters", [])
        described = sorted(one["name"] for one in parameters if one["in"] == "query")
        answer = ada.http.get(f"{path}?surely_not_known=1")
        assert answer.status_code == 400, path
        assert answer.json()["known"] == described, path
        assert "parameter_unknown" in operation["responses"]["400"]["description"]
        tried += 1
    ada.close()
    assert tried > 20
