"""A person in a browser: what they do on the pages, and what the browser complained of."""

import re
import secrets
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from playwright.async_api import (
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    Response,
    expect,
)

PASSWORD: Final = "a long enough password"
RELOADS: Final = 40
RELOAD_PAUSE_MS: Final = 300
DESK: Final = {"width": 1280, "height": 900}
PHONE: Final = {"width": 360, "height": 760}


class Visitor:
    """One browser context with one page."""

    def __init__(self, context: BrowserContext, page: Page, base_url: str) -> None:
        self.context = context
        self.page = page
        self.base_url = base_url
        self.complaints: list[str] = []
        """Console errors, CSP violations, script errors and failed requests."""
        self.expected_statuses: set[int] = set()
        self.losing_connections = False
        """Whether the test itself cuts requests off, so that failed ones are no complaint."""
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(f"script error: {error}"))
        page.on("requestfailed", self._failed)
        page.on("response", self._answered)

    async def go(self, path: str) -> None:
        """Opens an address of the marketplace."""
        await self.page.goto(self.base_url + path)

    async def sign_up(self, name: str) -> str:
        """Makes an account through the form, its name made unique; answers its handle."""
        name = f"{name} {secrets.token_hex(3)}"
        handle = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        await self.go("/sign-up")
        await self.page.get_by_label("Your name").fill(name)
        await expect(self.page.get_by_label("Handle")).to_have_value(handle)
        await self.page.get_by_label("E-mail").fill(f"{handle}@example.org")
        await self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        await self.page.get_by_role("button", name="Make the account").click()
        await expect(self.page.locator(".head-account, .head-menu").first).to_be_attached()
        await expect(self.page.get_by_role("link", name="Join")).to_have_count(0)
        return handle

    async def deposit(self, amount: str) -> None:
        """Puts money into the wallet."""
        await self.go("/wallet")
        await self.page.get_by_label("Amount").fill(amount)
        await self.page.get_by_role("button", name="Put it in").click()
        await expect(self.page.get_by_text("The money is in your wallet")).to_be_visible()

    async def publish(
        self, files: list[Path], *, title: str, price: str, card: str, summary: str
    ) -> str:
        """Walks the whole wizard; answers the path of the listing."""
        page = self.page
        await self.go("/publish")
        await page.get_by_text("Model", exact=True).first.click()
        await page.get_by_label("Title", exact=True).fill(title)
        await page.get_by_role("button", name="Go on to the details").click()
        await page.get_by_label("In one sentence").fill(summary)
        await page.get_by_role("textbox", name="Card").fill(card)
        await page.get_by_label("Task").fill("tabular-classification")
        await page.get_by_label("Tags").fill("onnx, flowers")
        await page.get_by_label("Metric of metric 1").fill("Accuracy")
        await page.get_by_label("Value of metric 1").fill("0.9474")
        await page.get_by_label("Measured on of metric 1").fill("Iris, 38 held out")
        await page.get_by_role("button", name="Go on to the files").click()
        await page.get_by_label("Choose files").set_input_files(files)
        for file in files:
            row = page.locator(".file-list li", has_text=file.name)
            await expect(row).to_contain_text("Scanned, clean", timeout=60_000)
        await page.get_by_role("button", name="Go on to the price").click()
        await page.get_by_label("Licence of the content").fill("Apache-2.0")
        await page.get_by_label("Price", exact=True).fill(price)
        await page.get_by_role("button", name="Go on to the review").click()
        await page.get_by_role("button", name="Publish").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text(title)
        return urlsplit(page.url).path

    async def reload_until(self, wanted: Locator) -> None:
        """Loads the page again until it shows what follows a moment after an action."""
        for _ in range(RELOADS):
            if await wanted.count():
                return
            await self.page.wait_for_timeout(RELOAD_PAUSE_MS)
            await self.page.reload()
        await expect(wanted).not_to_have_count(0)

    async def until_admitted(self, path: str) -> None:
        """Waits until a page opens: a process hears of new rights a moment later."""
        for _ in range(RELOADS):
            answer = await self.context.request.get(self.base_url + path)
            if answer.ok:
                return
            await self.page.wait_for_timeout(RELOAD_PAUSE_MS)
        raise AssertionError(f"{path} stayed shut")

    async def no_sideways_scroll(self) -> None:
        """Nothing on the page is wider than the window."""
        width = await self.page.evaluate("document.documentElement.scrollWidth")
        window = await self.page.evaluate("window.innerWidth")
        assert width <= window, f"{self.page.url} is {width} px wide in a window of {window} px"

    def _console(self, message: ConsoleMessage) -> None:
        if message.type != "error" or (self.losing_connections and "ERR_FAILED" in message.text):
            return
        # Chromium reports every refused request; those a test provokes are counted by status.
        if any(f"status of {status}" in message.text for status in self.expected_statuses):
            return
        self.complaints.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _failed(self, request: Request) -> None:
        left = request.failure == "net::ERR_ABORTED"  # a page left while something was loading
        if not left and not self.losing_connections:
            self.complaints.append(f"request failed: {request.url} {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 500:
            self.complaints.append(f"{response.status} from {response.url}")
