"""Requests whose JSON bodies are read strictly, each fault with a problem of its own."""

import re
from typing import Any, Final

from litestar import Request
from litestar.exceptions import SerializationException

from souk.kernel.errors import Malformed, MediaTypeUnsupported

_JSON: Final = re.compile(r"application/(?:json|[\w.-]+\+json)[ \t]*(?:;.*)?", re.IGNORECASE)


class JsonRequest(Request[Any, Any, Any]):
    """Litestar's request; a body that is not JSON is the caller's fault, not the server's."""

    async def json(self) -> Any:
        """The body as plain values.

        Raises:
            MediaTypeUnsupported: `media_type_unsupported`.
            Malformed: `body_malformed`.
        """
        kind = self.headers.get("content-type")
        if kind is not None and not _JSON.fullmatch(kind):
            raise MediaTypeUnsupported(
                "media_type_unsupported", "Send the body as `Content-Type: application/json`."
            )
        try:
            return await super().json()
        except RecursionError as error:
            raise Malformed("body_malformed", "The JSON is nested too deeply.") from error
        except UnicodeDecodeError as error:
            raise Malformed("body_malformed", "The JSON is not encoded as UTF-8.") from error
        except SerializationException as error:
            raise Malformed("body_malformed", f"The body is no JSON: {error}.") from error
