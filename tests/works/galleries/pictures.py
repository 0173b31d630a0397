"""Pictures for tests, drawn here, and things that only claim to be pictures."""

import io
import struct
import zlib
from typing import Any

from PIL import Image


def picture(width: int = 1600, height: int = 900, *, kind: str = "PNG", **options: Any) -> bytes:
    """A picture with a gradient, so that no two sizes look alike."""
    image = Image.radial_gradient("L").resize((width, height)).convert("RGB")
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def photo_with_place() -> bytes:
    """A JPEG with a camera's name and a place, lying on its side."""
    exif = Image.Exif()
    exif[0x010F] = "Spy Camera Inc"
    exif[0x0112] = 6  # turned by a quarter
    exif.get_ifd(0x8825)[1] = "N"
    return picture(400, 200, kind="JPEG", exif=exif.tobytes(), comment=b"secret place")


def bomb(side: int = 30_000) -> bytes:
    """A PNG of some kilobytes that says it is `side` pixels wide and high, and is."""
    row = b"\0" * (side // 8 + 1)
    pack = zlib.compressobj(9)
    body = b"".join(pack.compress(row) for _ in range(side)) + pack.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")
    )


def liar() -> bytes:
    """A PNG that says it is small, and holds far more rows than it says."""
    pack = zlib.compress(b"\0" * 200_000_000, 9)
    head = struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", pack) + _chunk(b"IEND", b"")
    )


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
