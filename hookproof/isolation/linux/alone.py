"""Starts one program off the machine's network: `python -I -S alone.py [CMD…]`; without words it prints the proof.

For a program that is only asked its version, and to find out whether a system allows this at all. Exit statuses:
REFUSED and NOT_STARTED of `hookproof.isolation.alone`, with one line on stderr.
"""

# ruff: noqa: E402 - past the assertion mypy reads this file for Linux alone
from __future__ import annotations

import sys

assert sys.platform == "linux"

import os
from collections.abc import Sequence
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))  # -I knows no directory but the standard library's

from hookproof.isolation.linux import kernel, network, users
from hookproof.isolation.linux.refusal import NamespaceError, refusal

REFUSED, NOT_STARTED = 125, 126


def enter(resolvers: Sequence[str] = network.RESOLVERS) -> list[str]:
    """Leave the machine's network for good; returns the proof, a line each. Raises NamespaceError.

    After an error the process may be half way in: it should tell the error and end.
    """
    if len(list(Path("/proc/self/task").iterdir())) > 1:
        raise NamespaceError("the network can only be left before there is a second thread")
    network.keep_sockets_from_children()
    helper = _Helper()
    try:
        step = "unshare"
        kernel.unshare(kernel.NEWUSER | kernel.NEWNET | kernel.NEWNS)
        step = "writing the user maps"
        helper.map_users()
        step = "starting loopback"
        hidden = network.start(resolvers)
    except OSError as error:
        raise NamespaceError(refusal(error, step)) from None
    finally:
        helper.end()
    return [*network.prove(), *([f"resolvers hidden: {', '.join(hidden)}"] if hidden else [])]


class _Helper:
    """A child that stays outside, from where users are mapped."""

    def __init__(self) -> None:
        wait, self._go = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(self._go)
            status = 1
            try:
                if os.read(wait, 1):
                    users.map_to_themselves(os.getppid())
                    status = 0
            except OSError as error:
                status = error.errno or 1
            finally:
                os._exit(status)
        os.close(wait)

    def map_users(self) -> None:
        """Let it do its work. Raises OSError."""
        os.write(self._go, b"1")
        number = self.end()
        if number:
            raise OSError(number, os.strerror(number))

    def end(self) -> int:
        """Wait until it is gone, with or without its work; what it says of it. May be called twice."""
        if self._go < 0:
            return 0
        os.close(self._go)
        self._go = -1
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])


def main(argv: Sequence[str]) -> int:
    """Start `argv` isolated, in this process's place; without words print the proof."""
    try:
        proof = enter()
    except NamespaceError as error:
        print(error, file=sys.stderr)
        return REFUSED
    if not argv:
        print("\n".join(proof))
        return 0
    try:
        os.execvp(argv[0], list(argv))  # noqa: S606 - a program in this place is what is wanted
    except OSError as error:
        print(error.strerror, file=sys.stderr)
        return NOT_STARTED


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
