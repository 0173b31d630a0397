"""Every operation of the HTTP API as one list, from the description that /openapi.json has."""

from itertools import groupby
from typing import Final

import msgspec
from litestar.openapi.spec import OpenAPI, PathItem

_METHODS: Final = ("get", "post", "put", "patch", "delete", "head")


class OperationLine(msgspec.Struct, frozen=True, kw_only=True):
    """One operation: its method, its address, what it does, and where the description has it."""

    method: str
    path: str
    summary: str
    href: str


class OperationGroup(msgspec.Struct, frozen=True, kw_only=True):
    """The operations of one part of the marketplace, by address."""

    tag: str
    about: str
    lines: list[OperationLine]


def operation_groups(description: OpenAPI) -> list[OperationGroup]:
    """Groups in the order in which the description names its tags; others behind them."""
    known = {tag.name: tag.description or "" for tag in description.tags or []}
    order = {name: place for place, name in enumerate(known)}
    found = sorted(
        (
            (tag, line)
            for path, item in (description.paths or {}).items()
            for tag, line in _lines(path, item)
        ),
        key=lambda one: (order.get(one[0], len(order)), one[0], one[1].path),
    )
    return [
        OperationGroup(tag=tag, about=known.get(tag, ""), lines=[line for _, line in lines])
        for tag, lines in groupby(found, key=lambda one: one[0])
    ]


def _lines(path: str, item: PathItem) -> list[tuple[str, OperationLine]]:
    pointer = path.replace("~", "~0").replace("/", "~1")
    found = []
    for method in _METHODS:
        operation = getattr(item, method)
        if operation is not None:
            words = operation.description or operation.summary or ""
            line = OperationLine(
                method=method.upper(),
                path=path,
                summary=words.partition("\n\n")[0].replace("\n", " "),
                href=f"/openapi.json#/paths/{pointer}/{method}",
            )
            found.append(((operation.tags or ["other"])[0], line))
    return found
