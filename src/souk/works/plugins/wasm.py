"""Reads which functions a WebAssembly module exports, and nothing else of it.

Source: WebAssembly Core Specification 1.0, section 5.5 (binary format of modules). Only the headers
of sections and the export section are looked at, each number checked against what is left; nothing
is compiled or run.
"""

from typing import Final

MAGIC: Final = b"\0asm"
CORE_VERSION: Final = b"\x01\0\0\0"
MAX_SECTIONS: Final = 10_000
MAX_EXPORTS: Final = 10_000
MAX_NAME_BYTES: Final = 1024
_EXPORT_SECTION: Final = 7
_FUNCTION: Final = 0
_LAST_KIND: Final = 4
_LAST_SECTION: Final = 13


class WasmError(ValueError):
    """Not a module whose exports can be read; the message says where and why."""


class _Reader:
    """Bytes with a place, and an end that is never passed."""

    def __init__(self, data: memoryview, start: int, end: int) -> None:
        self.data = data
        self.at = start
        self.end = end

    def byte(self) -> int:
        if self.at >= self.end:
            raise WasmError(f"the module ends too early, at byte {self.at}")
        self.at += 1
        return self.data[self.at - 1]

    def u32(self) -> int:
        """An unsigned LEB128 number of at most 32 bits."""
        value = 0
        for shift in range(0, 35, 7):
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if not byte & 0x80:
                if value >= 2**32:
                    break
                return value
        raise WasmError(f"a number before byte {self.at} has more than 32 bits")

    def take(self, length: int) -> memoryview:
        if length > self.end - self.at:
            raise WasmError(f"the module ends too early, after byte {self.at}")
        self.at += length
        return self.data[self.at - length : self.at]


def exported_functions(module: bytes) -> frozenset[str]:
    """The names under which a core module exports functions.

    Raises:
        WasmError: it is no WebAssembly core module, or its sections do not add up.
    """
    if module[:4] != MAGIC:
        raise WasmError("this is no WebAssembly module: it does not begin with \\0asm")
    if module[4:8] != CORE_VERSION:
        raise WasmError("this is no core module of version 1 (components cannot be used yet)")
    reader = _Reader(memoryview(module), 8, len(module))
    functions: frozenset[str] | None = None
    for _ in range(MAX_SECTIONS):
        if reader.at == reader.end:
            return functions or frozenset()
        start = reader.at
        section = reader.byte()
        if section > _LAST_SECTION:
            raise WasmError(f"unknown section {section} at byte {start}")
        length = reader.u32()
        begins = reader.at
        reader.take(length)
        if section == _EXPORT_SECTION:
            if functions is not None:
                raise WasmError(f"a second export section at byte {start}")
            functions = _functions(_Reader(reader.data, begins, begins + length))
    raise WasmError(f"the module has more than {MAX_SECTIONS} sections")


def _functions(reader: _Reader) -> frozenset[str]:
    count = reader.u32()
    if count > MAX_EXPORTS:
        raise WasmError(f"the module exports more than {MAX_EXPORTS} things")
    names: dict[str, int] = {}
    for _ in range(count):
        name = _name(reader)
        kind = reader.byte()
        reader.u32()
        if kind > _LAST_KIND:
            raise WasmError(f"unknown kind of export {kind} before byte {reader.at}")
        if name in names:
            raise WasmError(f"the module exports {name[:80]!r} twice")
        names[name] = kind
    if reader.at != reader.end:
        raise WasmError("the export section has bytes left over")
    return frozenset(name for name, kind in names.items() if kind == _FUNCTION)


def _name(reader: _Reader) -> str:
    length = reader.u32()
    if length > MAX_NAME_BYTES:
        raise WasmError(f"the name of an export has more than {MAX_NAME_BYTES} bytes")
    try:
        return bytes(reader.take(length)).decode()
    except UnicodeDecodeError as error:
        raise WasmError(f"the name of an export before byte {reader.at} is no UTF-8") from error
