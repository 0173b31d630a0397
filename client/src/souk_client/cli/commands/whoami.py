"""mp whoami"""

import click

from souk_client.cli import output
from souk_client.cli.shell import Shell, with_shell
from souk_client.contracts.people import Me

EPILOG = """\b
Examples:
  mp whoami
  mp whoami --json | jq -r .user.email
"""


@click.command(name="whoami", epilog=EPILOG)
@with_shell
def command(shell: Shell) -> None:
    """Show who is signed in, and where."""
    with shell.souk() as souk:
        me = souk.account.get()
    shell.emit(me, lambda: _print(shell, me))


def _print(shell: Shell, me: Me) -> None:
    organisations = [f"{m.organisation.slug} ({m.role})" for m in me.memberships]
    output.facts(
        [
            ("name", output.plain(me.user.name)),
            ("e-mail", me.user.email),
            ("user", me.user.id),
            ("roles", ", ".join(me.user.roles)),
            ("organisations", ", ".join(organisations)),
            ("marketplace", shell.api_url),
        ]
    )
