"""The compiled contracts that are packaged with Souk, and calls of them as bytes."""

from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

FOLDER: Final = Path(__file__).parent / "abi"


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """One input or output, with its members when it is a tuple."""

    type: str
    components: tuple["Parameter", ...] = ()

    @property
    def canonical(self) -> str:
        """The type as a selector and the codec want it."""
        if not self.type.startswith("tuple"):
            return self.type
        members = ",".join(member.canonical for member in self.components)
        return f"({members}){self.type.removeprefix('tuple')}"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A member of a contract's ABI."""

    type: str
    name: str = ""
    inputs: tuple[Parameter, ...] = ()
    outputs: tuple[Parameter, ...] = ()


class Contract(msgspec.Struct, frozen=True, kw_only=True):
    """A compiled contract."""

    contract: str
    abi: tuple[Entry, ...]
    bytecode: str

    def creation(self, *arguments: Any) -> bytes:  # what the ABI asks for
        """The data of the transaction that puts it on a chain."""
        entry = next((entry for entry in self.abi if entry.type == "constructor"), Entry(type=""))
        return bytes.fromhex(self.bytecode[2:]) + _encoded(entry, arguments)

    def call(self, name: str, *arguments: Any) -> bytes:  # what the ABI asks for
        """The data of a call."""
        from eth_utils.crypto import keccak  # noqa: PLC0415

        entry = self._function(name)
        types = ",".join(parameter.canonical for parameter in entry.inputs)
        return keccak(text=f"{name}({types})")[:4] + _encoded(entry, arguments)

    def answer(self, name: str, data: bytes) -> tuple[Any, ...]:  # what the ABI says
        """What a call has answered.

        Raises:
            ValueError: that is no answer of this function; there may be no contract.
        """
        from eth_abi.abi import decode  # noqa: PLC0415
        from eth_abi.exceptions import DecodingError  # noqa: PLC0415

        types = [parameter.canonical for parameter in self._function(name).outputs]
        try:
            return tuple(decode(types, data))
        except DecodingError as error:
            raise ValueError(f"{self.contract}.{name} answered something else: {error}") from error

    def _function(self, name: str) -> Entry:
        return next(e for e in self.abi if e.type == "function" and e.name == name)


@cache
def packaged(name: str) -> Contract:
    """The contract of this name."""
    return msgspec.json.decode((FOLDER / f"{name}.json").read_bytes(), type=Contract)


def _encoded(entry: Entry, arguments: tuple[Any, ...]) -> bytes:
    from eth_abi.abi import encode  # noqa: PLC0415

    return encode([parameter.canonical for parameter in entry.inputs], arguments)
