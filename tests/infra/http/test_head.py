"""HEAD answers as GET does, without the body (RFC 9110 section 9.3.2)."""

import httpx
import pytest


@pytest.mark.parametrize(
    "path", ["/", "/api/v1/search?q=x", "/health/ready", "/openapi.json", "/nothing/there/at-all"]
)
def test_head_tells_what_get_would(base_url: str, path: str) -> None:
    with httpx.Client(base_url=base_url) as client:
        got, told = client.get(path), client.head(path)
        assert told.status_code == got.status_code
        assert told.headers["content-type"] == got.headers["content-type"]
        assert told.content == b""
        assert client.get("/health/live").status_code == 200  # the connection is still in order
