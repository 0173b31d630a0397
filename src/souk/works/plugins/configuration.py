"""The settings of a plug-in: the subset of JSON Schema (2020-12) that a manifest may use.

`type`, `title`, `description`, `default`, `enum`, bounds of numbers, texts and lists, `items`,
`properties`, `required` and a few `format`s. No references and no patterns: a form can be drawn
from it, and checking a value always takes a time that its size bounds.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Final, cast

from souk.works.plugins.errors import KeyProblem

MAX_DEPTH: Final = 5
MAX_PROPERTIES: Final = 100
MAX_CHOICES: Final = 200
MAX_INTEGER: Final = 2**53
FORMATS: Final = frozenset({"uri", "email", "date", "date-time", "password"})
_TYPES: Final = frozenset({"string", "integer", "number", "boolean", "array", "object"})
_EVERYWHERE: Final = frozenset({"type", "title", "description", "default", "enum"})
_BOUNDS: Final[dict[str, dict[str, type]]] = {
    "string": {"minLength": int, "maxLength": int, "format": str},
    "integer": {"minimum": int, "maximum": int},
    "number": {"minimum": float, "maximum": float},
    "boolean": {},
    "array": {"minItems": int, "maxItems": int, "items": dict},
    "object": {"properties": dict, "required": list},
}


def schema_problems(schema: object, *, where: str) -> list[KeyProblem]:
    """What keeps a table from being the schema of a plug-in's settings; its root is an object."""
    if isinstance(schema, dict) and schema.get("type", "object") != "object":
        return [KeyProblem(f"{where}.type", "the settings as a whole must be an object")]
    rooted = {"type": "object", **schema} if isinstance(schema, dict) else schema
    return list(_problems(rooted, where, depth=0))


def _problems(schema: object, where: str, *, depth: int) -> Iterator[KeyProblem]:
    if not isinstance(schema, dict):
        yield KeyProblem(where, "must be a table")
        return
    if depth > MAX_DEPTH:
        yield KeyProblem(where, f"is nested more than {MAX_DEPTH} deep")
        return
    kind = schema.get("type")
    if not isinstance(kind, str) or kind not in _TYPES:
        yield KeyProblem(f"{where}.type", f"must be one of {', '.join(sorted(_TYPES))}")
        return
    bounds = _BOUNDS[kind]
    for key, value in schema.items():
        at = f"{where}.{key[:60]}"
        if key not in _EVERYWHERE and key not in bounds:
            yield KeyProblem(at, f"is not known for a setting of type {kind}")
        elif key in ("title", "description"):
            if not fits("string", value) or len(str(value)) > 500:
                yield KeyProblem(at, "must be a text of at most 500 characters")
        elif key in bounds and not _is_a(bounds[key], value):
            yield KeyProblem(at, "is of the wrong kind")
    yield from _inside(schema, where, depth=depth)
    yield from _values(schema, kind, where)


def _inside(schema: Mapping[str, object], where: str, *, depth: int) -> Iterator[KeyProblem]:
    if "items" in schema:
        yield from _problems(schema["items"], f"{where}.items", depth=depth + 1)
    properties = schema.get("properties")
    if isinstance(properties, dict):
        if len(properties) > MAX_PROPERTIES:
            yield KeyProblem(f"{where}.properties", f"there are more than {MAX_PROPERTIES}")
            return
        for name, inner in properties.items():
            at = f"{where}.properties.{name[:60]}"
            if not name or len(name) > 60 or not name.isprintable():
                yield KeyProblem(at, "a name has 1 to 60 printable characters")
            yield from _problems(inner, at, depth=depth + 1)
    required = schema.get("required")
    if isinstance(required, list):
        known = properties if isinstance(properties, dict) else {}
        for index, name in enumerate(required):
            if not isinstance(name, str) or name not in known:
                yield KeyProblem(f"{where}.required[{index}]", "names no property")
    form = schema.get("format")
    if isinstance(form, str) and form not in FORMATS:
        yield KeyProblem(f"{where}.format", f"must be one of {', '.join(sorted(FORMATS))}")


def _values(schema: Mapping[str, object], kind: str, where: str) -> Iterator[KeyProblem]:
    choices = schema.get("enum")
    if choices is not None:
        if not isinstance(choices, list) or not 1 <= len(choices) <= MAX_CHOICES:
            yield KeyProblem(f"{where}.enum", f"must be a list of 1 to {MAX_CHOICES} values")
            return
        for index, choice in enumerate(choices):
            if not fits(kind, choice):
                yield KeyProblem(f"{where}.enum[{index}]", f"is no {kind}")
    if "default" in schema:
        default = schema["default"]
        if not fits(kind, default):
            yield KeyProblem(f"{where}.default", f"is no {kind} that JSON can hold")
        elif isinstance(choices, list) and default not in choices:
            yield KeyProblem(f"{where}.default", "is not among the values of enum")
        elif not _within(schema, default):
            yield KeyProblem(f"{where}.default", "lies outside the bounds of this setting")


def fits(kind: str, value: object) -> bool:
    """Whether a value is of a type, and JSON can hold it."""
    match kind:
        case "string":
            return isinstance(value, str) and all(sign in "\n\t" or sign >= " " for sign in value)
        case "integer":
            whole = isinstance(value, int) and not isinstance(value, bool)
            return whole and abs(cast(int, value)) < MAX_INTEGER
        case "number":
            if isinstance(value, float):
                return math.isfinite(value)
            return fits("integer", value)
        case "boolean":
            return isinstance(value, bool)
        case "array":
            return isinstance(value, list) and all(_is_json(item) for item in value)
        case _:
            return isinstance(value, dict) and all(
                fits("string", name) and _is_json(item) for name, item in value.items()
            )


def _is_json(value: object) -> bool:
    return any(fits(kind, value) for kind in _TYPES)


def _within(schema: Mapping[str, object], value: object) -> bool:
    size = len(value) if isinstance(value, str | list) else value
    if not isinstance(size, int | float):
        return True
    for low, high in (
        ("minimum", "maximum"),
        ("minLength", "maxLength"),
        ("minItems", "maxItems"),
    ):
        least, most = schema.get(low), schema.get(high)
        if isinstance(least, int | float) and size < least:
            return False
        if isinstance(most, int | float) and size > most:
            return False
    return True


def _is_a(kind: type, value: object) -> bool:
    if kind is int:
        return fits("integer", value)
    if kind is float:
        return fits("number", value)
    return isinstance(value, kind)
