"""The gallery of the pages' parts, at `/_design`."""

from litestar import Response, get

from souk.web import specimens, specimens_of_trust
from souk.web.forms import Form
from souk.web.pages.addresses import Paging
from souk.web.render import Pages
from souk.web.shell import Shell


@get("/_design")
async def design_page(shell: Shell, pages: Pages) -> Response[str]:
    """Every token and every component once."""
    return pages.answer_with("pages/design.html", shell, parts())


def parts() -> dict[str, object]:
    """One of each thing, by its name in the template."""
    return {
        "form": Form(
            values={"email": "amina@", "currency": "EUR", "kind": "model", "stars": "4"},
            errors={"email": "This is no e-mail address."},
        ),
        "items": specimens.summaries(),
        "listing": specimens.listing(),
        "files": [
            specimens.file_entry("model.onnx"),
            specimens.file_entry("weights/tokenizer.json", state="pending"),
            specimens.file_entry("shady.pkl", state="quarantined"),
        ],
        "history": specimens.history(),
        "ends": Paging("#first", "#next"),
        "rating": specimens_of_trust.rating(),
        "review": specimens_of_trust.review(),
        "seller_badge": specimens_of_trust.badge(),
        "measured": specimens_of_trust.measured(),
        "pictures": specimens_of_trust.pictures(),
        "reasons": specimens_of_trust.recommendations(),
        "collection": specimens_of_trust.shelf(),
        "following": specimens_of_trust.following(),
        "chart": specimens_of_trust.chart(),
    }


ROUTES = [design_page]
