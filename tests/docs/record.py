"""Follows docs/reference/api.md on a running marketplace and writes its real answers into the page
and into the OpenAPI description's examples:  python -m tests.docs.record http://127.0.0.1:8000
"""

import json
import re
import sys
from typing import Any

import httpx

from tests.docs.worked import EXAMPLES, PAGE, Step, render, run, shorten


def main() -> None:
    """Rewrites every answer block, from the last to the first."""
    base_url = sys.argv[1].rstrip("/")
    text = PAGE.read_text()
    done = list(run(base_url, text))
    for step, answer in reversed(done):
        start, end = step.span
        shown = render(answer).replace(base_url, "http://127.0.0.1:8000")
        text = text[:start] + shown + text[end:]
    PAGE.write_text(text)
    templates = httpx.get(f"{base_url}/openapi.json").json()["paths"]
    examples: dict[str, dict[str, Any]] = {}
    for step, answer in done:
        template = template_of(step.path, templates)
        key = f"{step.method} {template}"
        if template and key not in examples and answer.status_code < 400:
            examples[key] = _example(step, answer, base_url)
    EXAMPLES.write_text(json.dumps(examples, indent=1, ensure_ascii=False, sort_keys=True) + "\n")


def template_of(path: str, templates: dict[str, Any]) -> str | None:
    """The address as the OpenAPI writes it: `/api/v1/listings/{listing_id}`."""
    bare = path.partition("?")[0]
    for template in sorted(templates, key=lambda one: one.count("{")):
        if re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template)), bare):
            return template
    return None


def _example(step: Step, answer: httpx.Response, base_url: str) -> dict[str, Any]:
    example: dict[str, Any] = {"status": answer.status_code}
    if step.body.startswith("{"):
        example["request"] = json.loads(answer.request.content)
    if "json" in answer.headers.get("content-type", ""):
        text = json.dumps(shorten(answer.json())).replace(base_url, "http://127.0.0.1:8000")
        example["answer"] = json.loads(text)
    return example


if __name__ == "__main__":
    main()
