"""Looking at a page as a machine can: is anything wider than the window, nameless or too faint?"""

from pathlib import Path
from typing import Final

from playwright.async_api import Page

from tests.e2e.browser.visitor import Visitor

AXE: Final = Path(__file__).parents[3] / "web" / "node_modules" / "axe-core" / "axe.min.js"
RUN_AXE: Final = """async () => {
  const found = await axe.run(document, {
    resultTypes: ['violations'],
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'],
  });
  return found.violations.map(
    (v) => v.id + ': ' + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160)).join(' | '));
}"""
HEADS: Final = """() => ({
  title: document.title,
  headlines: document.querySelectorAll('h1').length,
  canonicals: document.querySelectorAll('link[rel=canonical]').length,
  described: document.querySelector('meta[name=description]')?.content ?? '',
  status: performance.getEntriesByType('navigation')[0].responseStatus,
})"""
CUT_WORDS: Final = r"""() => {
  // Words of a table, a headline or a file's name that had to be broken, since they had no room.
  const found = [];
  const range = document.createRange();
  const walker = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
  for (let text; (text = walker.nextNode()); ) {
    const around = text.parentElement;
    if (!around.closest('th, td, h1, h2, h3, .btn, .file-name')) continue;
    if (around.closest('code, .hash')) continue;
    for (const word of text.data.matchAll(/(?<![\w@.-])[A-Za-z]{3,12}([.][a-z]{1,4})?(?![\w@])/g)) {
      range.setStart(text, word.index);
      range.setEnd(text, word.index + word[0].length);
      const lines = new Set([...range.getClientRects()].filter((box) => box.width > 1)
        .map((box) => Math.round(box.top / 4)));
      if (lines.size > 1) found.push(word[0]);
    }
  }
  return found;
}"""
WIDER: Final = """() => {
  // What makes the page scroll sideways, if it does.
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll('main *, header *, footer *')]
    .filter((one) => one.getBoundingClientRect().right > width + 0.5)
    .map((one) => one.outerHTML.slice(0, 120)).slice(0, 4);
}"""
WIDTHS: Final = (360, 768, 1280, 1920)
HEIGHT: Final = 900
SHOT_LIMIT_MS: Final = 60_000
SETTLED: Final = "new Promise((done) => setTimeout(() => requestAnimationFrame(done), 50))"
"""Until colours that change with the scheme have changed."""
LOOKS: Final = {360: "dark", 1280: "light"}
"""Where axe looks, and by which light: between them every rule of both themes and layouts."""


async def look_at(visitor: Visitor, path: str, *, shots: Path | None, name: str) -> None:
    """Opens a page as the window is; what is wrong with it joins the visitor's complaints."""
    await visitor.go(path)
    await visitor.no_sideways_scroll()
    await _head(visitor, path)
    await _axe(visitor, path)
    if shots:
        await visitor.page.screenshot(
            path=shots / f"{name}.png", full_page=True, timeout=SHOT_LIMIT_MS
        )


async def look_all_over(
    visitor: Visitor, path: str, *, shots: Path | None, name: str, status: int = 200
) -> None:
    """Opens a page once and looks at it at four widths, on the phone by night."""
    page = visitor.page
    await page.set_viewport_size({"width": WIDTHS[0], "height": HEIGHT})
    await page.emulate_media(color_scheme="dark")
    await visitor.go(path)
    await _head(visitor, path, status=status)
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": HEIGHT})
        wide = await page.evaluate(WIDER)
        visitor.complaints += [f"{path} at {width} px: {one} sticks out" for one in wide]
        cut = await page.evaluate(CUT_WORDS)
        visitor.complaints += [f"{path} at {width} px breaks the word {word!r}" for word in cut]
        if width in LOOKS:
            await page.emulate_media(color_scheme="dark" if LOOKS[width] == "dark" else "light")
            await page.evaluate(SETTLED)
            await _axe(visitor, f"{path} at {width} px")
        if shots:
            look = "night" if width < 1280 else "day"
            await page.screenshot(
                path=shots / f"{name}-{width}-{look}.png", full_page=True, timeout=SHOT_LIMIT_MS
            )


async def _head(visitor: Visitor, path: str, *, status: int = 200) -> None:
    """One headline, a title and a description of its own, one canonical address at most."""
    head = await visitor.page.evaluate(HEADS)
    checks = {
        "is answered otherwise": head["status"] in (0, status),
        "has no single headline": head["headlines"] == 1,
        "has no title": len(head["title"].partition(" · ")[0]) > 1,
        "has no description": len(head["described"]) > 10,
        "has two canonical addresses": head["canonicals"] <= 1,
    }
    visitor.complaints += [
        f"{path} {problem}: {head}" for problem, fine in checks.items() if not fine
    ]


async def _axe(visitor: Visitor, where: str) -> None:
    page: Page = visitor.page
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE.read_text())
    visitor.complaints += [f"{where}: {found}" for found in await page.evaluate(RUN_AXE)]
