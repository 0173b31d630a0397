"""Where `mp` starts: parses, runs, and turns every failure into a message and an exit code."""

import os
import sys
from typing import Final, NoReturn

import click

from souk_client.cli.group import LazyGroup

COMMANDS: Final = {
    "login": "Sign in to a marketplace, and pin its public keys.",
    "logout": "Sign out, here and at the marketplace.",
    "whoami": "Show who is signed in, and where.",
    "search": "Find listings by plain words.",
    "show": "Show a listing: price, licence, versions, files.",
    "compare": "Show listings side by side, the best of each row marked.",
    "searches": "List the searches you keep; keep, pause or drop one.",
    "publish": "Publish a folder or an archive as a listing, or as its next version.",
    "import": "Publish every work in a folder or an archive.",
    "buy": "Buy a listing from your wallet.",
    "library": "List the licences you hold.",
    "licences": "The same as `library`.",
    "download": "Fetch the files of a licence, with the evidence that it is yours.",
    "devices": "List the devices that open your protected files; register or revoke one.",
    "open": "Open a protected file on this device, with no connection.",
    "verify": "Check files, licence and provenance proof, with no server.",
    "assets": "List your files at public addresses; put, delete or refresh one.",
    "wallet": "Show balances, put money in, list movements.",
    "wallets": "List the wallets linked to your account; link or unlink one.",
    "completion": "Print the completion script of your shell.",
}
"""Every command and its line in the help."""

EPILOG: Final = """\b
A first journey:
  mp login --api-url https://souk.example
  mp search "sentence embeddings"
  mp buy owner/name
  mp download owner/name
  mp verify name

\b
Exit codes:
  0 done   1 failed   2 wrong usage   3 not signed in, or not allowed
  4 not found   5 refused by a rule   6 not reachable
  7 a file, licence or proof is wrong   130 interrupted
"""


@click.group(
    cls=LazyGroup,
    commands_help=COMMANDS,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="souk-client", prog_name="mp")
def cli() -> None:
    """The Souk marketplace in your shell: find, buy, publish, download, verify.

    Every command takes --json: one JSON document on standard output, everything else on standard
    error. SOUK_API_URL and SOUK_API_KEY stand in for signing in.
    """


def main() -> NoReturn:
    """Runs `mp` and leaves with its exit code."""
    # httpx imports its own command line (rich, pygments) with itself; `mp` starts faster without.
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # None: not importable
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Runs `mp` with these arguments; its exit code."""
    try:
        result = cli.main(args=arguments, prog_name="mp", standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.Abort:
        click.echo("mp: interrupted", err=True)
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except KeyboardInterrupt:
        click.echo("mp: interrupted", err=True)
        return 130
    except BrokenPipeError:
        # Whoever read our output has gone; nothing more can be said to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        from souk_client.cli.failures import report

        return report(error, as_json="--json" in arguments)
    return result if isinstance(result, int) else 0
