"""Real WebAssembly modules, written by hand, and manifests around them."""

from collections.abc import Iterable, Mapping
from typing import Any

I32_TO_I32 = b"\x60\x01\x7f\x01\x7f"
"""A function type: one 32-bit number in, one out."""


def u32(value: int) -> bytes:
    """Unsigned LEB128."""
    out = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        out.append(low | (0x80 if value else 0))
        if not value:
            return bytes(out)


def section(number: int, body: bytes) -> bytes:
    return bytes([number]) + u32(len(body)) + body


def name(text: str) -> bytes:
    encoded = text.encode()
    return u32(len(encoded)) + encoded


def wasm(*functions: str, memory: str = "", custom: bytes = b"") -> bytes:
    """A module whose functions each return what they are given; it may export a memory too."""
    exports = [name(function) + b"\x00" + u32(index) for index, function in enumerate(functions)]
    if memory:
        exports.append(name(memory) + b"\x02\x00")
    body = b"\x04\x00\x20\x00\x0b"  # no locals; local.get 0; end
    parts = [section(1, u32(1) + I32_TO_I32)]
    parts.append(section(3, u32(len(functions)) + b"\x00" * len(functions)))
    if memory:
        parts.append(section(5, b"\x01\x00\x01"))
    parts.append(section(7, u32(len(exports)) + b"".join(exports)))
    parts.append(section(10, u32(len(functions)) + body * len(functions)))
    if custom:
        parts.append(section(0, name("note") + custom))
    return b"\0asm\x01\0\0\0" + b"".join(parts)


def manifest(plugin: str, version: str = "1.0.0", **changes: Any) -> str:
    """A `plugin.toml` with one entry point `run` in `run.wasm`.

    Args:
        changes: lines of the top by name (None leaves one out), `dependencies` and `conflicts`
            as mappings, `permissions` as a list, `more` as text at the end.
    """
    top = {
        "name": plugin,
        "version": version,
        "souk": "^1.0",
        "description": "Cuts texts into words.",
    }
    more = changes.pop("more", "")
    tables = {key: changes.pop(key, {}) for key in ("dependencies", "conflicts")}
    permissions = changes.pop("permissions", [])
    lines = [
        f"{key} = {_toml(value)}" for key, value in {**top, **changes}.items() if value is not None
    ]
    lines.append(f"permissions = {_toml(permissions)}")
    lines.append("""
[[entry_points]]
name = "run"
hook = "transform"
module = "run.wasm"
function = "run"
""")
    for key, table in tables.items():
        if table:
            lines += [
                f"[{key}]",
                *(f'"{other}" = {_toml(value)}' for other, value in table.items()),
            ]
    return "\n".join([*lines, more])


def _toml(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case Mapping():
            return "{ " + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + " }"
        case Iterable():
            return "[" + ", ".join(map(_toml, value)) + "]"
        case _:
            return str(value)
