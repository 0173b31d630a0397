"""Makes the local chain's blocks: one a second, while there is something to put into it.

Anvil by itself mines at once, or every second for ever: a day of empty blocks is 145 MB that it
would write to its state file every few seconds.
"""

import http.client
import json
import os
import time
from typing import Any

TIMEOUT_S = 10.0


def mine_beside(parent: int, *, port: int, every_s: float) -> None:
    """Mines what waits, every so many seconds on the clock, until the parent process is gone.

    Args:
        parent: the process id of the chain.
        port: where the chain answers on this machine.
        every_s: the time between two blocks.
    """
    while os.getppid() == parent:
        time.sleep(every_s - time.time() % every_s)
        mine_waiting(port)


def mine_waiting(port: int) -> bool:
    """Makes a block when transactions wait; whether it did. A chain that is away is left alone."""
    try:
        if int(_asked(port, "txpool_status")["pending"], 16) == 0:
            return False
        _asked(port, "evm_mine")
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return False  # it is starting, or stopping
    return True


def _asked(port: int, method: str) -> Any:  # the method's own answer
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    try:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": []})
        connection.request("POST", "/", body, {"Content-Type": "application/json"})
        return json.loads(connection.getresponse().read())["result"]
    finally:
        connection.close()
