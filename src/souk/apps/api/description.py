"""What Litestar's own description leaves out, taken from the handlers themselves.

Bodies and answers are described by msgspec, which also checks them, so no constraint is lost. Every
operation says which problems it answers, whether it needs a caller, and its Idempotency-Key.

Options of a handler: `problems` (status to text, beside those that follow from its shape),
`raw_body=True` (it reads bytes), `caller="optional"` (it serves everybody, and knows its own).
"""

from collections.abc import Iterator, Mapping
from inspect import isclass
from typing import Any, Final, get_args, get_origin

import msgspec
from litestar import Litestar, Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import KwargDefinition
from litestar.routes import HTTPRoute

from souk.infra.http.authentication import needs_caller
from souk.infra.http.idempotency import MAX_KEY_LENGTH
from souk.infra.http.problems import MEDIA_TYPE
from souk_client.contracts.base import Problem

JSON: Final = "application/json"
_REFERENCE: Final = "#/components/schemas/{name}"
_ALWAYS: Final = {
    400: "The request cannot be read, or names a query parameter that this address does not take "
    "(`parameter_unknown`: `unknown` and `known` list them).",
    401: "Nobody is signed in, or the credential is no longer good.",
    429: "Too many requests; `retry-after` says when to come back.",
    503: "A part that this needs does not answer now; `retry-after` may say when to come back.",
}
_WITH_INPUT: Final = {422: "The request breaks a rule; `errors` names the fields."}
_WITH_PATH: Final = {404: "Not there, or not for this caller."}
_WITH_CALLER: Final = {
    403: "Signed in, but not allowed.",
    404: "Something named is not there, or not for this caller.",
    409: "The state of the thing does not admit this now.",
}
_WITH_CHANGE: Final = {
    403: "Not allowed, or a page's request without its CSRF token.",
    404: "Something named is not there, or not for this caller.",
    409: "The state of the thing, or a used Idempotency-Key, does not admit this.",
    413: "The body is too large.",
}
_WITH_JSON: Final = {415: "The body is not sent as JSON."}
_WITH_MONEY: Final = {402: "The wallet does not hold enough."}

Operation = dict[str, Any]  # a node of the description, which is JSON


def complete(description: dict[str, Any], app: Litestar) -> None:
    """Adds to the description, in place, what the handlers say."""
    handlers = list(_handlers(app, description["paths"]))
    types = [kind for handler, _, _ in handlers for kind in _types(handler)]
    schemas, components = msgspec.json.schema_components([*types, Problem], ref_template=_REFERENCE)
    description["components"]["schemas"] = components
    named = dict(zip(map(str, types), schemas, strict=False))
    for handler, method, operation in handlers:
        _parameters(operation, handler, method)
        _body(operation, handler, named)
        _answer(operation, handler, named)
        _problems(operation, handler, method)
        operation["security"] = _security(handler)


def _handlers(
    app: Litestar, paths: dict[str, dict[str, Operation]]
) -> Iterator[tuple[HTTPRouteHandler, str, Operation]]:
    for route in app.routes:
        if not isinstance(route, HTTPRoute) or route.path_format not in paths:
            continue
        for handler in route.route_handlers:
            for method in map(str, handler.http_methods):
                operation = paths[route.path_format].get(method.lower())
                if operation is not None:
                    yield handler, method, operation


def _body_type(handler: HTTPRouteHandler) -> Any:  # any type that msgspec knows
    field = handler.parsed_fn_signature.parameters.get("data")
    return None if field is None else field.annotation


def _answer_type(handler: HTTPRouteHandler) -> Any:  # any type that msgspec knows
    kind = handler.parsed_fn_signature.return_type.annotation
    origin = get_origin(kind)
    if isclass(origin) and issubclass(origin, Response):
        return get_args(kind)[0]
    # A stream names no contract: its content is described by its media type alone.
    return bytes if isclass(kind) and issubclass(kind, Response) else kind


def _types(handler: HTTPRouteHandler) -> list[Any]:
    both = (_body_type(handler), _answer_type(handler))
    return [kind for kind in both if kind not in (None, type(None), bytes)]


def _body(operation: Operation, handler: HTTPRouteHandler, named: Mapping[str, Any]) -> None:
    kind = _body_type(handler)
    if kind is not None:
        schema = named[str(kind)]
        content = operation["requestBody"]["content"][JSON]
        content["schema"] = schema
        operation["requestBody"]["required"] = {"type": "null"} not in schema.get("anyOf", [])
    elif handler.opt.get("raw_body"):
        content = {"application/octet-stream": {}}
        operation["requestBody"] = {
            "required": True,
            "description": "The bytes themselves, as they are.",
            "content": content,
        }


def _answer(operation: Operation, handler: HTTPRouteHandler, named: Mapping[str, Any]) -> None:
    kind = _answer_type(handler)
    for media_type, content in (
        operation["responses"][str(handler.status_code)].get("content", {}).items()
    ):
        if kind is bytes:
            content["schema"] = {"type": "object" if media_type == JSON else "string"}
        else:
            content["schema"] = named[str(kind)]


def _parameters(operation: Operation, handler: HTTPRouteHandler, method: str) -> None:
    signature = handler.parsed_fn_signature.parameters
    for parameter in operation.get("parameters", []):
        field = signature.get(parameter["name"])
        parameter["schema"] = _without_null(parameter["schema"])
        if field is not None and isinstance(field.kwarg_definition, KwargDefinition):
            parameter["schema"].update(_limits(field.kwarg_definition))
    if method == "POST":
        required = handler.opt.get("idempotency") == "required"
        operation.setdefault("parameters", []).append(_idempotency_key(required=required))


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """An address cannot say null: a parameter is there or left out."""
    rest = {name: value for name, value in schema.items() if name != "oneOf"}
    for choice in schema.get("oneOf", []):
        if choice != {"type": "null"}:
            rest.update(choice)
    if isinstance(rest.get("type"), list):
        rest["type"] = next(kind for kind in rest["type"] if kind != "null")
    if "enum" in rest:
        rest["enum"] = [value for value in rest["enum"] if value is not None]
    return rest


def _limits(definition: KwargDefinition) -> dict[str, Any]:
    limits = {
        "minimum": definition.ge,
        "maximum": definition.le,
        "minLength": definition.min_length,
        "maxLength": definition.max_length,
        "minItems": definition.min_items,
        "maxItems": definition.max_items,
        "pattern": definition.pattern,
    }
    return {name: value for name, value in limits.items() if value is not None}


def _idempotency_key(*, required: bool) -> dict[str, Any]:
    return {
        "name": "Idempotency-Key",
        "in": "header",
        "required": required,
        "description": "A new one for each thing you mean, the same one when you repeat a request.",
        "schema": {
            "type": "string",
            "minLength": 1,
            "maxLength": MAX_KEY_LENGTH,
            "pattern": "^[!-~]([ -~]*[!-~])?$",
        },
    }


def _problems(operation: Operation, handler: HTTPRouteHandler, method: str) -> None:
    problems = dict(_ALWAYS)
    parameters = operation.get("parameters", [])
    if parameters or "requestBody" in operation:
        problems |= _WITH_INPUT
    if any(parameter["in"] == "path" for parameter in parameters):
        problems |= _WITH_PATH
    if "actor" in handler.parsed_fn_signature.parameters:
        problems |= _WITH_CALLER
    if method != "GET":
        problems |= _WITH_CHANGE
    if _body_type(handler) is not None:
        problems |= _WITH_JSON
    if handler.opt.get("idempotency") == "required":
        problems |= _WITH_MONEY
    problems |= handler.opt.get("problems", {})
    operation["responses"].pop("400", None)
    for status, text in sorted(problems.items()):
        operation["responses"][str(status)] = {
            "description": text,
            "content": {MEDIA_TYPE: {"schema": {"$ref": _REFERENCE.format(name="Problem")}}},
        }


def _security(handler: HTTPRouteHandler) -> list[dict[str, list[str]]]:
    return [{"bearer": []}] if needs_caller(handler) else [{}, {"bearer": []}]
