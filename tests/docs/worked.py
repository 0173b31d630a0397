"""The worked requests of docs/reference/api.md: read, run against a marketplace, compared.

A request is a fenced `http` block; the block after it is its answer. `${name}` stands for what an
earlier answer gave; a comment behind an answer names what to keep: `<!-- token = access_token -->`.
"""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "api.md"
EXAMPLES = ROOT / "src" / "souk" / "apps" / "api" / "examples.json"

_PAIR = re.compile(
    r"```http\n(?P<request>(?:GET|POST|PUT|PATCH|DELETE) .*?)\n```\n+"
    r"```http\n(?P<answer>HTTP/.*?)\n```(?:\n+<!-- (?P<keep>.*?) -->)?",
    re.DOTALL,
)
_PENDING = {"scan_pending", "proof_pending"}
_PATIENCE_S = 30.0
LONGEST = 96
"""Longer texts are shortened on the page."""


@dataclass
class Step:
    """One worked request."""

    method: str
    path: str
    headers: dict[str, str]
    body: str
    answer: str
    keep: dict[str, str]
    span: tuple[int, int]


@dataclass
class Run:
    """What happened when the page was followed."""

    kept: dict[str, str] = field(default_factory=dict)
    answers: list[httpx.Response] = field(default_factory=list)


def steps(text: str) -> list[Step]:
    """Every worked request of the page, in order."""
    return [_step(match) for match in _PAIR.finditer(text)]


def _step(match: re.Match[str]) -> Step:
    head, _, body = match["request"].partition("\n\n")
    first, *lines = head.split("\n")
    method, _, path = first.partition(" ")
    headers = dict(line.split(": ", 1) for line in lines)
    keep = dict(pair.split(" = ") for pair in (match["keep"] or "").split(", ") if pair)
    return Step(method, path, headers, body, match["answer"], keep, match.span("answer"))


def run(base_url: str, text: str) -> Iterator[tuple[Step, httpx.Response]]:
    """Follows the page as a stranger would, waiting where an answer says something is pending."""
    kept: dict[str, str] = {"HOST": base_url}
    with httpx.Client(base_url=base_url, timeout=30) as client:
        for step in steps(text):
            answer = _send(client, step, kept)
            if answer.headers.get("content-type", "").startswith("application/json"):
                for name, where in step.keep.items():
                    kept[name] = str(_dig(answer.json(), where))
            yield step, answer


def _send(client: httpx.Client, step: Step, kept: dict[str, str]) -> httpx.Response:
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        answer = client.request(
            step.method,
            _fill(step.path, kept).removeprefix(str(client.base_url).rstrip("/")),
            headers={name: _fill(value, kept) for name, value in step.headers.items()},
            content=_fill(step.body, kept).encode() or None,
        )
        pending = answer.status_code == 409 and answer.json().get("code") in _PENDING
        nothing_yet = step.path.startswith("/api/v1/search?") and not (
            answer.json()["items"]
            and (answer.json()["next_cursor"] or "next_cursor" not in step.keep.values())
        )
        no_place_yet = step.path.startswith("/api/v1/provenance/log") and any(
            entry["leaf_index"] is None for entry in answer.json()["items"]
        )
        not_scanned_yet = step.path.startswith("/api/v1/artifacts/") and (
            answer.json()["scan"]["state"] == "pending"
        )
        waits = pending or nothing_yet or no_place_yet or not_scanned_yet
        if not waits or time.monotonic() > deadline:
            return answer
        time.sleep(0.2)


def _fill(text: str, kept: dict[str, str]) -> str:
    return re.sub(r"\$\{(\w+)\}", lambda match: kept[match[1]], text)


def _dig(value: Any, where: str) -> Any:
    for part in where.split("."):
        value = value[int(part)] if part.isdigit() else value[part]
    return value


def shape(value: Any, *, scanned: bool = True) -> Any:
    """What stays the same from run to run: names and kinds of values.

    Args:
        scanned: whether every file's scan is over; before that it is under way, or over already
            when others uploaded the same bytes.
    """
    if isinstance(value, dict):
        return {
            name: "a scan" if name == "scan" and not scanned else shape(inner, scanned=scanned)
            for name, inner in sorted(value.items())
        }
    if isinstance(value, list):
        return [shape(value[0], scanned=scanned)] if value else []
    if isinstance(value, bool) or value is None:
        return type(value).__name__
    return "number" if isinstance(value, int | float) else "text"


def render(answer: httpx.Response) -> str:
    """An answer as the page shows it."""
    head = f"HTTP/1.1 {answer.status_code} {answer.reason_phrase}"
    kind = answer.headers.get("content-type", "").partition(";")[0]
    if not answer.content:
        return head
    if "json" in kind:
        body = json.dumps(shorten(answer.json()), indent=2, ensure_ascii=False)
    else:
        body = _short(answer.text.rstrip("\n"))
    return f"{head}\ncontent-type: {kind}\n\n{body}"


def shorten(value: Any) -> Any:
    """Long texts cut, long lists shown by their first two items."""
    if isinstance(value, dict):
        return {name: shorten(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shorten(inner) for inner in value[:2]]
    return _short(value) if isinstance(value, str) else value


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
