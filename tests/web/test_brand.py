"""A market with its own name, colours and logo; what nobody could read is refused at start."""

import re
from datetime import UTC, datetime
from math import cos, radians, sin
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.di import Provide
from litestar.testing import create_test_client

from souk.infra.settings import SettingsError, load
from souk.kernel.actor import ANONYMOUS
from souk.web.assets import Assets
from souk.web.brand import READABLE, Brand, brand_of, day, night, readable_on
from souk.web.colours import contrast, from_oklab, mix, parse_hex, to_hex
from souk.web.forms import Form
from souk.web.pages import brand as brand_pages
from souk.web.render import TEMPLATES, Pages
from souk.web.settings import BrandSettings
from souk.web.shell import Shell
from tests.works.galleries.pictures import picture

THEME = Path(__file__).parents[2] / "web" / "src" / "styles" / "theme.css"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 32"><path d="M0 0h96v32z"/></svg>'
COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def tokens(css: str) -> tuple[dict[str, str], dict[str, str]]:
    """What a theme sets by day and by night."""
    rules = re.findall(r"\{([^{}]*)\}", css)
    by_day, by_night, chosen_night = (
        dict(pair.split(":") for pair in rule.rstrip(";").split(";")) for rule in rules
    )
    assert by_night == chosen_night
    return by_day, by_night


def test_contrast_is_that_of_the_guidelines() -> None:
    white, black = parse_hex("#ffffff"), parse_hex("#000000")
    assert contrast(white, black) == pytest.approx(21)
    assert contrast(white, parse_hex("#777777")) == pytest.approx(4.478, abs=0.001)


@given(COLOURS)
def test_a_colour_survives_the_way_to_oklab(text: str) -> None:
    colour = parse_hex(text)
    assert to_hex(mix(colour, parse_hex("#ffffff"), 1)) == text


@given(COLOURS)
def test_text_on_any_colour_can_be_read(text: str) -> None:
    assert contrast(readable_on(parse_hex(text)), parse_hex(text)) >= READABLE


def test_the_grounds_are_those_of_the_styles() -> None:
    said = re.findall(
        r"--color-base-[12]00: oklch\(([\d.]+)% ([\d.]+) ([\d.]+)\)", THEME.read_text()
    )
    grounds = []
    for lightness, chroma, hue in (map(float, one) for one in said):
        a, b = chroma * cos(radians(hue)), chroma * sin(radians(hue))
        grounds.append(to_hex(from_oklab(lightness / 100, a, b)))
    ours = [day().panel, day().page, night().panel, night().page]
    assert grounds == [to_hex(ground) for ground in ours]


@given(COLOURS)
def test_a_primary_colour_is_readable_in_both_themes_or_refused(text: str) -> None:
    try:
        by_day, by_night = tokens(brand_of(BrandSettings(primary=text)).css)
    except SettingsError as error:
        proposed = re.search(r"(#[0-9a-f]{6}) would do", str(error))
        assert proposed
        brand_of(BrandSettings(primary=proposed[1]))
        return
    for theme, ground in ((by_day, day()), (by_night, night())):
        colour = parse_hex(theme["--color-primary"])
        assert contrast(colour, ground.panel) >= READABLE
        assert contrast(colour, ground.page) >= READABLE
        assert contrast(colour, parse_hex(theme["--color-primary-content"])) >= READABLE


def test_the_accent_chooses_its_text() -> None:
    by_day, _ = tokens(brand_of(BrandSettings(accent="#FFCC00")).css)
    assert by_day == {"--color-accent": "#ffcc00", "--color-accent-content": "#000000"}


def test_without_settings_nothing_is_overridden() -> None:
    brand = brand_of(BrandSettings())
    assert (brand.name, brand.css, brand.theme_path, brand.logo) == ("Souk", "", "", None)


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"SOUK_BRAND_PRIMARY": "blue"}, "SOUK_BRAND_PRIMARY: 'blue' is no colour"),
        ({"SOUK_BRAND_ACCENT": "#fff"}, "SOUK_BRAND_ACCENT: '#fff' is no colour"),
        ({"SOUK_BRAND_PRIMARY": "#ffe100"}, "cannot be read as a link on the light page"),
        ({"SOUK_BRAND_NAME": "n" * 41}, "SOUK_BRAND_NAME"),
        ({"SOUK_BRAND_LOGO": "/no/such/logo.svg"}, "No such file"),
    ],
)
def test_a_wrong_setting_is_named(environ: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        brand_of(load(BrandSettings, environ, prefix="SOUK_BRAND_"))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        b"GIF89a",
        b"<svg></svg>",
        b'<svg viewBox="0 0 0 0"/>',
        b'<svg viewBox="0 0 nan 9"/>',
        b'<svg viewBox="a"/>',
        b"\x89PNG\r\n\x1a\n",
        SVG + b" " * 300_000,
    ],
)
def test_a_logo_must_be_a_picture(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "logo"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match="SOUK_BRAND_LOGO"):
        brand_of(BrandSettings(logo=str(path)))


@pytest.mark.parametrize(
    ("content", "size", "kind"),
    [
        (SVG, (96, 32), "svg"),
        (picture(64, 64), (32, 32), "png"),
        (picture(900, 90), (160, 16), "png"),
    ],
)
def test_a_logo_keeps_its_shape(
    tmp_path: Path, content: bytes, size: tuple[int, int], kind: str
) -> None:
    path = tmp_path / "logo"
    path.write_bytes(content)
    logo = brand_of(BrandSettings(logo=str(path))).logo
    assert logo is not None
    assert (logo.width, logo.height) == size
    assert logo.path.startswith(f"/logo.{kind}?v=")


@pytest.fixture
def tenant(tmp_path: Path) -> Brand:
    path = tmp_path / "logo.svg"
    path.write_bytes(SVG)
    settings = BrandSettings(
        name="Zürich & Co", primary="#0b6b4f", accent="#ffcc00", logo=str(path)
    )
    return brand_of(settings)


def pages_of(brand: Brand) -> Pages:
    names = re.findall(r'"([a-z0-9-]+)"', (TEMPLATES.parents[3] / "web" / "icons.ts").read_text())
    icons = dict.fromkeys(names, "<path/>")
    assets = Assets(script="/s.js", styles=("/s.css",), fonts=(), icons=icons)
    return Pages(assets, brand=brand, base_url="https://market.example.org")


def test_a_page_wears_the_brand(tenant: Brand) -> None:
    shell = Shell(
        actor=ANONYMOUS,
        now=datetime(2026, 11, 21, 12, tzinfo=UTC),
        path="/sign-in?next=/wallet",
        csrf_token="token",
    )
    html = pages_of(tenant).text("pages/sign_in.html", shell, {"form": Form(), "next": "/"})
    assert tenant.logo is not None
    assert "<title>Sign in · Zürich &amp; Co</title>" in html
    assert f'<link rel="stylesheet" href="{tenant.theme_path}">' in html
    assert html.index("/s.css") < html.index("/theme.css"), "it stands over the built styles"
    logo = f'<img src="{tenant.logo.path}" alt="" width="96" height="32">'
    assert f'<a class="brand" href="/">{logo} <span>Zürich &amp; Co</span></a>' in html
    assert '<meta property="og:site_name" content="Zürich &amp; Co">' in html
    assert '<meta property="og:title" content="Sign in">' in html
    assert html.count('rel="canonical"') == 1
    assert '<link rel="canonical" href="https://market.example.org/sign-in">' in html
    assert "Souk" not in html
    assert "style=" not in html


@pytest.mark.filterwarnings("ignore:.*Inferred dependency field")  # as the pages are wired
def test_what_the_brand_consists_of_is_served(tenant: Brand) -> None:
    provided = Provide(lambda: pages_of(tenant), sync_to_thread=False)
    with create_test_client(brand_pages.ROUTES, dependencies={"pages": provided}) as client:
        theme = client.get(tenant.theme_path)
        assert theme.text == tenant.css
        assert theme.headers["content-type"].startswith("text/css")
        assert "immutable" in theme.headers["cache-control"]
        assert "immutable" not in client.get("/theme.css?v=old").headers["cache-control"]
        assert tenant.logo is not None
        logo = client.get(tenant.logo.path)
        assert logo.content == SVG
        assert "sandbox" in logo.headers["content-security-policy"]
        assert client.get("/logo.png").status_code == 404
        share = client.get("/share.png")
        assert (share.content[:8], share.content[16:24]) == (
            b"\x89PNG\r\n\x1a\n",
            (1200).to_bytes(4) + (630).to_bytes(4),
        )
