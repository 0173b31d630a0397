"""mp completion"""

import click
from click.shell_completion import get_completion_class

EPILOG = """\b
Examples:
  mp completion bash >> ~/.bashrc
  mp completion zsh >> ~/.zshrc
  mp completion fish > ~/.config/fish/completions/mp.fish
"""


@click.command(name="completion", epilog=EPILOG)
@click.argument("shell_name", metavar="SHELL", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(context: click.Context, shell_name: str) -> None:
    """Print the completion script of your shell: bash, zsh or fish."""
    kind = get_completion_class(shell_name)
    assert kind is not None
    click.echo(kind(context.find_root().command, {}, "mp", "_MP_COMPLETE").source())
