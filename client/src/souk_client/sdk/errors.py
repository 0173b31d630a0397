"""What the client raises."""

from collections.abc import Sequence

import msgspec

from souk_client.contracts.base import FieldError, Problem


class SoukClientError(Exception):
    """The base of everything this client raises on purpose."""


class SoukConnectionError(SoukClientError):
    """The marketplace could not be reached, or broke off, after every retry."""


class IntegrityError(SoukClientError):
    """What arrived is not what was promised: a hash, a length, a proof or a path is wrong."""


class SoukApiError(SoukClientError):
    """The marketplace refused a request; carries its RFC 9457 problem details."""

    def __init__(self, problem: Problem, *, retry_after_s: float | None = None) -> None:
        super().__init__(problem.detail)
        self.problem = problem
        self.retry_after_s = retry_after_s

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.problem.status

    @property
    def code(self) -> str:
        """The stable code, such as `insufficient_funds`."""
        return self.problem.code

    @property
    def detail(self) -> str:
        """What is wrong and how to mend it."""
        return self.problem.detail

    @property
    def fields(self) -> Sequence[FieldError]:
        """Which fields are wrong, when the answer says so."""
        return self.problem.errors

    @property
    def request_id(self) -> str | None:
        """What to tell the operator."""
        return self.problem.request_id

    def __str__(self) -> str:
        fields = "".join(f"\n  {field.where}: {field.problem}" for field in self.fields)
        return f"{self.detail} [{self.code}]{fields}"


def problem_of(status: int, body: bytes, *, reason: str) -> Problem:
    """The problem details of an answer, or ones made up from its status when it has none."""
    try:
        return msgspec.json.decode(body, type=Problem)
    except msgspec.DecodeError:
        text = body[:200].decode("utf-8", "replace").strip()
        return Problem(
            type="about:blank",
            title=reason or "Error",
            status=status,
            code=f"http_{status}",
            detail=text or f"The marketplace answered {status} {reason}.",
        )
