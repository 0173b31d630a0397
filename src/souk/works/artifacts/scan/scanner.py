"""Scans one file: recognises it, runs the checks of its format, looks into archives."""

import io
from typing import BinaryIO

from souk.works.artifacts.scan import archive_check, data_check
from souk.works.artifacts.scan.archive_check import Unpacked, check_tar, check_zip, open_compressed
from souk.works.artifacts.scan.findings import Finding, Report, Unsafe
from souk.works.artifacts.scan.formats import HEAD_BYTES, Kind, recognise
from souk.works.artifacts.scan.gguf_check import check_gguf
from souk.works.artifacts.scan.onnx_check import check_onnx
from souk.works.artifacts.scan.pickle_check import check_pickle, is_pickle
from souk.works.artifacts.scan.safetensors_check import check_safetensors

_CLOSED = {"7z", "rar", "zstd"}
_COMPRESSED = {"gzip", "bzip2", "xz"}
_HARMLESS = {"text", "markdown", "yaml", "csv", "json", "jsonl"}


def scan_file(file: BinaryIO, *, name: str, size_bytes: int) -> Finding:
    """What a file is and whether it may be public.

    Args:
        file: seekable, at its beginning.
        name: what the sender called it: a hint, never trusted over the content.
    """
    head = file.read(HEAD_BYTES)
    file.seek(0)
    kind = recognise(name, head, size_bytes)
    report = Report(kind.name, kind.media_type)
    try:
        _check(file, kind, name=name, size_bytes=size_bytes, report=report)
    except Unsafe as error:
        report.refuse(str(error))
    except Exception as error:  # a file that breaks a check is not let through
        report.refuse(f"it could not be checked: {type(error).__name__}: {str(error)[:200]}")
    return report.finding()


def _check(file: BinaryIO, kind: Kind, *, name: str, size_bytes: int, report: Report) -> None:
    if kind.name == "safetensors":
        check_safetensors(file, size_bytes, report)
    elif kind.name == "gguf":
        check_gguf(file, size_bytes, report)
    elif kind.name == "onnx":
        check_onnx(file, size_bytes, report)
    elif kind.name == "pickle":
        check_pickle(file, report, name="")
    elif kind.name in {"zip", "torch", "npz"}:
        _check_zip(file, size_bytes, report, depth=1)
    elif kind.name == "tar":
        check_tar(file, size_bytes, report, inspect=_inspector(report, depth=1))
    elif kind.name in _COMPRESSED:
        _check_compressed(kind.name, file, size_bytes, report)
    elif kind.name in _CLOSED:
        report.refuse(f"{kind.name} cannot be looked into; use zip or tar.gz")
    else:
        _check_data(file, kind, size_bytes=size_bytes, report=report)


def _check_data(file: BinaryIO, kind: Kind, *, size_bytes: int, report: Report) -> None:
    if kind.name == "parquet":
        data_check.check_parquet(file, size_bytes, report)
    elif kind.name == "csv":
        data_check.check_csv(file, size_bytes, report)
    elif kind.name == "json":
        data_check.check_json(file, size_bytes, report)
    elif kind.name == "png":
        data_check.check_png(file, report)
    elif kind.name == "svg":
        data_check.check_svg(file, report)
    elif kind.name == "hdf5":
        data_check.check_keras(file, report)
    elif kind.name == "npy":
        _check_npy(file, report, name="")
    elif kind.name == "executable":
        report.facts["executable"] = True
    file.seek(0)
    if kind.name in {*_HARMLESS, "binary"} and is_pickle(file):
        report.format_name = "pickle"
        check_pickle(file, report, name="")


def _check_zip(file: BinaryIO, size_bytes: int, report: Report, *, depth: int) -> None:
    check_zip(file, size_bytes, report, inspect=_inspector(report, depth=depth))


def _inspector(report: Report, *, depth: int) -> archive_check.Inspect:
    """Looks at a member of an archive: what could run code, and archives inside archives."""

    def inspect(name: str, content: BinaryIO, size_bytes: int) -> None:
        head = content.read(HEAD_BYTES)
        content.seek(0)
        kind = recognise(name, head, size_bytes)
        if kind.name in {"zip", "torch", "npz", "tar", *_COMPRESSED, *_CLOSED}:
            _look_deeper(content, kind, name=name, size_bytes=size_bytes, outer=report, depth=depth)
        elif kind.name == "executable":
            report.facts["executable"] = True
        elif kind.name == "npy":
            _check_npy(content, report, name=name)
        elif kind.name == "pickle" or is_pickle(content):
            check_pickle(content, report, name=name)
        elif name.endswith("config.json"):
            data_check.check_keras(content, report)

    return inspect


def _look_deeper(
    content: BinaryIO, kind: Kind, *, name: str, size_bytes: int, outer: Report, depth: int
) -> None:
    if depth >= archive_check.MAX_DEPTH:
        outer.refuse(f"{name}: archives are nested more than {archive_check.MAX_DEPTH} deep")
    elif kind.name in _CLOSED:
        outer.refuse(f"{name}: {kind.name} cannot be looked into")
    elif size_bytes > archive_check.MAX_READ_BYTES:
        outer.refuse(f"{name}: an archive inside the archive is too large to be looked into")
    else:
        inner = Report(kind.name, kind.media_type)
        inspect = _inspector(inner, depth=depth + 1)
        if kind.name == "tar":
            check_tar(content, size_bytes, inner, inspect=inspect)
        elif kind.name in _COMPRESSED:
            _walk_compressed(kind.name, content, size_bytes, inner, depth=depth + 1)
        else:
            check_zip(content, size_bytes, inner, inspect=inspect)
        for reason in inner.reasons:
            outer.refuse(f"{name}: {reason}")
        if "executable" in inner.facts:
            outer.facts["executable"] = True


def _check_compressed(kind: str, file: BinaryIO, size_bytes: int, report: Report) -> None:
    _walk_compressed(kind, file, size_bytes, report, depth=1)


def _walk_compressed(
    kind: str, file: BinaryIO, size_bytes: int, report: Report, *, depth: int
) -> None:
    """Unpacks a stream once: as a tar when it is one, else to its end to see how long it is."""
    stream = open_compressed(kind, file, size_bytes)
    head = _read_some(stream, HEAD_BYTES)
    file.seek(0)
    stream = open_compressed(kind, file, size_bytes)
    if head[257:262] == b"ustar":
        report.format_name = f"tar.{kind}"
        check_tar(stream, size_bytes, report, inspect=_inspector(report, depth=depth))
        return
    inner = recognise("", head, len(head) + 1)
    if inner.name in {"zip", *_COMPRESSED, *_CLOSED}:
        report.refuse("an archive is hidden in a compressed stream")
    first = bytearray()
    while block := stream.read(2**20):
        if len(first) < archive_check.MAX_READ_BYTES:
            first += block
    report.facts["unpacked_bytes"] = stream.count
    _inspector(report, depth=depth)("content", io.BytesIO(bytes(first)), stream.count)


def _read_some(stream: Unpacked, count: int) -> bytes:
    content = b""
    while len(content) < count and (block := stream.read(count)):
        content += block
    return content


def _check_npy(file: BinaryIO, report: Report, *, name: str) -> None:
    """A NumPy array; one of objects holds a pickle."""
    import numpy  # noqa: PLC0415  # only for this format
    from numpy.lib import format as npy  # noqa: PLC0415  # likewise

    try:
        version = npy.read_magic(file)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = read(file)
    except Exception as error:  # NumPy parses the header with Python's own parser
        raise Unsafe(f"the array's header cannot be read: {str(error)[:100]}") from error
    if dtype.hasobject:
        check_pickle(file, report, name=name)
    elif not name:
        report.facts |= {"shape": str(shape), "dtype": str(numpy.dtype(dtype))}
