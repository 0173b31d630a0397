"""The body of a commit: lines of JSON, read as they arrive, small files put aside at once."""

import base64
import binascii
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal

import msgspec

from souk.delivery.hub.errors import CommitMalformed
from souk.delivery.hub.model import README, Addition, Deletion, Operation, git_blob_id
from souk.delivery.hub.settings import HubSettings
from souk.kernel.errors import Invalid, TooLarge
from souk.kernel.paths import path_problem
from souk.kernel.texts import clean_text
from souk.works.artifacts.api import FileIntake, StagedFile

MAX_SUMMARY_CHARACTERS: Final = 500
MAX_DESCRIPTION_CHARACTERS: Final = 20_000
_SPARE_BYTES: Final = 64 * 1024
"""What a line has beside the content of its file."""


class _Line(msgspec.Struct, frozen=True):
    key: Literal["header", "file", "lfsFile", "deletedFile", "deletedFolder"]
    value: msgspec.Raw


class _Header(msgspec.Struct, frozen=True, rename="camel"):
    summary: str = ""
    description: str = ""
    parent_commit: str | None = None


class _File(msgspec.Struct, frozen=True):
    path: str
    content: str = ""
    encoding: Literal["base64", "utf-8"] = "utf-8"


class _LargeFile(msgspec.Struct, frozen=True):
    path: str
    oid: Annotated[str, msgspec.Meta(pattern="^[0-9a-fA-F]{64}$")]
    algo: Literal["sha256"] = "sha256"
    size: int | None = None


class _Deleted(msgspec.Struct, frozen=True):
    path: str


@dataclass(slots=True)
class CommitBody:
    """What a commit asks for."""

    summary: str = ""
    description: str = ""
    parent: str | None = None
    operations: list[Operation] = field(default_factory=list)
    staged: list[StagedFile] = field(default_factory=list)
    blob_ids: dict[str, str] = field(default_factory=dict)
    """Git's names of the small files, by sha256."""
    readme: bytes | None = None
    """The card, when the commit brings one inside."""

    @property
    def message(self) -> str:
        return f"{self.summary}\n\n{self.description}".strip()


class CommitReader:
    """Reads bodies."""

    def __init__(self, intake: FileIntake, *, settings: HubSettings) -> None:
        self._intake = intake
        self._settings = settings

    async def read(self, stream: AsyncIterable[bytes], body: CommitBody) -> None:
        """Reads the whole stream into `body`; what was staged is there also after an error.

        Raises:
            Malformed: `commit_malformed` with the line. TooLarge: `commit_too_large`.
            Unavailable: `storage_full`.
        """
        number = 0
        async for line in self._lines(stream):
            number += 1
            if line.strip():
                await self._take(body, number, line)

    async def _lines(self, stream: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
        """Lines without their ends, each within what one file may need."""
        longest = self._settings.max_inline_bytes * 4 // 3 + _SPARE_BYTES
        total = 0
        rest = bytearray()
        async for chunk in stream:
            total += len(chunk)
            if total > self._settings.max_commit_bytes:
                raise _too_large("A commit's body", self._settings.max_commit_bytes)
            rest += chunk
            if b"\n" in chunk:
                *lines, rest = rest.split(b"\n")
                for line in lines:
                    yield bytes(line)
            if len(rest) > longest:
                raise self._file_too_large()
        yield bytes(rest)

    def _file_too_large(self) -> TooLarge:
        return _too_large(
            "A file inside a commit",
            self._settings.max_inline_bytes,
            hint=" Send it as a large file before.",
        )

    async def _take(self, body: CommitBody, number: int, line: bytes) -> None:
        try:
            read = msgspec.json.decode(line, type=_Line)
            await self._apply(body, read)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise CommitMalformed(number, f"it is not what the protocol says: {error}") from error
        except (binascii.Error, ValueError) as error:
            raise CommitMalformed(number, f"its content is no base64: {error}") from error
        if len(body.operations) > self._settings.max_operations:
            raise CommitMalformed(
                number, f"a commit may have at most {self._settings.max_operations} operations"
            )

    async def _apply(self, body: CommitBody, line: _Line) -> None:
        if line.key == "header":
            header = _value(line, _Header)
            body.summary = clean_text(
                header.summary, name="summary", at_most=MAX_SUMMARY_CHARACTERS
            )
            body.description = clean_text(
                header.description, name="description", at_most=MAX_DESCRIPTION_CHARACTERS
            )
            body.parent = header.parent_commit
        elif line.key == "file":
            await self._take_file(body, _value(line, _File))
        elif line.key == "lfsFile":
            large = _value(line, _LargeFile)
            _check_path(large.path)
            body.operations.append(
                Addition(path=large.path, sha256=large.oid.lower(), size_bytes=large.size)
            )
        else:
            gone = _value(line, _Deleted)
            body.operations.append(Deletion(path=gone.path, folder=line.key == "deletedFolder"))

    async def _take_file(self, body: CommitBody, file: _File) -> None:
        _check_path(file.path)
        content = (
            base64.b64decode(file.content, validate=True)
            if file.encoding == "base64"
            else file.content.encode()
        )
        if len(content) > self._settings.max_inline_bytes:
            raise self._file_too_large()
        staged = await self._intake.stage(content, name=file.path.rpartition("/")[2][:255])
        body.staged.append(staged)
        body.blob_ids[staged.sha256] = git_blob_id(content)
        body.operations.append(
            Addition(path=file.path, sha256=staged.sha256, size_bytes=staged.size_bytes)
        )
        if file.path == README:
            body.readme = content


def _check_path(path: str) -> None:
    problem = path_problem(path)
    if problem is not None:
        raise Invalid("path_invalid", f"The path {path[:80]!r} {problem}; nothing was committed.")


def _value(line: _Line, kind: Any) -> Any:  # one of the structs above, and an instance of it
    return msgspec.json.decode(line.value, type=kind)


def _too_large(what: str, limit: int, *, hint: str = "") -> TooLarge:
    return TooLarge("commit_too_large", f"{what} may have at most {limit} bytes.{hint}")
