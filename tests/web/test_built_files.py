"""The built files: in the shortest form a browser takes, and still there after a build."""

import re
from pathlib import Path

import httpx
import pytest

from souk.web.built_files import read_built_files


@pytest.fixture(scope="module")
def script(base_url: str) -> str:
    found = re.search(r'src="(/static/dist/assets/main-[^"]+\.js)"', httpx.get(base_url).text)
    assert found is not None
    return found[1]


def test_every_form_is_the_same_script(base_url: str, script: str) -> None:
    plain = httpx.get(base_url + script, headers={"accept-encoding": "identity"})
    assert plain.headers["content-type"].startswith("text/javascript")
    assert plain.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "content-encoding" not in plain.headers
    packed = httpx.get(base_url + script, headers={"accept-encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content
    assert int(packed.headers["content-length"]) < len(plain.content) / 2
    with httpx.stream(
        "GET", base_url + script, headers={"accept-encoding": "gzip, deflate, br"}
    ) as best:
        assert best.headers["content-encoding"] == "br"
        assert sum(map(len, best.iter_raw())) < int(packed.headers["content-length"])


@pytest.mark.parametrize(
    "path",
    ["assets/none.js", "manifest.json", "../assets.py", "%2e%2e/assets.py", "assets/", "a%00b"],
)
def test_nothing_else_is_served(base_url: str, path: str) -> None:
    answer = httpx.get(f"{base_url}/static/dist/{path}")
    assert answer.status_code in (400, 404)


def test_a_build_takes_nothing_from_a_running_server(tmp_path: Path) -> None:
    assets = tmp_path / "assets"
    assets.mkdir()
    (assets / "main-1.js").write_text("one()")
    files = read_built_files(tmp_path)
    (assets / "main-1.js").unlink()
    assert files["assets/main-1.js"].content == b"one()"
