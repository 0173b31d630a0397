"""Recognising what a file is: by its first bytes, and by its name only where they do not say."""

import codecs
from pathlib import PurePosixPath
from typing import Final, NamedTuple

HEAD_BYTES: Final = 64 * 1024
BINARY: Final = "application/octet-stream"


class Kind(NamedTuple):
    """A format and its media type."""

    name: str
    media_type: str


_MAGIC: Final = (
    (b"GGUF", Kind("gguf", BINARY)),
    (b"PAR1", Kind("parquet", "application/vnd.apache.parquet")),
    (b"ARROW1\0\0", Kind("arrow", "application/vnd.apache.arrow.file")),
    (b"\x89PNG\r\n\x1a\n", Kind("png", "image/png")),
    (b"\xff\xd8\xff", Kind("jpeg", "image/jpeg")),
    (b"GIF87a", Kind("gif", "image/gif")),
    (b"GIF89a", Kind("gif", "image/gif")),
    (b"%PDF-", Kind("pdf", "application/pdf")),
    (b"PK\x03\x04", Kind("zip", "application/zip")),
    (b"PK\x05\x06", Kind("zip", "application/zip")),
    (b"\x1f\x8b", Kind("gzip", "application/gzip")),
    (b"\xfd7zXZ\0", Kind("xz", "application/x-xz")),
    (b"\x28\xb5\x2f\xfd", Kind("zstd", "application/zstd")),
    (b"7z\xbc\xaf\x27\x1c", Kind("7z", "application/x-7z-compressed")),
    (b"Rar!\x1a\x07", Kind("rar", "application/vnd.rar")),
    (b"\x89HDF\r\n\x1a\n", Kind("hdf5", "application/x-hdf5")),
    (b"\x93NUMPY", Kind("npy", BINARY)),
    (b"\0asm", Kind("wasm", "application/wasm")),
    (b"\x7fELF", Kind("executable", "application/x-executable")),
    (b"\xcf\xfa\xed\xfe", Kind("executable", "application/x-mach-binary")),
    (b"\xce\xfa\xed\xfe", Kind("executable", "application/x-mach-binary")),
    (b"\xca\xfe\xba\xbe", Kind("executable", "application/x-mach-binary")),
    (b"#!", Kind("script", "text/x-shellscript")),
)
_PICKLE_SUFFIXES: Final = frozenset({".pkl", ".pickle", ".joblib", ".dill", ".p"})
_TORCH_SUFFIXES: Final = frozenset({".pt", ".pth", ".ckpt"})
_TEXT_TYPES: Final = {
    ".csv": Kind("csv", "text/csv"),
    ".tsv": Kind("csv", "text/tab-separated-values"),
    ".json": Kind("json", "application/json"),
    ".ipynb": Kind("json", "application/x-ipynb+json"),
    ".jsonl": Kind("jsonl", "application/jsonl"),
    ".ndjson": Kind("jsonl", "application/jsonl"),
    ".md": Kind("markdown", "text/markdown"),
    ".yaml": Kind("yaml", "application/yaml"),
    ".yml": Kind("yaml", "application/yaml"),
    ".html": Kind("html", "text/html"),
    ".htm": Kind("html", "text/html"),
    ".svg": Kind("svg", "image/svg+xml"),
    ".xml": Kind("xml", "application/xml"),
    ".py": Kind("python", "text/x-python"),
    ".js": Kind("javascript", "text/javascript"),
}


def recognise(name: str, head: bytes, size_bytes: int) -> Kind:
    """What a file is.

    Args:
        head: its first HEAD_BYTES.
    """
    suffix = PurePosixPath(name).suffix.lower()
    if suffix == ".onnx":
        return Kind("onnx", BINARY)
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return _zip_kind(suffix) if kind.name == "zip" else kind
    if head.startswith(b"BZh") and head[4:10] == b"1AY&SY":
        return Kind("bzip2", "application/x-bzip2")
    if head.startswith(b"MZ") and b"\0" in head[:64]:
        return Kind("executable", "application/x-msdownload")
    if head[257:262] == b"ustar":
        return Kind("tar", "application/x-tar")
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Kind("webp", "image/webp")
    if suffix == ".safetensors" or _is_safetensors(head, size_bytes):
        return Kind("safetensors", BINARY)
    if suffix == ".gguf":
        return Kind("gguf", BINARY)
    if suffix in _PICKLE_SUFFIXES or _has_pickle_header(head):
        return Kind("pickle", BINARY)
    if suffix in _TORCH_SUFFIXES:
        return Kind("pickle", BINARY)
    if _is_text(head, size_bytes):
        return _TEXT_TYPES.get(suffix, Kind("text", "text/plain"))
    return Kind("onnx" if _is_onnx(head) else "binary", BINARY)


def _zip_kind(suffix: str) -> Kind:
    if suffix in _TORCH_SUFFIXES or suffix == ".bin":
        return Kind("torch", BINARY)
    if suffix == ".npz":
        return Kind("npz", BINARY)
    return Kind("zip", "application/zip")


def _is_safetensors(head: bytes, size_bytes: int) -> bool:
    length = int.from_bytes(head[:8], "little")
    return len(head) > 10 and head[8:9] == b"{" and 2 <= length <= size_bytes - 8


def _has_pickle_header(head: bytes) -> bool:
    return len(head) >= 2 and head[0] == 0x80 and 2 <= head[1] <= 5


def _is_onnx(head: bytes) -> bool:
    """Whether it begins as a model does: its version, then its producer's name or its graph."""
    if len(head) < 8 or head[0] != 0x08 or not 1 <= head[1] <= 20:
        return False
    producer = head[4 : 4 + head[3]]
    return head[2] == 0x3A or (head[2] == 0x12 and head[3] < 100 and producer.isascii())


def _is_text(head: bytes, size_bytes: int) -> bool:
    if b"\0" in head:
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head, final=size_bytes <= len(head))
    except UnicodeDecodeError:
        return False
    return True
