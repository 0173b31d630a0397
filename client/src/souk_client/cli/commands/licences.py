"""mp licences: another name for mp library"""

from souk_client.cli.commands.library import command

__all__ = ["command"]
