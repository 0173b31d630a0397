"""The process that decodes one picture: `python -m souk.works.galleries.child … PATH PIXELS`.

It has no network and little memory, and writes what it made into its own folder. Nothing of the
source's metadata is carried over: only pixels, turned upright and in sRGB.
"""

import io
import sys
import warnings
from pathlib import Path
from typing import Final

import msgspec
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from souk.infra.children import begin
from souk.works.galleries.findings import Looked, Made
from souk.works.galleries.model import sizes_of

FORMATS: Final = ("PNG", "JPEG", "WEBP")
QUALITY: Final = 82
MAX_SIDE: Final = 16_000


def main() -> None:
    """Arguments: path of the picture, the most pixels."""
    arguments, _ = begin()
    path, max_pixels = arguments
    sys.stdout.buffer.write(msgspec.json.encode(look(Path(path), max_pixels=int(max_pixels))))


def look(path: Path, *, max_pixels: int) -> Looked:
    """Decodes the picture and writes it in each width into the working folder."""
    Image.MAX_IMAGE_PIXELS = max_pixels
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        with Image.open(path, formats=FORMATS) as picture:
            width, height = picture.size
            if width * height > max_pixels or max(width, height) > MAX_SIDE:
                return _bomb(f"{width} × {height} pixels")
            picture.load()
            clean = _plain(picture)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return _bomb(f"more than {max_pixels:,} pixels")
    except MemoryError:
        return _bomb("it needs more memory than is allowed")
    except UnidentifiedImageError:
        return Looked(kind="unreadable", problem="it is none of the known formats")
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        return Looked(kind="unreadable", problem=f"it is damaged ({str(error)[:120]})")
    return Looked(made=[_write(clean, size) for size in sizes_of(*clean.size)])


def _plain(picture: Image.Image) -> Image.Image:
    """The pixels alone: upright, sRGB, with or without transparency."""
    upright = ImageOps.exif_transpose(picture)
    has_alpha = "A" in upright.getbands() or "transparency" in upright.info
    mode = "RGBA" if has_alpha else "RGB"
    profile = upright.info.get("icc_profile")
    if profile and upright.mode in {"RGB", "RGBA", "CMYK"}:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            turned = ImageCms.profileToProfile(upright, source, target, outputMode=mode)
            upright = turned or upright
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass  # a profile nobody understands: the numbers are taken for sRGB
    plain = upright.convert(mode)
    plain.info = {}
    return plain


def _write(picture: Image.Image, size: tuple[int, int]) -> Made:
    width, height = size
    name = f"{width}.webp"
    scaled = picture.resize(size, Image.Resampling.LANCZOS)
    scaled.save(name, "WEBP", quality=QUALITY, method=4, exif=b"", icc_profile=b"", xmp=b"")
    return Made(width=width, height=height, name=name)


def _bomb(why: str) -> Looked:
    return Looked(kind="too_large", problem=why)


if __name__ == "__main__":
    main()
