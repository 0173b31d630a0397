"""The rules of repositories: names of commits and files, and what a commit makes of a tree."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal

import msgspec

from souk.delivery.hub.errors import DeletedEntryUnknown, RepositoryUnknown
from souk.kernel.semver import precedence
from souk.works.revisions.api import TreeFile
from souk_client.contracts.base import ListingKind

OID_CHARACTERS: Final = 40
"""Clients take a commit for what git calls one: 40 hex digits. Ours are the first of a sha256."""
EMPTY_OID: Final = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
"""The commit of a repository without commits, which clients do not expect: git's empty tree."""
MAX_VERSION_CHARACTERS: Final = 64
TAG_PREFIX: Final = "tags/"
"""What refs that are tags begin with."""
README: Final = "README.md"

RepoType = Literal["model", "dataset"]

_OID: Final = re.compile(r"[0-9a-f]{7,64}")
_VERSION: Final = re.compile(
    r"v?((?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)"
)
_REF: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")

LARGE_SUFFIXES: Final = frozenset(
    (
        "7z arrow bin bz2 ckpt feather ftz gguf gz h5 joblib lz4 mds mlmodel model msgpack npy npz "
        "onnx ot parquet pb pickle pkl pt pth rar safetensors tar tflite tgz wasm xz zip zst "
        "bmp flac gif jpeg jpg m4a mov mp3 mp4 ogg pcm pdf png tif tiff wav webm webp"
    ).split()
)
"""Files that are never sent inside a commit, however small."""


def serves(repo_type: RepoType, kind: ListingKind) -> bool:
    """Whether a listing of this kind answers to this type of repository.

    Datasets are datasets; everything else that has files is a `model`, the type that tools take
    when none is named.
    """
    return (kind == "dataset") == (repo_type == "dataset")


def type_of(kind: ListingKind) -> RepoType:
    """The type of repository that a listing of this kind is."""
    return "dataset" if kind == "dataset" else "model"


def split_address(address: str) -> tuple[str, str]:
    """`owner/slug` in its parts.

    Raises:
        RepositoryUnknown: when it is no address.
    """
    owner, slash, slug = address.partition("/")
    if not slash or not owner or not slug or "/" in slug:
        raise RepositoryUnknown(address[:200])
    return owner, slug


def oid_of(revision_id: str | None) -> str:
    """What clients call a revision; None is that of a repository without commits."""
    return EMPTY_OID if revision_id is None else revision_id[:OID_CHARACTERS]


def as_oid(name: str) -> str | None:
    """The name of a revision as the beginning of an id; None when it cannot be one."""
    return name if _OID.fullmatch(name) else None


def as_version(name: str) -> str | None:
    """The semantic version that a name such as `1.2.0` or `v1.2.0` means; None for other names."""
    found = _VERSION.fullmatch(name)
    return found[1] if found and len(found[1]) <= MAX_VERSION_CHARACTERS else None


def ref_problem(name: str) -> str | None:
    """Why a branch or tag must not be called so; None when it may."""
    if not _REF.fullmatch(name) or ".." in name:
        return "must be letters, digits, dot, dash, plus and underscore, at most 100"
    if as_oid(name) is not None:
        return "must not look like a commit"
    if as_version(name) is not None:
        return "must not look like a version"
    return None


def next_version(versions: Iterable[str]) -> str:
    """The number after the highest one: its patch raised, or 1.0.0 for the first."""
    numbers = sorted(versions, key=precedence)
    if not numbers:
        return "1.0.0"
    core, _, before_release = numbers[-1].partition("+")[0].partition("-")
    major, minor, patch = core.split(".")
    return core if before_release else f"{major}.{minor}.{int(patch) + 1}"


def is_large(path: str, size_bytes: int, *, limit: int) -> bool:
    """Whether a file is sent before its commit rather than inside of it."""
    if size_bytes == 0:
        return False
    suffix = path.rpartition("/")[2].rpartition(".")[2].casefold()
    return size_bytes > limit or suffix in LARGE_SUFFIXES


def is_text(sample: bytes) -> bool:
    """Whether the beginning of a file reads as UTF-8; a character cut off at its end is fine."""
    if b"\0" in sample:
        return False
    try:
        sample.decode()
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    return True


def git_blob_id(content: bytes) -> str:
    """What git calls this content: sha1 over its header and itself."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def lfs_pointer(sha256: str, size_bytes: int) -> bytes:
    """The small file that git keeps in a large one's place."""
    return (
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size_bytes}\n"
    ).encode()


def folder_id(files: Iterable[TreeFile]) -> str:
    """A name for the content of a folder: clients only compare it."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.path}\0{file.sha256}\n".encode())
    return digest.hexdigest()[:OID_CHARACTERS]


class Addition(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a commit puts in place; `size_bytes` is None when it was sent before."""

    path: str
    sha256: str
    size_bytes: int | None = None


class Deletion(msgspec.Struct, frozen=True, kw_only=True):
    """A file, or a folder with everything below it, that a commit takes away."""

    path: str
    folder: bool


Operation = Addition | Deletion


def changed_tree(
    before: Sequence[TreeFile], operations: Sequence[Operation], sizes: Mapping[str, int]
) -> list[TreeFile]:
    """The tree after these operations, one after the other.

    Args:
        sizes: the size of each added content by its sha256.

    Raises:
        DeletedEntryUnknown: a deletion names what is not there.
    """
    tree = {file.path: file for file in before}
    for operation in operations:
        if isinstance(operation, Addition):
            tree[operation.path] = TreeFile(
                path=operation.path,
                sha256=operation.sha256,
                size_bytes=sizes[operation.sha256],
            )
        elif operation.folder:
            prefix = operation.path.rstrip("/") + "/"
            below = [path for path in tree if path.startswith(prefix)]
            if not below:
                raise DeletedEntryUnknown(operation.path, folder=True)
            for path in below:
                del tree[path]
        elif tree.pop(operation.path, None) is None:
            raise DeletedEntryUnknown(operation.path, folder=False)
    return list(tree.values())


def is_applied(files: Sequence[TreeFile], operations: Sequence[Operation]) -> bool:
    """Whether a tree is as these operations leave one: what they add is there, the rest is not."""
    there = {file.path: file.sha256 for file in files}
    wanted = {o.path: o.sha256 for o in operations if isinstance(o, Addition)}
    gone = [o for o in operations if isinstance(o, Deletion)]
    return all(there.get(path) == sha256 for path, sha256 in wanted.items()) and not any(
        path not in wanted and _takes(operation, path) for operation in gone for path in there
    )


def _takes(deletion: Deletion, path: str) -> bool:
    if deletion.folder:
        return path.startswith(deletion.path.rstrip("/") + "/")
    return path == deletion.path
