"""The OpenAPI 3.1 description, at /openapi.json."""

from pathlib import Path
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, License, SecurityScheme, Tag

from souk import __version__
from souk.apps.api.description import complete

DESCRIPTION = """\
Everything the marketplace does, over HTTP. Send `Authorization: Bearer <access token or vk_ key>`.
Errors are problem details (RFC 9457) with a stable `code`; a query parameter that an address does
not take is one (`parameter_unknown`). Lists have `cursor` and `limit`. A POST
takes an `Idempotency-Key`: the same key and body replays the same answer; where money moves it is
required.
"""
EXAMPLES = Path(__file__).with_name("examples.json")
BODIES = Path(__file__).with_name("bodies.json")
"""A body of every contract that docs/reference/api.md does not work through, by its name."""
_RENDERED = "/openapi"
"""Where Litestar mounts its own renderer; ours answers at the fixed address."""


@get("/openapi.json", include_in_schema=False, opt={"transaction": "own"})
async def openapi_json(request: Request[Any, None, State]) -> Response[bytes]:
    """The description of every operation, made once a process."""
    state = request.app.state
    if "openapi_json" not in state:
        description = request.app.openapi_schema.to_schema()
        complete(description, request.app)
        add_examples(description["paths"])
        add_bodies(description["paths"])
        state.openapi_json = msgspec.json.encode(description)
    return Response(state.openapi_json, media_type="application/json")


class Example(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A recorded request of docs/reference/api.md and its answer; long texts are cut."""

    status: int
    parameters: dict[str, Any]
    """Values by place and name: `path listing_id`, `query cursor`, `header Idempotency-Key`."""
    request: Any = msgspec.UNSET
    """A JSON value, or the text of a body that is none."""
    answer: Any = msgspec.UNSET


def add_examples(paths: dict[str, Any]) -> None:
    """Puts the recorded requests and answers of docs/reference/api.md beside their operations."""
    recorded = msgspec.json.decode(EXAMPLES.read_bytes(), type=dict[str, Example])
    for address, example in recorded.items():
        method, _, template = address.partition(" ")
        operation = paths.get(template, {}).get(method.lower())
        if operation is None:
            continue
        for parameter in operation.get("parameters", []):
            place = f"{parameter['in']} {parameter['name']}"
            if place in example.parameters:
                parameter["example"] = example.parameters[place]
        _show(operation.get("requestBody", {}), example.request)
        _show(operation["responses"].get(str(example.status), {}), example.answer)


def add_bodies(paths: dict[str, Any]) -> None:
    """Puts a body of its contract beside each operation that nothing was recorded for."""
    bodies = msgspec.json.decode(BODIES.read_bytes())
    for operation in (one for methods in paths.values() for one in methods.values()):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            schema = content.get("schema", {})
            contract = schema.get("anyOf", [schema])[0].get("$ref", "").rpartition("/")[2]
            if contract in bodies:
                content.setdefault("example", bodies[contract])


def _show(body: dict[str, Any], example: Any) -> None:  # nodes of the description, which is JSON
    if example is not msgspec.UNSET:
        for content in body.get("content", {}).values():
            content["example"] = example


def openapi_config() -> OpenAPIConfig:
    """The description's frame; operations come from the routes."""
    return OpenAPIConfig(
        title="Souk",
        version=__version__,
        description=DESCRIPTION,
        license=License(name="Apache-2.0", identifier="Apache-2.0"),
        path=_RENDERED,
        render_plugins=[JsonRenderPlugin(path="/openapi.json")],
        use_handler_docstrings=True,
        components=Components(
            security_schemes={
                "bearer": SecurityScheme(
                    type="http", scheme="bearer", description="An access token or a vk_ key."
                )
            }
        ),
        tags=[
            Tag(name="people", description="Accounts, sessions, API keys, organisations."),
            Tag(name="works", description="Uploads, artifacts, listings, versions, offers."),
            Tag(name="discovery", description="Search and suggestions."),
            Tag(name="treasury", description="Wallets, deposits, transfers, statements."),
            Tag(name="commerce", description="Orders, receipts, refunds, revenue."),
            Tag(name="rights", description="Licences and provenance."),
            Tag(name="delivery", description="Licensed files and downloads."),
            Tag(name="hub", description="What the clients of Hugging Face ask for."),
            Tag(name="plugins", description="Plug-ins, their versions and workspaces of them."),
            Tag(name="protection", description="Devices, the keys that they are given, receipts."),
            Tag(name="compute", description="Metrics, measured again by the marketplace."),
            Tag(name="reviews", description="Reviews of works, replies and helpful votes."),
            Tag(name="storefronts", description="What sellers show, and who they proved to be."),
            Tag(name="moderation", description="Reports, cases, decisions and appeals."),
            Tag(name="insight", description="Notices, figures of sales and visits."),
            Tag(name="live", description="Events as they happen."),
            Tag(name="admin", description="For the operator."),
            Tag(name="system", description="Health and metrics."),
        ],
    )
