"""A verb that plays, isolated: what the command line does before it reads the words in full.

The isolation is entered before there are threads and before what is slow to import, so only the two options that it
needs are read here, in any way that argparse takes them.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Sequence

from hookproof import interrupts
from hookproof.errors import HookproofError
from hookproof.isolation import entry
from hookproof.isolation.level import LEVELS


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of every verb that plays which say how far it is isolated."""
    parser.add_argument(
        "--isolation",
        choices=LEVELS,
        help="how far what is played is kept apart from this machine (default: as far as the system allows; "
        "see docs/security.md)",
    )
    parser.add_argument(
        "--allow-network", action="store_true", help="do not keep what is played off the network, real hosts included"
    )


def main(words: Sequence[str], go_on: Callable[[Sequence[str]], int]) -> int:
    """Have `go_on` done with the words of the command line, isolated. Its exit status."""
    parser = argparse.ArgumentParser(add_help=False, exit_on_error=False)
    arguments(parser)
    try:
        parsed, _ = parser.parse_known_args(list(words))
        wanted, allow_network = parsed.isolation, parsed.allow_network
    except argparse.ArgumentError:
        return go_on(words)  # which says what is wrong
    try:
        with interrupts.during("its isolation was made"), interrupts.unwinding():
            serve = entry.begin(wanted, allow_network=allow_network)
    except interrupts.Interrupted as error:
        return interrupts.told(error)
    except HookproofError as error:
        print(f"hookproof: {error}", file=sys.stderr)
        return int(error.status)
    if serve is None:
        return go_on(words)
    status = serve()
    return status if status >= 0 else _killed(-status)


def _killed(number: int) -> int:
    """The inner process was killed: what it left is cleared away, and told."""
    from hookproof import claims  # noqa: PLC0415 - not before it is needed

    claims.clear_away()
    name = signal.Signals(number).name
    print(f"hookproof: its inner process was ended by {name}; what was left of the run is removed", file=sys.stderr)
    return 128 + number
