"""Templates to pages: one Jinja environment, filled with the words and icons that pages use."""

from collections.abc import Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Final
from uuid import uuid4

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import MediaType, Response

from souk.treasury.rates.api import format_amount
from souk.web import words
from souk.web.assets import Assets
from souk.web.brand import SOUK, Brand
from souk.web.markdown import render_markdown
from souk.web.shell import Shell
from souk.web.tray import compare_href

TEMPLATES: Final = Path(__file__).parent / "templates"
_FILTERS: Final = {
    "money": words.money,
    "signed_money": words.signed_money,
    "price": words.price,
    "shown_money": format_amount,
    "size": words.size,
    "seconds": words.seconds,
    "compact": words.compact,
    "day": words.day,
    "minute": words.minute,
    "ago": words.ago,
    "terms": words.terms,
    "licence_name": words.licence_name,
    "licence_words": words.licence_words,
    "figure": words.figure,
    "initials": words.initials,
    "markdown": render_markdown,
    "kind": words.kind_of,
}


_shell: Final[ContextVar[Shell]] = ContextVar("shell")


class _CurrentShell:
    """The shell of the page that is being rendered, for macros.

    So macros need no context of their own, and their templates run once instead of once a page.
    """

    def __getattr__(self, name: str) -> object:
        return getattr(_shell.get(), name)


class Pages:
    """Renders a template into an answer; the shell is what every page needs to know."""

    def __init__(self, assets: Assets, *, brand: Brand = SOUK, base_url: str = "") -> None:
        self.brand = brand
        environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        environment.filters.update(_FILTERS)
        environment.globals.update(
            shell=_CurrentShell(),
            assets=assets,
            brand=brand,
            base_url=base_url,
            icon=assets.icon,
            symbol=assets.symbol,
            kinds=words.KINDS,
            category_icon=words.category_icon,
            sorts=words.SORTS,
            entry_words=words.ENTRY_WORDS,
            plural=words.plural,
            compare_href=compare_href,
            fresh_key=lambda: str(uuid4()),
        )
        self._environment = environment

    def text(self, template: str, shell: Shell, context: Mapping[str, object]) -> str:
        """The template as HTML text; `shell` is a name in every template."""
        token = _shell.set(shell)
        try:
            return self._environment.get_template(template).render(context, shell=shell)
        finally:
            _shell.reset(token)

    def answer(
        self,
        template: str,
        shell: Shell,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **context: object,
    ) -> Response[str]:
        """The template as an HTML answer that no cache keeps for somebody else."""
        return self.answer_with(template, shell, context, status=status, headers=headers)

    def answer_with(
        self,
        template: str,
        shell: Shell,
        context: Mapping[str, object],
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> Response[str]:
        """The same, with the names of the template in one mapping."""
        return Response(
            self.text(template, shell, context),
            status_code=status,
            media_type=MediaType.HTML,
            headers={"cache-control": "no-store, private", **(headers or {})},
        )
