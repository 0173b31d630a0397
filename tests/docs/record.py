"""Follows docs/reference/api.md on a running marketplace and writes its real answers into the page
and into the OpenAPI description's examples:  python -m tests.docs.record http://127.0.0.1:8000
"""

import json
import re
import sys
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.docs.worked import EXAMPLES, PAGE, Step, render, run, shorten

SHOWN_HOST = "127.0.0.1:8000"
"""Stands in what is written for the marketplace that was asked."""
Description = dict[str, Any]  # a node of the OpenAPI description, which is JSON


def main() -> None:
    """Rewrites every answer block, from the last to the first, and the examples."""
    base_url = sys.argv[1].rstrip("/")
    host = urlsplit(base_url).netloc
    text = PAGE.read_text()
    done = list(run(base_url, text))
    for step, answer in reversed(done):
        start, end = step.span
        text = text[:start] + render(answer).replace(host, SHOWN_HOST) + text[end:]
    PAGE.write_text(text)
    paths = httpx.get(f"{base_url}/openapi.json", timeout=60).json()["paths"]
    recorded = json.dumps(examples(done, paths), indent=1, ensure_ascii=False, sort_keys=True)
    EXAMPLES.write_text(recorded.replace(host, SHOWN_HOST) + "\n")


def examples(
    done: list[tuple[Step, httpx.Response]], paths: Description
) -> dict[str, dict[str, Any]]:
    """The first good answer of each address, with every parameter that any request there shows."""
    found: dict[str, dict[str, Any]] = {}
    for step, answer in done:
        template = template_of(answer.request.url.path, paths)
        if template is None or answer.status_code >= 400:
            continue
        operation = paths[template][step.method.lower()]
        shown = parameters(answer.request, template, operation.get("parameters", []))
        example = found.setdefault(f"{step.method} {template}", _example(answer))
        example["parameters"] = shown | example["parameters"]
    return found


def template_of(path: str, templates: Description) -> str | None:
    """The address as the OpenAPI writes it: `/api/v1/listings/{listing_id}`."""
    bare = path.partition("?")[0]
    for template in sorted(templates, key=lambda one: one.count("{")):
        if _pattern(template).fullmatch(bare):
            return template
    return None


def parameters(
    request: httpx.Request, template: str, described: list[Description]
) -> dict[str, Any]:
    """What a request gave for each described parameter, as `place name`, in the type it has."""
    match = _pattern(template).fullmatch(request.url.path)
    path = {} if match is None else match.groupdict()
    query = parse_qs(request.url.query.decode())
    shown: dict[str, Any] = {}
    for parameter in described:
        name = parameter["name"]
        given = {
            "path": [path[name]] if name in path else [],
            "query": query.get(name, []),
            "header": request.headers.get_list(name),
        }[parameter["in"]]
        if given:
            shown[f"{parameter['in']} {name}"] = _typed(given, parameter["schema"]["type"])
    return shown


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template)))


def _typed(given: list[str], kind: str) -> Any:  # a JSON value
    if kind == "array":
        return given
    return json.loads(given[0]) if kind in ("integer", "number", "boolean") else given[0]


def _example(answer: httpx.Response) -> dict[str, Any]:
    example: dict[str, Any] = {"status": answer.status_code, "parameters": {}}
    request = answer.request
    if request.content:
        text = request.content.decode()
        example["request"] = json.loads(text) if _is_json(request.headers) else text
    if answer.content:
        example["answer"] = shorten(answer.json() if _is_json(answer.headers) else answer.text)
    return example


def _is_json(headers: httpx.Headers) -> bool:
    return "json" in headers.get("content-type", "")


if __name__ == "__main__":
    main()
