"""The program of a `player`: `python -P player_program.py HANDLE`, where HANDLE is the socket to who started it.

It enters the isolation before it has threads and before what is slow to import; then it plays what it is asked for.
The processes of the isolation all hold the socket: its end tells that none of them is alive.
"""

from __future__ import annotations

import os
import sys
from multiprocessing.connection import Connection


def main(handle: int) -> int:
    """Begin as asked, then play. The exit status; the outer process has that of the inner one."""
    os.set_inheritable(handle, False)  # nothing that a case starts has a hand on it
    connection = Connection(handle)
    try:
        sys.path[:], wanted, allow_network = connection.recv()
    except (EOFError, OSError):
        return 0
    # these are found where who started this finds them
    from hookproof import interrupts  # noqa: PLC0415
    from hookproof.errors import HookproofError  # noqa: PLC0415
    from hookproof.isolation import entry  # noqa: PLC0415

    interrupts.take()
    try:
        try:
            with interrupts.during("the isolation of its player was made"), interrupts.unwinding():
                serve = entry.begin(wanted, allow_network=allow_network)
        except interrupts.Interrupted as error:
            return interrupts.told(error)
        except HookproofError as error:
            connection.send(error)
            return int(error.status)
        if serve is not None:
            status = serve()
            return status if status >= 0 else _killed(-status)
        connection.send(entry.current())
        from hookproof.suite import player_inside  # noqa: PLC0415 - slow to import

        return player_inside.serve(connection)
    finally:
        interrupts.over()


def _killed(number: int) -> int:
    """The inner process was killed: what it left is cleared away."""
    from hookproof import claims  # noqa: PLC0415 - not before it is needed

    claims.clear_away()
    return 128 + number


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1])))
