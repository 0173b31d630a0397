"""Codings, minified texts and variants of pictures: the best form for who asks, made once."""

import gzip
import hashlib
import io
import random
from collections.abc import Iterator

import brotli
import pytest
import zstandard
from PIL import Image

from tests.delivery.assets.owner import Owner
from tests.market import refused

CSS = (
    "/* all of it */\n" + "".join(f".c{n} {{ color : red ; margin : 0 }}\n" for n in range(99))
).encode()


@pytest.fixture(scope="module")
def ada(base_url: str) -> Iterator[Owner]:
    owner = Owner(base_url)
    yield owner
    owner.close()


def picture(width: int = 900, height: int = 600, kind: str = "PNG", mode: str = "RGB") -> bytes:
    """A picture that does not compress to nothing."""
    noise = random.Random(7).randbytes(90 * 60 * len(mode))  # a picture, no secret
    made = Image.frombytes(mode, (90, 60), noise).resize((width, height))
    target = io.BytesIO()
    made.save(target, kind)
    return target.getvalue()


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def test_each_coding_is_the_same_minified_text(ada: Owner) -> None:
    asset = ada.put("site.css", CSS)
    plain, short = ada.raw(asset.url, "identity")
    assert len(short) < len(CSS) * 0.8
    assert b"all of it" not in short
    assert plain.headers["vary"].startswith("accept-encoding")
    etags = {plain.headers["etag"]}
    for coding, unpack in (
        ("br", brotli.decompress),
        ("zstd", lambda content: zstandard.ZstdDecompressor().decompress(content)),
        ("gzip", gzip.decompress),
    ):
        answer, packed = ada.raw(asset.url, coding)
        assert answer.headers["content-encoding"] == coding
        assert len(packed) < len(short)
        assert unpack(packed) == short
        assert answer.headers["content-length"] == str(len(packed))
        assert answer.headers["etag"] == f'"{hashlib.sha256(packed).hexdigest()}"'
        assert ada.raw(asset.url, coding)[1] == packed
        etags.add(answer.headers["etag"])
        known = ada.fetch(asset, accept_encoding=coding, if_none_match=answer.headers["etag"])
        assert known.status_code == 304
    assert len(etags) == 4


def test_the_client_s_weights_choose(ada: Owner) -> None:
    asset = ada.put("weights.css", CSS)
    for accept, coding in (
        ("gzip;q=0.5, br;q=0.1", "gzip"),
        ("br;q=0, *", "zstd"),
        ("identity, gzip;q=0.2", None),
        ("gzip;q=0", None),
        ("deflate", None),
        ("*;q=0, gzip", "gzip"),
    ):
        assert ada.raw(asset.url, accept)[0].headers.get("content-encoding") == coding, accept
    refusal = ada.fetch(asset, accept_encoding="identity;q=0, deflate")
    assert (refusal.status_code, refusal.json()["code"]) == (406, "coding_not_acceptable")


def test_a_range_is_of_the_plain_text(ada: Owner) -> None:
    asset = ada.put("range.css", CSS)
    whole = ada.fetch(asset)
    part = ada.fetch(asset, range="bytes=0-9", accept_encoding="br, gzip")
    assert (part.status_code, part.content) == (206, whole.content[:10])
    assert "content-encoding" not in part.headers
    assert part.headers["etag"] == whole.headers["etag"]


def test_every_kind_of_text_is_minified_and_means_the_same(ada: Owner) -> None:
    for path, content, kept, gone in (
        (
            "a.html",
            b"<!doctype html><!-- c --><p>Hi   <b>x</b></p>" + b" " * 300,
            b"<b>x</b>",
            b"-- c",
        ),
        (
            "a.js",
            b"// c\nexport function add(first, second) { return first + second }" + b"\n" * 300,
            b"add",
            b"// c",
        ),
        (
            "a.svg",
            b'<svg xmlns="http://www.w3.org/2000/svg"><!-- c --><path d="M 1 1"/></svg>'
            + b" " * 300,
            b"<path",
            b"-- c",
        ),
    ):
        short = ada.fetch(ada.put(path, content)).content
        assert len(short) < len(content) - 200, path
        assert kept in short
        assert gone not in short


def test_what_cannot_be_minified_is_served_as_it_is(ada: Owner) -> None:
    broken = b"function ( {{{ \x00" + b"x " * 300
    assert ada.fetch(ada.put("broken.js", broken)).content == broken
    latin = b"/* gr\xfc\xdfe */ a { b : c }" + b" " * 300
    assert ada.fetch(ada.put("latin.css", latin)).content == latin
    deep = b"<div>" * 20_000
    assert ada.fetch(ada.put("deep.html", deep)).status_code == 200


def test_an_owner_may_want_it_as_it_is(ada: Owner) -> None:
    asset = ada.put("as-is.css", CSS, optimise=False)
    assert ada.fetch(asset).content == CSS
    answer, packed = ada.raw(asset.url, "gzip")
    assert (answer.headers["content-encoding"], gzip.decompress(packed)) == ("gzip", CSS)


def test_what_is_compressed_already_is_not_coded_again(ada: Owner) -> None:
    content = picture()
    asset = ada.put("plain.png", content)
    answer, bytes_sent = ada.raw(asset.url, "br, gzip, zstd")
    assert bytes_sent == content
    assert "content-encoding" not in answer.headers
    assert "vary" not in answer.headers


def test_pictures_come_in_the_width_and_format_that_is_asked_for(ada: Owner) -> None:
    asset = ada.put("big.png", picture())
    for query, form, size in (
        ("w=320&format=webp", "WEBP", (320, 213)),
        ("w=300&format=avif", "AVIF", (320, 213)),
        ("w=5000&format=jpeg", "JPEG", (900, 600)),
        ("format=png", "PNG", (900, 600)),
    ):
        answer = ada.fetch(f"{asset.url}?{query}")
        assert answer.status_code == 200, answer.text
        made = opened(answer.content)
        assert (made.format, made.size) == (form, size)
        assert answer.headers["content-type"] == f"image/{form.lower()}"
        assert answer.headers["etag"] == f'"{hashlib.sha256(answer.content).hexdigest()}"'
        assert ada.fetch(f"{asset.url}?{query}").content == answer.content
    low = ada.fetch(f"{asset.url}?w=640&format=webp&q=40").content
    assert len(low) < len(ada.fetch(f"{asset.url}?w=640&format=webp&q=90").content)
    assert (
        ada.fetch(f"{asset.url}?w=301&format=avif").headers["etag"]
        == (ada.fetch(f"{asset.url}?w=319&format=avif").headers["etag"])
    )


def test_accept_chooses_the_format_where_the_address_does_not(ada: Owner) -> None:
    asset = ada.put("by-accept.jpg", picture(200, 100, "JPEG"))
    for accept, form in (
        ("image/avif,image/webp,*/*", "avif"),
        ("image/webp,*/*", "webp"),
        ("*/*", "jpeg"),
    ):
        answer = ada.fetch(f"{asset.url}?w=96", accept=accept)
        assert answer.headers["content-type"] == f"image/{form}"
        assert answer.headers["vary"] == "accept"
    plain = ada.fetch(asset, accept="image/avif")
    assert plain.headers["content-type"] == "image/jpeg"
    assert "vary" not in ada.fetch(f"{asset.url}?v=123").headers


def test_impossible_variants_are_refused(ada: Owner) -> None:
    asset = ada.put("variants.png", picture(30, 30))
    for query in ("w=0", "w=-1", "w=1e9", "w=99999", "w=", "w=٣", "q=0", "q=101", "format=gif"):
        answer = ada.fetch(f"{asset.url}?{query}")
        assert (answer.status_code, answer.json()["code"]) == (422, "variant_invalid"), query
    liar = ada.put("liar.png", b"no picture at all")
    answer = ada.fetch(f"{liar.url}?w=64")
    assert (answer.status_code, answer.json()["code"]) == (422, "variant_impossible")
    assert ada.fetch(f"{liar.url}?w=64").status_code == 422
    text = ada.put("w.txt", b"no picture")
    assert ada.fetch(f"{text.url}?w=64").text == "no picture"


def test_a_picture_that_unpacks_to_too_much_is_no_burden(ada: Owner) -> None:
    bomb = io.BytesIO()
    Image.new("1", (15_000, 15_000)).save(bomb, "PNG")
    answer = ada.fetch(f"{ada.put('bomb.png', bomb.getvalue()).url}?w=64&format=webp")
    assert (answer.status_code, answer.json()["code"]) == (422, "variant_impossible")


def test_transparency_and_turning_are_kept(ada: Owner) -> None:
    clear = ada.put("clear.png", picture(100, 50, mode="RGBA"))
    assert opened(ada.fetch(f"{clear.url}?w=64&format=webp").content).mode == "RGBA"
    assert opened(ada.fetch(f"{clear.url}?w=64&format=jpeg").content).mode == "RGB"
    turned = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    opened(picture(100, 50)).save(turned, "JPEG", exif=exif)
    upright = opened(ada.fetch(f"{ada.put('t.jpg', turned.getvalue()).url}?format=webp").content)
    assert upright.size == (50, 100)
    assert not upright.getexif()


def test_an_asset_that_was_deleted_comes_back_in_all_its_forms(ada: Owner) -> None:
    asset = ada.put("soon-gone.css", CSS + b"/* once */")
    first = ada.raw(asset.url, "br")[1]
    ada.souk.assets.delete(asset.id)
    with refused("asset_unknown"):
        ada.souk.assets.get(asset.id)
    again = ada.put("soon-gone.css", CSS + b"/* once */")
    assert again.id != asset.id
    assert ada.raw(again.url, "br")[1] == first
