"""Becomes the local chain: `souk up` starts it with the port in SOUK_CHAIN_LOCAL_PORT."""

import os
import signal
import sys

from souk.apps.chain.local import command, find_anvil, ready_state
from souk.apps.chain.mining import mine_beside
from souk.infra.settings import SettingsError, load, load_settings
from souk.rights.chain.settings import ChainSettings


def main() -> None:
    """Runs anvil in the place of this process."""
    try:
        settings = load_settings(os.environ)
        chain = load(ChainSettings, os.environ, prefix="SOUK_CHAIN_")
    except SettingsError as error:
        sys.exit(f"Wrong setting: {error}")
    program = find_anvil(chain.anvil)
    if program is None:
        sys.exit("There is no anvil. `npm ci` in contracts/ installs it.")
    state = ready_state(settings.data_path / "chain")
    every_s = chain.local_block_s
    line = command(program, state=state, port=chain.local_port, at_once=every_s == 0)
    if every_s > 0:
        parent = os.getpid()  # it becomes the chain, so its end is the chain's
        if os.fork() == 0:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            mine_beside(parent, port=chain.local_port, every_s=every_s)
            os._exit(0)
    try:
        os.execv(line[0], line)
    except OSError as error:
        sys.exit(f"{program} cannot be run ({error.strerror}); mend SOUK_CHAIN_ANVIL.")


if __name__ == "__main__":
    main()
