"""What every command shares: its common options, the client it talks through, its output."""

import functools
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import click

from souk_client.cli import output
from souk_client.cli.failures import NOT_ALLOWED, USAGE, WRONG, Failure
from souk_client.cli.profiles import Profile, ProfileSessions, ProfileStore, config_folder
from souk_client.proofs import KeySet
from souk_client.sdk.address import DEFAULT_API_URL, normal_url

if TYPE_CHECKING:
    from souk_client.sdk.client import Souk

P = ParamSpec("P")
R = TypeVar("R")


class Shell:
    """One run of `mp`: where it talks to, as whom, and how it prints."""

    def __init__(
        self, *, as_json: bool, is_quiet: bool, api_url: str | None, api_key: str | None
    ) -> None:
        self.as_json = as_json
        self.is_quiet = is_quiet
        self.store = ProfileStore(config_folder())
        self._api_url = api_url
        self._api_key = api_key

    @functools.cached_property
    def api_url(self) -> str:
        """From the option or SOUK_API_URL, else where you are signed in."""
        try:
            return normal_url(self._api_url or self.store.load().current or DEFAULT_API_URL)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--api-url") from error

    @property
    def profile(self) -> Profile:
        """What is kept of this marketplace now."""
        return self.store.load().by_url.get(self.api_url) or Profile(api_url=self.api_url)

    def souk(self, *, sign_in: bool = True) -> "Souk":
        """A client for this marketplace, signed in where possible.

        Raises:
            Failure: `sign_in`, and nobody is.
        """
        from souk_client.sdk.client import Souk  # httpx is slow to import, and `verify` needs none

        profile = self.profile
        api_key = self._api_key or profile.api_key
        if sign_in and api_key is None and profile.session is None:
            raise Failure(
                f"You are not signed in to {self.api_url}.",
                exit_code=NOT_ALLOWED,
                hint="Sign in with `mp login`, or set SOUK_API_KEY.",
            )
        return Souk(self.api_url, api_key=api_key, store=ProfileSessions(self.store, self.api_url))

    def trusted_keys(self, souk: "Souk") -> KeySet:
        """The pinned keys of this marketplace; pins them now when none are."""
        pinned = self.profile.keys
        return pinned if pinned is not None else self.pin_keys(souk)

    def pin_keys(self, souk: "Souk") -> KeySet:
        """Asks for the marketplace's keys and keeps new ones; a pinned one is never replaced.

        Raises:
            Failure: the marketplace calls itself something else than before.
        """
        published = souk.keys()
        pinned = self.profile.keys
        if pinned is not None and pinned.origin != published.origin:
            raise Failure(
                f"{self.api_url} was {pinned.origin} and now says it is {published.origin}.",
                exit_code=WRONG,
                hint=f"If you know why, remove its keys from {self.store.folder} and try again.",
            )
        keys = pinned.merged(published.keys) if pinned is not None else published
        if keys != pinned:
            self.store.change(self.api_url, keys=keys)
        return keys

    def say(self, text: str) -> None:
        """A word on the way, for people, on standard error."""
        if not self.is_quiet:
            click.echo(text, err=True)

    @property
    def api_key(self) -> str | None:
        """The key given with this run."""
        return self._api_key

    def emit(self, value: object, text: Callable[[], None]) -> None:
        """The outcome: `value` as JSON, or what `text` prints."""
        if self.as_json:
            output.emit_json(value)
        else:
            text()

    def confirm(self, question: str, *, is_agreed: bool) -> None:
        """Asks before something that cannot be undone.

        Raises:
            Failure: nobody is there to answer; click.Abort when the answer is no.
        """
        if is_agreed:
            return
        if not sys.stdin.isatty():
            raise Failure("This needs an answer; add --yes to agree beforehand.", exit_code=USAGE)
        click.confirm(question, abort=True, err=True)


def with_shell(function: Callable[Concatenate[Shell, P], R]) -> Callable[..., R]:
    """Gives a command the common options, and a `Shell` as its first argument."""

    @click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
    @click.option("--quiet", "-q", is_flag=True, help="No progress and no remarks.")
    @click.option(
        "--api-url",
        envvar="SOUK_API_URL",
        metavar="URL",
        help="The marketplace; where you signed in last when left out. [SOUK_API_URL]",
    )
    @click.option(
        "--api-key", envvar="SOUK_API_KEY", metavar="KEY", help="A vk_… key. [SOUK_API_KEY]"
    )
    @functools.wraps(function)
    def command(
        *args: Any,  # click passes what the command declares
        as_json: bool,
        quiet: bool,
        api_url: str | None,
        api_key: str | None,
        **kwargs: Any,
    ) -> R:
        shell = Shell(as_json=as_json, is_quiet=quiet, api_url=api_url, api_key=api_key)
        return function(shell, *args, **kwargs)

    return command
