"""mp logout"""

import click

from souk_client.cli.shell import Shell, with_shell
from souk_client.sdk.errors import SoukClientError


@click.command(name="logout", epilog="\b\nExample:\n  mp logout\n")
@with_shell
def command(shell: Shell) -> None:
    """Sign out, here and at the marketplace. Pinned keys stay, so proofs can still be checked."""
    session = shell.profile.session
    is_told = session is None
    if session is not None:
        with shell.souk() as souk:
            try:
                souk.auth.logout(refresh_token=session.refresh_token)
                is_told = True
            except SoukClientError as error:
                shell.say(f"The marketplace could not be told: {error}")
    shell.store.change(shell.api_url, api_key=None, session=None)
    answer = {"api_url": shell.api_url, "ended_at_marketplace": is_told}
    shell.emit(answer, lambda: click.echo(f"Signed out of {shell.api_url}."))
