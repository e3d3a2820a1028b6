"""Writes a job list of 200 MB."""

from __future__ import annotations

import os

from manner_help import state_files


def misbehave(_outside: str, _mark: str) -> None:
    for path in state_files():
        with open(path, "w", encoding="utf-8") as file:
            file.write('{"jobs":[{"id":"task-x","a":"')
            file.writelines("x" * 1048576 for _ in range(200))
            file.write('"}]}')
    os._exit(0)
