"""Cards are users' text: whatever stands in one, the page stays ours."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.web.markdown import MAX_CHARACTERS, render_markdown

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    "[x](javascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "<svg onload=alert(1)><script>1</script></svg>",
    '<iframe src="https://evil.example"></iframe>',
    "<style>body{display:none}</style>",
    '<p style="position:fixed;inset:0">over everything</p>',
    '<form action="https://evil.example"><input name="password"></form>',
    '<base href="https://evil.example/">',
    '<meta http-equiv="refresh" content="0;url=https://evil.example">',
    '<div id="toasts" class="toasts">forged</div>',
    "<math><mtext><img src=x onerror=alert(1)></mtext></math>",
    '<a href="https://ok.example" onclick="alert(1)">x</a>',
    "![x](//evil.example/pixel.png)",
    "![x](https://evil.example/pixel.png)",
]
FORBIDDEN = re.compile(
    r"<(script|style|iframe|form|svg|math|base|meta|object|embed|link|div)\b"
    r"|\son\w+=|\sstyle=|\sid=|javascript:|src=\"(?!/[^/\\])|data:text",
    re.IGNORECASE,
)


def dangers(card: str) -> list[str]:
    """Tags that a browser would act on; the text between tags may say anything."""
    ours = r'<div class="table-scroll" role="group" aria-label="Table \d+" tabindex="0">'
    tags = re.findall(r"<[^>]*>", re.sub(ours, "", str(render_markdown(card))))
    return [tag for tag in tags if FORBIDDEN.search(tag)]


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_dangerous_survives(attack: str) -> None:
    assert not dangers(attack)


@given(st.lists(st.sampled_from([*ATTACKS, "`", "\n", "<", '"', "--", "> ", "~~~", "&lt;"])))
def test_no_mixture_of_attacks_survives(parts: list[str]) -> None:
    assert not dangers("".join(parts))


def test_tables_have_names_of_their_own_and_no_empty_heading() -> None:
    table = "| | b |\n|---|--:|\n| 1 | 2 |\n"
    html = str(render_markdown(f"{table}\n{table}"))
    assert re.findall(r'aria-label="(.*?)"', html) == ["Table 1", "Table 2"]
    assert html.count("<td></td>") == 2
    assert re.search(r"<th[^>]*>\s*</th>", html) is None


@given(st.lists(st.integers(1, 6), min_size=1))
def test_headings_go_down_one_step_at_a_time(levels: list[int]) -> None:
    html = str(render_markdown("\n\n".join(f"{'#' * level} x" for level in levels)))
    heads = [int(level) for level in re.findall(r"<h(\d)>x</h\1>", html)]
    assert len(heads) == len(levels)
    assert all(2 <= now <= before + 1 for before, now in zip([2, *heads], heads, strict=False))


def test_a_card_reads_as_it_was_written() -> None:
    html = str(
        render_markdown(
            "---\nlicense: mit\n---\n# Title\n\n| a | b |\n|---|--:|\n| 1 | ~~2~~ |\n\n"
            "- [x] done\n\n```python\nx < 1\n```\n\n[docs](https://example.org)"
        )
    )
    assert "license: mit" not in html
    assert "<h2>Title</h2>" in html, "the page has its own level one"
    assert "<td>1</td>" in html and "<s>2</s>" in html
    assert 'type="checkbox"' in html and "disabled" in html
    assert '<code class="language-python">x &lt; 1' in html
    assert 'rel="nofollow ugc noopener"' in html


def test_a_picture_of_the_marketplace_itself_is_shown() -> None:
    assert 'src="/tiles/model/a.svg"' in render_markdown("![tile](/tiles/model/a.svg)")


def test_a_card_beyond_the_limit_is_cut() -> None:
    assert "end" not in render_markdown("a " * MAX_CHARACTERS + "end")


def test_a_first_heading_that_repeats_the_title_is_left_out() -> None:
    assert "<h2>" not in render_markdown("---\na: 1\n---\n\n# Iris species\n\nText", "Iris species")
    assert "<h2>Iris" in render_markdown("# Iris species\n\nText", "Another title")


def test_a_picture_elsewhere_is_a_link_and_one_of_a_gallery_is_shown() -> None:
    html = render_markdown("![A <plot>](https://tracker.example.org/p.png?u=1&v=2)")
    assert "<img" not in html
    assert 'href="https://tracker.example.org/p.png?u=1&amp;v=2"' in html
    assert "A &lt;plot&gt; (picture elsewhere)" in html
    own = render_markdown("![Loss](/images/img_1/640.webp)")
    assert '<img src="/images/img_1/640.webp" alt="Loss">' in own


@pytest.mark.parametrize(
    "text",
    [
        "![x](//tracker.example.org/p.png)",
        "![x](data:image/svg+xml;base64,PHN2Zz4=)",
        "![x](javascript:alert(1))",
        "![](http://169.254.169.254/latest)",
        '<img src="https://tracker.example.org/p.png" alt="x">',
        '<img srcset="https://tracker.example.org/p.png 1x" alt="x">',
        "[![badge](https://img.example.org/b.svg)](https://example.org)",
    ],
)
def test_no_picture_is_loaded_from_elsewhere(text: str) -> None:
    assert "<img" not in render_markdown(text)
