"""The process that makes forms of one content: `python -m souk.delivery.assets.child … PATH JOB`.

It has no network and little memory, and writes what it made into its own folder.
"""

import gzip
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
from PIL import Image, ImageOps, UnidentifiedImageError

from souk.delivery.assets.findings import Finding, Job, MadeFile, PictureJob, TextJob
from souk.infra.children import begin

FORMATS: Final = ("PNG", "JPEG", "WEBP", "AVIF")
MAX_SIDE: Final = 16_000
GAIN: Final = 0.97
"""A coding that saves less than this is not worth its decoding."""


def main() -> None:
    """Arguments: path of the content, the job as JSON."""
    arguments, _ = begin()
    path, job = arguments
    found = run(Path(path), msgspec.json.decode(job, type=Job))
    sys.stdout.buffer.write(msgspec.json.encode(found))


def run(path: Path, job: Job) -> Finding:
    """Does the job; what it made is in the working folder."""
    if isinstance(job, TextJob):
        return _text(path.read_bytes(), job)
    return _picture(path, job)


def _text(content: bytes, job: TextJob) -> Finding:
    plain = _minified(content, job.minify) if job.minify else content
    made = [_kept(f"{job.prefix}identity", plain, plain is not content)]
    for coding, pack in _PACKERS.items():
        packed = pack(plain)
        made.append(_kept(f"{job.prefix}{coding}", packed, len(packed) < len(plain) * GAIN))
    return Finding(made=made)


def _kept(recipe: str, content: bytes, worth_it: bool) -> MadeFile:
    if not worth_it:
        return MadeFile(recipe=recipe, name=None)
    Path(recipe).write_bytes(content)
    return MadeFile(recipe=recipe, name=recipe)


def _minified(content: bytes, kind: str) -> bytes:
    """Shorter text that means the same; the content itself when it cannot be read as its kind."""
    try:
        text = content.decode("utf-8")
        short = _MINIFIERS[kind](text).encode()
    except ValueError:  # the text's fault: not UTF-8, or not of its kind
        return content
    except BaseException as error:  # minify-html panics, which is no Exception
        if type(error).__name__ != "PanicException":
            raise
        return content
    return short if 0 < len(short) < len(content) else content


def _html(text: str) -> str:
    import minify_html  # noqa: PLC0415  # only who needs it waits for it

    return minify_html.minify(text, minify_css=True, minify_js=True, keep_closing_tags=True)


def _by(media_type: str) -> Callable[[str], str]:
    def call(text: str) -> str:
        import minify  # noqa: PLC0415  # only who needs it waits for it

        return str(minify.string(media_type, text))

    return call


_MINIFIERS: Final[dict[str, Callable[[str], str]]] = {
    "html": _html,
    "css": _by("text/css"),
    "js": _by("application/javascript"),
    "svg": _by("image/svg+xml"),
}


def _brotli(content: bytes) -> bytes:
    import brotli  # noqa: PLC0415  # only who needs it waits for it

    quality = 11 if len(content) <= 2**20 else 9
    return bytes(brotli.compress(content, quality=quality))


def _zstd(content: bytes) -> bytes:
    import zstandard  # noqa: PLC0415  # only who needs it waits for it

    level = 19 if len(content) <= 2**20 else 12
    return zstandard.ZstdCompressor(level=level, write_content_size=True).compress(content)


_PACKERS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "br": _brotli,
    "zstd": _zstd,
    "gzip": lambda content: gzip.compress(content, 9, mtime=0),
}


def _picture(path: Path, job: PictureJob) -> Finding:
    Image.MAX_IMAGE_PIXELS = job.max_pixels
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        with Image.open(path, formats=FORMATS) as picture:
            width, height = picture.size
            if width * height > job.max_pixels or max(width, height) > MAX_SIDE:
                return Finding(problem=f"this one has {width} × {height} pixels")
            picture.load()
            upright = ImageOps.exif_transpose(picture)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return Finding(problem=f"this one has more than {job.max_pixels:,} pixels")
    except MemoryError:
        return Finding(problem="this one needs more memory than is allowed")
    except UnidentifiedImageError:
        return Finding(problem="this is none")
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        return Finding(problem=f"this one is damaged ({str(error)[:120]})")
    _write(upright, job)
    return Finding(made=[MadeFile(recipe=job.recipe, name=job.recipe)])


def _write(picture: Image.Image, job: PictureJob) -> None:
    """The pixels alone, never wider than they came, with their colour profile."""
    profile = picture.info.get("icc_profile", b"")
    has_alpha = "A" in picture.getbands() or "transparency" in picture.info
    with_alpha = has_alpha and job.form != "jpeg"
    if picture.mode == "CMYK":
        profile = b""
    plain = picture.convert("RGBA" if has_alpha else "RGB")
    if has_alpha and not with_alpha:
        paper = Image.new("RGB", plain.size, "white")
        paper.paste(plain, mask=plain.getchannel("A"))
        plain = paper
    if 0 < job.width < plain.width:
        height = max(1, round(plain.height * job.width / plain.width))
        plain = plain.resize((job.width, height), Image.Resampling.LANCZOS)
    plain.info = {}
    options = _OPTIONS[job.form](job.quality)
    plain.save(job.recipe, job.form.upper(), icc_profile=profile, **options)


_OPTIONS: Final[dict[str, Callable[[int], dict[str, int | bool]]]] = {
    "avif": lambda quality: {"quality": quality, "speed": 7, "max_threads": 1},
    "webp": lambda quality: {"quality": quality, "method": 4},
    "jpeg": lambda quality: {"quality": quality, "optimize": True, "progressive": True},
    "png": lambda _quality: {"optimize": True},
}


if __name__ == "__main__":
    main()
