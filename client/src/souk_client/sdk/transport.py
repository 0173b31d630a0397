"""What both clients share around sending: headers, answers, errors, and when to go on."""

import ssl
import time
from typing import Final, TypeVar

import httpx
import msgspec

from souk_client.sdk.call import Call
from souk_client.sdk.credentials import Credentials
from souk_client.sdk.errors import SoukApiError, SoukConnectionError, problem_of
from souk_client.sdk.retry import RetryPolicy, read_retry_after

T = TypeVar("T")

USER_AGENT: Final = "souk-client/0.1"
TIMEOUT: Final = httpx.Timeout(60.0, connect=10.0)


def tls_context(api_url: str) -> ssl.SSLContext | bool:
    """How to check certificates: as usual; an http address needs no authorities read from disk.

    With the empty context an https address would be refused, never trusted blindly.
    """
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if api_url.startswith("http:") else True


class Exchange:
    """One call on its way: builds its request, and says after each attempt what comes next."""

    def __init__(self, call: Call[T], *, credentials: Credentials, policy: RetryPolicy) -> None:
        self._call = call
        self._credentials = credentials
        self._policy = policy
        self._headers = call.headers()
        self._payload = call.payload()
        self._attempt = 0
        self._renewed = False
        self.token: str | None = None
        """The bearer token of the last attempt."""

    def request(self, client: httpx.Client | httpx.AsyncClient) -> httpx.Request:
        """The request of the next attempt; the same Idempotency-Key every time."""
        self._attempt += 1
        headers = dict(self._headers)
        self.token = self._credentials.token
        if self.token is not None and self._call.session != "starts":
            headers["Authorization"] = f"Bearer {self.token}"
        return client.build_request(
            self._call.method,
            self._call.path,
            params=httpx.QueryParams(self._call.parameters()),
            content=self._payload,
            headers=headers,
        )

    def should_renew(self, response: httpx.Response) -> bool:
        """Whether the session has run out and a new one may help; true once."""
        if response.status_code != 401 or self._renewed or self._call.session == "starts":
            return False
        self._renewed = self._credentials.refresh_token is not None
        return self._renewed

    def pause_after(self, response: httpx.Response) -> float | None:
        """Seconds until the next attempt; None when this answer stands."""
        return self._policy.delay_after(
            self._attempt,
            status=response.status_code,
            retry_after=response.headers.get("retry-after"),
            now_s=time.time(),
        )

    def pause_after_error(self, error: httpx.HTTPError) -> float:
        """Seconds until the next attempt.

        Raises:
            SoukConnectionError: that was the last one.
        """
        delay = self._policy.delay(self._attempt)
        if delay is None:
            raise connection_error(error) from error
        return delay


def read_answer(call: Call[T], response: httpx.Response) -> T:
    """The answer of a call.

    Raises:
        SoukApiError: it is an error, or not of the promised shape.
    """
    if not response.is_success:
        raise api_error(response)
    if call.answer is bytes:
        return response.content  # type: ignore[return-value]  # T is bytes here
    if call.answer is type(None):
        return None
    try:
        return msgspec.json.decode(response.content, type=call.answer)
    except msgspec.DecodeError as error:
        problem = problem_of(502, b"", reason="Bad answer")
        detail = f"{call.method} {call.path} answered something else than expected: {error}."
        raise SoukApiError(
            msgspec.structs.replace(problem, code="answer_unreadable", detail=detail)
        ) from error


def api_error(response: httpx.Response) -> SoukApiError:
    """The error in an answer."""
    problem = problem_of(response.status_code, response.content, reason=response.reason_phrase)
    retry_after_s = read_retry_after(response.headers.get("retry-after"), now_s=time.time())
    return SoukApiError(problem, retry_after_s=retry_after_s)


def connection_error(error: httpx.HTTPError) -> SoukConnectionError:
    """The same failure in words for people."""
    try:
        url = str(error.request.url.copy_with(query=None))
    except RuntimeError:
        url = "the marketplace"
    reason = str(error) or type(error).__name__
    return SoukConnectionError(f"{url} cannot be reached: {reason}.")
