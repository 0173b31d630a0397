"""Data, text and images: recognised, counted, and looked at for active content."""

import json
import re
import struct
from typing import BinaryIO, Final

from souk.works.artifacts.scan.findings import Report, Unsafe

MAX_TEXT_BYTES: Final = 256 * 2**20
MAX_JSON_BYTES: Final = 64 * 2**20
_ACTIVE_SVG: Final = re.compile(
    rb"<\s*script|<\s*foreignobject|\son[a-z]+\s*=|javascript\s*:|<!entity", re.IGNORECASE
)
_LAMBDA: Final = re.compile(rb'"class_name"\s*:\s*"Lambda"')


def check_parquet(file: BinaryIO, size_bytes: int, report: Report) -> None:
    """Reads the footer; notes rows and columns. Raises Unsafe when it is no whole file."""
    file.seek(max(0, size_bytes - 8))
    end = file.read(8)
    length = int.from_bytes(end[:4], "little")
    if size_bytes < 12 or end[4:] != b"PAR1" or length > size_bytes - 12:
        raise Unsafe("the Parquet footer is not whole")
    from pyarrow import parquet  # noqa: PLC0415  # heavy, only for this format

    file.seek(0)
    try:
        metadata = parquet.read_metadata(file)
    except Exception as error:  # Arrow has many error types of its own
        raise Unsafe(f"the Parquet footer cannot be read: {str(error)[:200]}") from error
    report.facts |= {"rows": metadata.num_rows, "columns": metadata.num_columns}


def check_csv(file: BinaryIO, size_bytes: int, report: Report) -> None:
    """Notes columns of a table of text, and rows below its first line."""
    first = file.readline(2**20)
    separator = max((b",", b";", b"\t"), key=first.count)
    report.facts["columns"] = first.count(separator) + 1
    if size_bytes <= MAX_TEXT_BYTES:
        lines, last = 0, b"\n"
        while block := file.read(2**20):
            lines += block.count(b"\n")
            last = block[-1:]
        report.facts["rows"] = lines + (last != b"\n")


def check_json(file: BinaryIO, size_bytes: int, report: Report) -> None:
    """Parses JSON of a reasonable size; notes what is at the top. Broken JSON is only text."""
    if size_bytes > MAX_JSON_BYTES:
        return
    try:
        value = json.loads(file.read())
    except (ValueError, RecursionError):
        report.format_name, report.media_type = "text", "text/plain"
        return
    if isinstance(value, list | dict):
        report.facts["entries"] = len(value)


def check_svg(file: BinaryIO, report: Report) -> None:
    """Refuses scripts in pictures."""
    if _ACTIVE_SVG.search(file.read(MAX_TEXT_BYTES)):
        report.refuse("the picture holds a script or another active part")


def check_png(file: BinaryIO, report: Report) -> None:
    """Notes width and height."""
    head = file.read(24)
    if head[12:16] != b"IHDR":
        raise Unsafe("it is no whole PNG picture")
    width, height = struct.unpack(">II", head[16:24])
    report.facts |= {"width": width, "height": height}


def check_keras(file: BinaryIO, report: Report) -> None:
    """Refuses Keras models with Lambda layers, which hold Python code."""
    tail = b""
    while block := file.read(2**20):
        if _LAMBDA.search(tail + block):
            report.refuse("it holds a Keras Lambda layer, which runs code when it is loaded")
            return
        tail = block[-64:]
