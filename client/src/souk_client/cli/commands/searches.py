"""mp searches"""

import click

from souk_client.cli import output
from souk_client.cli.shell import Shell, with_shell
from souk_client.contracts.saved_searches import SavedSearch

EPILOG = """\b
Examples:
  mp searches
  mp searches add 'kind:model "iris flowers" price:<10' --name Irises
  mp searches pause ssr_01…
"""


@click.group(name="searches", invoke_without_command=True, epilog=EPILOG)
@click.pass_context
@with_shell
def command(shell: Shell, context: click.Context) -> None:
    """List the searches you keep; keep, pause or drop one.

    You are told of works that come to match: in the bell, and by mail where you choose so.
    """
    if context.invoked_subcommand is not None:
        return
    with shell.souk() as souk:
        kept = souk.saved_searches.list().items
    shell.emit({"items": kept}, lambda: _print_all(shell, kept))


@command.command(name="add")
@click.argument("words", nargs=-1, required=True)
@click.option("--name", help="What you call it; made from the words when left out.")
@with_shell
def add(shell: Shell, words: tuple[str, ...], name: str | None) -> None:
    """Keep a search of these WORDS, with filters among them as in `mp search`."""
    with shell.souk() as souk:
        made = souk.saved_searches.create(" ".join(words), name=name)
    shell.emit(made, lambda: _print(made, "Kept"))


@command.command(name="pause")
@click.argument("search")
@with_shell
def pause(shell: Shell, search: str) -> None:
    """Be told nothing of SEARCH (its id) for now."""
    with shell.souk() as souk:
        changed = souk.saved_searches.change(search, paused=True)
    shell.emit(changed, lambda: _print(changed, "Paused"))


@command.command(name="resume")
@click.argument("search")
@with_shell
def resume(shell: Shell, search: str) -> None:
    """Be told of SEARCH (its id) again."""
    with shell.souk() as souk:
        changed = souk.saved_searches.change(search, paused=False)
    shell.emit(changed, lambda: _print(changed, "Resumed"))


@command.command(name="remove")
@click.argument("search")
@with_shell
def remove(shell: Shell, search: str) -> None:
    """Drop SEARCH (its id); what you were told stays."""
    with shell.souk() as souk:
        souk.saved_searches.delete(search)
    shell.emit({"id": search, "removed": True}, lambda: click.echo(f"Removed {search}."))


def _print(one: SavedSearch, done: str) -> None:
    click.echo(f"{done} {output.plain(one.name)!r} ({one.id}).")


def _print_all(shell: Shell, kept: list[SavedSearch]) -> None:
    if not kept:
        shell.say("You keep no searches yet; keep one with `mp searches add`.")
        return
    rows = [
        (
            one.id,
            "paused" if one.paused else "on",
            str(one.matches),
            one.last_match_at.date().isoformat() if one.last_match_at else "–",
            one.name,
            one.query or "filters only",
        )
        for one in kept
    ]
    output.table(("ID", "STATE", "MATCHES", "LAST", "NAME", "QUERY"), rows)
