"""mp login"""

import sys

import click

from souk_client.cli import output
from souk_client.cli.failures import USAGE, Failure
from souk_client.cli.shell import Shell, with_shell
from souk_client.contracts.people import Me
from souk_client.proofs import KeySet
from souk_client.sdk.client import Souk

EPILOG = """\b
Examples:
  mp login --api-url https://souk.example
  mp login --email ada@example.org
  mp login --create --name "Ada Lovelace"
  echo "$PASSWORD" | mp login --email ada@example.org --password-stdin
  mp login --api-key vk_…
"""


@click.command(name="login", epilog=EPILOG)
@click.option("--email", help="Your e-mail address; asked for when left out.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--create", is_flag=True, help="Make a new account.")
@click.option("--name", help="Your name, with --create.")
@with_shell
def command(
    shell: Shell, email: str | None, password_stdin: bool, create: bool, name: str | None
) -> None:
    """Sign in to a marketplace, and pin its public keys.

    What is kept lies in your configuration folder, readable only by you. The pinned keys let
    `mp verify` check proofs later with no server.
    """
    if shell.api_key is not None:
        me, keys = _with_key(shell, shell.api_key)
    else:
        with shell.souk(sign_in=False) as souk:
            _with_password(souk, email, name=name, is_new=create, from_stdin=password_stdin)
            me, keys = souk.account.get(), shell.pin_keys(souk)
    shell.store.use(shell.api_url)
    answer = {"api_url": shell.api_url, "me": me, "pinned_keys": keys}
    shell.emit(answer, lambda: _print(shell, me, keys))


def _with_key(shell: Shell, api_key: str) -> tuple[Me, KeySet]:
    with Souk(shell.api_url, api_key=api_key) as souk:
        me = souk.account.get()
        keys = shell.pin_keys(souk)
    shell.store.change(shell.api_url, api_key=api_key, session=None)
    return me, keys


def _with_password(
    souk: Souk, email: str | None, *, name: str | None, is_new: bool, from_stdin: bool
) -> None:
    stdin = sys.stdin
    if not stdin.isatty() and not (email and from_stdin):
        raise Failure(
            "There is nobody to ask for the e-mail address and password.",
            exit_code=USAGE,
            hint="Give --email and --password-stdin, or --api-key.",
        )
    address = email or click.prompt("E-mail", err=True)
    if is_new and not name:
        name = click.prompt("Your name", err=True) if stdin.isatty() else address.split("@")[0]
    if from_stdin:
        password = stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=is_new, err=True)
    if is_new:
        souk.auth.register(email=address, password=password, name=name or address)
    else:
        souk.auth.login(email=address, password=password)


def _print(shell: Shell, me: Me, keys: KeySet) -> None:
    click.echo(f"Signed in to {shell.api_url} as {output.plain(me.user.name)} <{me.user.email}>.")
    shell.say(f"Pinned {len(keys.keys)} public keys of {keys.origin}.")
