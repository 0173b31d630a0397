"""Documentation of a plug-in, made from its manifest: Markdown in which nothing of it is markup."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from souk.works.plugins.manifest import Manifest
from souk.works.plugins.permissions import permission_words

_MARKUP: Final = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~&:/@])")
_HOOKS: Final = {
    "event": "When `{}` happens",
    "http": "At the path `{}`",
    "schedule": "On the schedule `{}`",
    "transform": "When a file or text is put through it",
    "command": "When somebody starts it by hand",
}


def documentation(manifest: Manifest) -> str:
    """The manifest for readers: what it does, may do, needs and can be set to."""
    parts = [
        _about(manifest),
        _permissions(manifest),
        _entry_points(manifest),
        _configuration(manifest),
        _relations(manifest),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _about(manifest: Manifest) -> str:
    described = _plain(manifest.description)
    works = f"Version {_code(manifest.version)}, for plug-in API {_code(manifest.souk)}."
    return f"{described}\n\n{works}" if described else works


def _permissions(manifest: Manifest) -> str:
    if not manifest.permissions:
        return "## Permissions\n\nIt asks for none."
    lines = [
        f"- {_plain(permission_words(permission))}: {_code(permission)}"
        for permission in manifest.permissions
    ]
    return "\n".join(["## Permissions\n", *lines])


def _entry_points(manifest: Manifest) -> str:
    lines = [
        f"- {_code(point.name)}: {_HOOKS[point.hook].format(_inner(point.on or ''))}, "
        f"{_code(point.function)} in {_code(point.module)} runs"
        for point in manifest.entry_points
    ]
    return "\n".join(["## Entry points\n", *lines])


def _configuration(manifest: Manifest) -> str:
    lines = list(_settings(manifest.configuration or {}, ""))
    return "\n".join(["## Configuration\n", *lines]) if lines else ""


def _settings(schema: Mapping[str, Any], above: str) -> Iterator[str]:
    """A line for each setting, those inside others after them."""
    required = schema.get("required", [])
    for name, inner in schema.get("properties", {}).items():
        path = f"{above}{name}"
        facts = [inner["type"], *(["required"] if name in required else [])]
        if "default" in inner:
            facts.append(f"default {_code(_json(inner['default']))}")
        words = [_plain(str(inner[key])) for key in ("title", "description") if key in inner]
        if "enum" in inner:
            words.append(f"one of {', '.join(_code(_json(one)) for one in inner['enum'])}")
        told = f": {'; '.join(words)}" if words else ""
        yield f"- {_code(path)} ({', '.join(facts)}){told}"
        if inner["type"] == "object":
            yield from _settings(inner, f"{path}.")


def _relations(manifest: Manifest) -> str:
    lines = []
    for plugin, needed in manifest.dependencies.items():
        optional = ", when it is there" if needed.optional else ""
        lines.append(f"- [{_plain(plugin)}](/{plugin}) {_code(needed.range)}{optional}")
    needs = "\n".join(["## Dependencies\n", *lines]) if lines else ""
    against = [
        f"- [{_plain(plugin)}](/{plugin}) {_code(text)}"
        for plugin, text in manifest.conflicts.items()
    ]
    refused = "\n".join(["## Conflicts\n", "It cannot be beside:\n", *against]) if against else ""
    return "\n\n".join(part for part in (needs, refused) if part)


def _plain(text: str) -> str:
    """Text without line breaks in which every sign that Markdown reads is escaped."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))


def _inner(text: str) -> str:
    """For inside a code span: no backticks or line breaks."""
    return " ".join(text.replace("`", "'").split())


def _code(text: str) -> str:
    return f"`{_inner(text)}`"


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
