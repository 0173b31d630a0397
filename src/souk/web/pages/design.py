"""The gallery of the pages' parts, at `/_design`."""

from litestar import Response, get

from souk.web import specimens
from souk.web.forms import Form
from souk.web.pages.addresses import Paging
from souk.web.render import Pages
from souk.web.shell import Shell


@get("/_design")
async def design_page(shell: Shell, pages: Pages) -> Response[str]:
    """Every component once."""
    return pages.answer(
        "pages/design.html",
        shell,
        form=Form(
            values={"email": "amina@", "currency": "EUR", "kind": "model"},
            errors={"email": "This is no e-mail address."},
        ),
        items=specimens.summaries(),
        listing=specimens.listing(),
        files=[
            specimens.file_entry("model.onnx"),
            specimens.file_entry("weights/tokenizer.json", state="pending"),
            specimens.file_entry("shady.pkl", state="quarantined"),
        ],
        history=specimens.history(),
        ends=Paging("#first", "#next"),
    )


ROUTES = [design_page]
