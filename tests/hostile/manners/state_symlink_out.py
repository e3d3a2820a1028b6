"""Puts a link to a file of the user's home into the place of its job list."""

from __future__ import annotations

import os

from manner_help import cleared_state_files


def misbehave(outside: str, _mark: str) -> None:
    secret = os.path.join(os.path.dirname(outside), "home", "secret.json")
    for path in cleared_state_files():
        os.symlink(secret, path)
    os._exit(0)
