"""Writes a job list with halves of characters in it, and a file whose name is no text."""

from __future__ import annotations

import os
import sys

from manner_help import state_files, write_state


def misbehave(_outside: str, _mark: str) -> None:
    write_state('{"jobs":[{"id":"task-\\ud800","status":"running","pid":1,"prompt":"\\udfff job=review"}]}')
    if sys.platform != "win32":
        for path in state_files():
            with open(os.path.join(os.fsencode(os.path.dirname(path)), b"bad-\xff-name"), "wb"):
                pass
    os._exit(0)
