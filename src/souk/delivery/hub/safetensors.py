"""What safetensors files say of their tensors, read from their headers.

They are a stranger's, and read for everybody who looks at a repository: all headers of one together
have a limit, they are parsed beside the event loop, and no number in them is believed to be small.
"""

import asyncio
from collections import Counter, OrderedDict
from typing import Any, Final

import msgspec

from souk.delivery.hub.errors import EntryUnknown
from souk.delivery.hub.settings import HubSettings
from souk.delivery.hub.trees import Tree
from souk.delivery.hub.wire import SafetensorsCount, SafetensorsHeaders
from souk.kernel.errors import Invalid
from souk.works.artifacts.api import Artifacts
from souk.works.revisions.api import TreeFile

SUFFIX: Final = ".safetensors"
MAX_SHARDS: Final = 256
MAX_INDEX_BYTES: Final = 32 * 2**20
KEPT_COUNTS: Final = 4096
MOST_PARAMETERS: Final = 2**53
"""Of one tensor, and of a model; whoever says more is not believed."""

Header = dict[str, Any]  # JSON as the file has it


class Tensors:
    """Reads headers; counts of parameters are kept by content."""

    def __init__(self, artifacts: Artifacts, *, settings: HubSettings) -> None:
        self._artifacts = artifacts
        self._limit = settings.max_safetensors_header_bytes
        self._counts: OrderedDict[str, dict[str, int]] = OrderedDict()

    async def count(self, tree: Tree) -> SafetensorsCount | None:
        """Parameters of the weights in the top folder; None without such files."""
        weights = [
            file for file in tree.files if "/" not in file.path and file.path.endswith(SUFFIX)
        ]
        if not 1 <= len(weights) <= MAX_SHARDS:
            return None
        total: Counter[str] = Counter()
        room = _Room(self._limit)
        for file in weights:
            try:
                total.update(await self._count_of(file, room))
            except Invalid:
                return None
        if total.total() > MOST_PARAMETERS:
            return None
        return SafetensorsCount(parameters=dict(total), total=total.total())

    async def headers(self, tree: Tree, path: str) -> SafetensorsHeaders:
        """The index of a model in several files, and the header of each.

        Raises:
            NotFound: `entry_not_found` for the index or a file that it names.
            Invalid: `safetensors_invalid`.
        """
        index_file = tree.get(path)
        if index_file is None:
            raise EntryUnknown(path)
        if index_file.size_bytes > MAX_INDEX_BYTES:
            raise _invalid(path, "it is too large for an index")
        content = await self._read(index_file, 0, index_file.size_bytes)
        index = await asyncio.to_thread(_read_json, path, content)
        weight_map = index.pop("weight_map", None)
        if not isinstance(weight_map, dict):
            raise _invalid(path, "it has no weight_map")
        shards = sorted({name for name in weight_map.values() if isinstance(name, str)})
        if len(shards) > MAX_SHARDS:
            raise _invalid(path, f"it names more than {MAX_SHARDS} files")
        headers: dict[str, Header] = {}
        room = _Room(self._limit)
        for name in shards:
            file = tree.get(name)
            if file is None:
                raise EntryUnknown(name)
            headers[name] = await self._header(file, room)
        return SafetensorsHeaders(index=index, headers=headers)

    async def _count_of(self, file: TreeFile, room: "_Room") -> dict[str, int]:
        known = self._counts.get(file.sha256)
        if known is None:
            header = await self._header(file, room)
            known = await asyncio.to_thread(_parameters, file.path, header)
            self._counts[file.sha256] = known
            if len(self._counts) > KEPT_COUNTS:
                self._counts.popitem(last=False)
        return known

    async def _header(self, file: TreeFile, room: "_Room") -> Header:
        start = await self._read(file, 0, 8)
        length = int.from_bytes(start, "little")
        if len(start) < 8 or length > file.size_bytes - 8 or not room.has(length):
            raise _invalid(file.path, "its header is longer than the file, or than is read here")
        content = await self._read(file, 8, 8 + length)
        return await asyncio.to_thread(_read_json, file.path, content)

    async def _read(self, file: TreeFile, start: int, end: int) -> bytes:
        chunks = self._artifacts.open(file.sha256, start=start, end=end)
        return b"".join([chunk async for chunk in chunks])


class _Room:
    """How many bytes of headers may still be read for one answer."""

    def __init__(self, left: int) -> None:
        self._left = left

    def has(self, length: int) -> bool:
        """Takes so many bytes; False when there are fewer left."""
        if length > self._left:
            return False
        self._left -= length
        return True


def _parameters(path: str, header: Header) -> dict[str, int]:
    """How many parameters there are of each type.

    Raises:
        Invalid: `safetensors_invalid`.
    """
    found: Counter[str] = Counter()
    for name, tensor in header.items():
        if name == "__metadata__" or not isinstance(tensor, dict):
            continue
        shape, kind = tensor.get("shape"), tensor.get("dtype")
        if isinstance(shape, list) and isinstance(kind, str):
            found[kind] += _elements(path, shape)
    return dict(found)


def _elements(path: str, shape: list[object]) -> int:
    elements = 1
    for size in shape:
        if not isinstance(size, int) or size < 0:
            raise _invalid(path, "a shape in it holds what is no length")
        elements *= size
        if elements > MOST_PARAMETERS:  # stops here: the product would grow without end
            raise _invalid(path, f"it says that a tensor has more than {MOST_PARAMETERS} elements")
    return elements


def _read_json(path: str, content: bytes) -> Header:
    try:
        read = msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise _invalid(path, f"it is no JSON: {error}") from error
    if not isinstance(read, dict):
        raise _invalid(path, "it is no object")
    return read


def _invalid(path: str, why: str) -> Invalid:
    return Invalid("safetensors_invalid", f"{path[:200]!r} cannot be read: {why}.")
