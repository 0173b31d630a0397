"""One command that runs a whole marketplace: database, server, worker, and the watch over them.

Public name: `run_up`.
"""

from souk.apps.up.supervisor import run_up

__all__ = ["run_up"]
