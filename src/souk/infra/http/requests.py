"""Requests whose JSON bodies are read strictly, each fault with a problem of its own."""

import re
from typing import Any, Final

import msgspec
from litestar import Request
from litestar.exceptions import ValidationException

from souk.kernel.errors import Malformed, MediaTypeUnsupported

_JSON: Final = re.compile(r"application/(?:json|[\w.-]+\+json)[ \t]*(?:;.*)?", re.IGNORECASE)


class JsonRequest(Request[Any, Any, Any]):
    """Litestar's request; a body that is not JSON is the caller's fault, not the server's."""

    async def json(self) -> Any:
        """The body as the handler's `data`: strictly, so that the text "5" is no number.

        Raises:
            MediaTypeUnsupported: `media_type_unsupported`.
            Malformed: `body_malformed`.
            ValidationException: another shape than the handler's.
        """
        media_type = self.headers.get("content-type")
        if media_type is not None and not _JSON.fullmatch(media_type):
            raise MediaTypeUnsupported(
                "media_type_unsupported", "Send the body as `Content-Type: application/json`."
            )
        field = self.route_handler.parsed_fn_signature.parameters.get("data")
        kind = Any if field is None else field.annotation
        try:
            return msgspec.json.decode(await self.body(), type=kind)
        except RecursionError as error:
            raise Malformed("body_malformed", "The JSON is nested too deeply.") from error
        except UnicodeDecodeError as error:
            raise Malformed("body_malformed", "The JSON is not encoded as UTF-8.") from error
        except msgspec.ValidationError as error:
            raise _invalid(error) from error
        except msgspec.DecodeError as error:
            raise Malformed("body_malformed", f"The body is no JSON: {error}.") from error


def _invalid(error: msgspec.ValidationError) -> ValidationException:
    message, _, place = str(error).partition(" - at `$")
    key = place.rstrip("`").lstrip(".")
    extra = [{"message": message, "key": key, "source": "body"}]
    return ValidationException(detail=message, extra=extra)
