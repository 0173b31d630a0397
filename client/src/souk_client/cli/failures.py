"""From an error to what a person reads and a script branches on."""

from typing import Final

import click
import msgspec

from souk_client.proofs import ProofError
from souk_client.sdk.errors import (
    IntegrityError,
    SoukApiError,
    SoukClientError,
    SoukConnectionError,
)

FAILED: Final = 1
USAGE: Final = 2
NOT_ALLOWED: Final = 3
NOT_FOUND: Final = 4
REFUSED: Final = 5
UNREACHABLE: Final = 6
WRONG: Final = 7


class Failure(Exception):
    """A failure with its own exit code and, where there is one, a hint."""

    def __init__(self, message: str, *, exit_code: int = FAILED, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code
        self.hint = hint


def report(error: Exception, *, as_json: bool) -> int:
    """Prints an error on standard error; the exit code for it.

    Raises:
        Exception: the error itself, when it is none that is understood: a defect worth a trace.
    """
    if isinstance(error, Failure):
        _print(error.message, code="failed", hint=error.hint, as_json=as_json)
        return error.exit_code
    if isinstance(error, SoukApiError):
        if as_json:
            click.echo(msgspec.json.encode(error.problem).decode(), err=True)
        else:
            _print(str(error), code=error.code, hint=_hint(error), as_json=False)
        return _exit_code(error.status)
    known = {
        SoukConnectionError: ("unreachable", UNREACHABLE),
        IntegrityError: ("integrity", WRONG),
        ProofError: ("proof", WRONG),
        SoukClientError: ("failed", FAILED),
        OSError: ("system", FAILED),
        ValueError: ("invalid", FAILED),
    }
    for kind, (code, exit_code) in known.items():
        if isinstance(error, kind):
            _print(_text(error), code=code, hint=None, as_json=as_json)
            return exit_code
    raise error


def _exit_code(status: int) -> int:
    if status in (401, 403):
        return NOT_ALLOWED
    if status == 404:
        return NOT_FOUND
    return UNREACHABLE if status >= 500 or status == 429 else REFUSED


def _hint(error: SoukApiError) -> str | None:
    if error.status == 401:
        return "Sign in with `mp login`."
    if error.code == "insufficient_funds":
        return "Put money in with `mp wallet deposit`."
    if error.problem.suggestion:
        return f"Try: {error.problem.suggestion}"
    return None


def _text(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error) or type(error).__name__


def _print(message: str, *, code: str, hint: str | None, as_json: bool) -> None:
    if as_json:
        problem = {"code": code, "detail": message, "hint": hint}
        click.echo(msgspec.json.encode(problem).decode(), err=True)
        return
    click.echo(f"mp: {message}", err=True)
    if hint:
        click.echo(f"    {hint}", err=True)
